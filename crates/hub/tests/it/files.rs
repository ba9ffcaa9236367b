//! Files of samples where they are kept, a folder and a bucket, and read by those who do not know us.

use std::io::Write;
use std::sync::Arc;

use domain::{Id, Quality, SeriesId, Stream, Timestamp, Value};
use hub::history::day::Day;
use hub::history::file::{File, Rows, Writer};
use hub::history::objects::Objects;
use hub::history::row::{Label, Row, Wanted};
use parquet::file::reader::ChunkReader;
use serde_json::json;
use testkit::peer::Peer;

fn edge() -> Id {
    Id::from_bytes([7; 16])
}

fn row(series: u32, at: i64, value: Option<Value>) -> Row {
    let unit = if series == 1 { "Cel" } else { "" };
    Row {
        series: SeriesId(series),
        label: Arc::new(Label { tag: format!("line/{series}").parse().unwrap(), unit: unit.to_owned() }),
        arrival: Timestamp::from_millis(at),
        source: (at % 2 == 0).then_some(Timestamp::from_micros(at)),
        quality: if value.is_some() { Quality::GOOD } else { Quality::TIMEOUT },
        value,
        stream: Stream::Data,
        epoch: u64::MAX,
        number: u64::try_from(at).unwrap(),
    }
}

fn rows() -> Vec<Row> {
    let text = |text: &str| domain::Text::new(text).map(Value::Text);
    let values = [
        Value::from_f64(-2.5),
        Some(Value::Bool(true)),
        Some(Value::I64(i64::MIN)),
        Some(Value::U64(u64::MAX)),
        text("grün"),
        None,
    ];
    let of = |series| (1..).zip(&values).map(move |(at, value)| row(series, at, value.clone()));
    (1..3).flat_map(of).collect()
}

fn write(rows: &[Row], mut out: impl Write + Send) {
    let mut writer = Writer::new(&mut out, edge(), Day(3)).unwrap();
    for row in rows {
        writer.push(row.clone()).unwrap();
    }
    writer.finish().unwrap();
}

/// Puts, reads in ranges, lists and deletes.
async fn keeps_objects(objects: &Objects) {
    let rows = rows();
    let file = tempfile::tempfile().unwrap();
    write(&rows, &file);
    let (name, bytes) = objects.put(edge(), Day(3), file.try_clone().unwrap()).await.unwrap();
    assert_eq!(objects.put(edge(), Day(3), file).await.unwrap(), (name.clone(), bytes), "once more changes nothing");
    assert!(name.starts_with("edges/07070707-0707-0707-0707-070707070707/1970-01-04/"), "{name}");
    let object = objects.open(&name, bytes);
    let read = tokio::task::spawn_blocking(move || {
        Rows::of(Arc::new(File::open(object).unwrap()), Wanted::ALL).collect::<Result<Vec<_>, _>>().unwrap()
    });
    assert_eq!(read.await.unwrap(), rows);

    // larger than what goes in one request, and than what is read in one
    let large: Vec<u8> = (0..20_000_003_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&large).unwrap();
    let (large_name, bytes) = objects.put(edge(), Day(4), file).await.unwrap();
    assert_eq!(bytes, large.len() as u64);
    let object = objects.open(&large_name, bytes);
    let read = tokio::task::spawn_blocking(move || {
        for (start, length) in [(0, 10), (19_999_000, 1_003), (8_388_600, 5_000_000), (8_388_601, 1), (20_000_003, 0)] {
            assert_eq!(object.get_bytes(start as u64, length).unwrap(), large[start..start + length]);
        }
        object.get_bytes(20_000_000, 4).unwrap_err();
    });
    read.await.unwrap();

    let mut found = Vec::new();
    objects.list(edge(), |one| found.push(one.name)).await.unwrap();
    found.sort();
    assert_eq!(found, [name.clone(), large_name.clone()]);
    objects.delete(&name).await.unwrap();
    objects.delete(&name).await.unwrap();
    objects.delete(&large_name).await.unwrap();
    objects.list(edge(), |one| panic!("{one:?} is still there")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_objects() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a/b");
    keeps_objects(&Objects::at(place.to_str().unwrap()).unwrap()).await;
    keeps_objects(&Objects::at(&format!("file://{}", place.display())).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_objects() {
    let server = Peer::python("s3/server.py", &[]).await.unwrap();
    let endpoint = format!("http://{}", server.addr().unwrap());
    keeps_objects(&Objects::s3(&endpoint, "samples", "plants/north", ("key", "secret")).unwrap()).await;
}

#[test]
fn a_place_that_is_neither_a_folder_nor_a_bucket_is_refused() {
    for place in ["ftp://x/y", "s3://"] {
        assert!(Objects::at(place).unwrap_err().to_string().contains(place));
    }
}

#[tokio::test]
async fn a_data_scientist_reads_values_times_and_units_without_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.parquet");
    write(&rows(), std::fs::File::create(&path).unwrap());
    let reader = Peer::python("parquet/read.py", &[path.to_str().unwrap()]).await.unwrap();
    let said = &reader.ready;
    let types = [
        ("series", "uint32"),
        ("tag", "string"),
        ("unit", "string"),
        ("arrival", "timestamp[us, tz=UTC]"),
        ("source", "timestamp[us, tz=UTC]"),
        ("value_bool", "bool"),
        ("value_i64", "int64"),
        ("value_u64", "uint64"),
        ("value_f64", "double"),
        ("value_text", "string"),
        ("quality", "uint32"),
        ("stream", "string"),
        ("epoch", "uint64"),
        ("number", "uint64"),
    ];
    for (column, expected) in types {
        assert_eq!(said["schema"][column], expected, "{column}");
    }
    assert_eq!(said["metadata"]["lastmile.edge"], edge().to_string());
    assert_eq!(said["metadata"]["lastmile.day"], "1970-01-04");
    assert_eq!(said["groups"], json!([{"rows": 12, "series": [1, 2]}]));
    let rows = said["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    let expected = json!({
        "series": 1, "tag": "line/1", "unit": "Cel", "arrival": 4_000, "source": 4, "value_bool": null,
        "value_i64": null, "value_u64": u64::MAX, "value_f64": null, "value_text": null, "quality": 0,
        "stream": "data", "epoch": u64::MAX, "number": 4,
    });
    assert_eq!(rows[3], expected);
    assert_eq!(rows[0]["value_f64"], -2.5);
    assert_eq!(rows[4]["value_text"], "grün");
    assert_eq!(rows[5]["quality"], Quality::TIMEOUT.code());
}
