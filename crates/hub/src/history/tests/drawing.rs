//! A trend is what its samples say, bucket by bucket, and its gaps are where they are not.

use std::sync::Arc;

use domain::{Quality, SeriesId, Stream, Timestamp, Value};
use proptest::prelude::*;

use super::ms;
use crate::history::draw::{Drawing, Trend};
use crate::history::row::{Label, Row};
use crate::history::unpack::{Mark, Reason};

fn row(at: Timestamp, value: Option<f64>, quality: Quality) -> Row {
    Row {
        series: SeriesId(1),
        label: Arc::new(Label { tag: "line/tag".parse().unwrap(), unit: String::new() }),
        arrival: at,
        source: None,
        value: value.and_then(Value::from_f64),
        quality,
        stream: Stream::Data,
        epoch: 1,
        number: 1,
    }
}

fn draw(rows: &[Row], from: i64, to: i64, buckets: u32, marks: &[Mark]) -> Trend {
    let mut drawing = Drawing::new(ms(from), ms(to), buckets).unwrap();
    for row in rows {
        drawing.push(row);
    }
    drawing.finish(marks)
}

fn seconds(times: impl IntoIterator<Item = i64>) -> Vec<Row> {
    times.into_iter().map(|at| row(ms(at * 1000), Some(1.0), Quality::GOOD)).collect()
}

proptest! {
    #[test]
    fn each_bucket_says_what_a_plain_look_at_its_samples_says(
        mut times in prop::collection::vec(0..2_000_i64, 0..200),
        values in prop::collection::vec(prop::option::of(-1e6..1e6_f64), 200),
        (from, length) in (0..1_500_i64, 1..1_000_i64),
        buckets in 1..50_u32,
    ) {
        times.sort_unstable();
        let quality = |value: Option<f64>| if value.is_some() { Quality::GOOD } else { Quality::TIMEOUT };
        let rows: Vec<Row> =
            times.iter().zip(&values).map(|(at, value)| row(ms(*at), *value, quality(*value))).collect();
        let trend = draw(&rows, from, from + length, buckets, &[]);
        let width = i64::try_from(trend.width.as_micros()).unwrap();
        prop_assert!(width * i64::from(buckets) >= length * 1000 && (width - 1) * i64::from(buckets) < length * 1000);
        let mut seen = 0;
        for bucket in &trend.buckets {
            let t = bucket.t.micros();
            prop_assert_eq!((t - from * 1000) % width, 0);
            let end = (t + width).min((from + length) * 1000);
            let inside: Vec<&Row> = rows.iter().filter(|row| (t..end).contains(&row.arrival.micros())).collect();
            let numbers: Vec<f64> = inside.iter().filter_map(|row| row.value.as_ref()?.as_f64()).collect();
            prop_assert_eq!(bucket.count, inside.len() as u64);
            prop_assert_eq!(bucket.good, numbers.len() as u64);
            prop_assert_eq!(bucket.worst.is_good(), numbers.len() == inside.len());
            prop_assert_eq!(bucket.min, numbers.iter().copied().reduce(f64::min));
            prop_assert_eq!(bucket.max, numbers.iter().copied().reduce(f64::max));
            let mean = (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64);
            prop_assert_eq!(bucket.mean, mean);
            seen += inside.len();
        }
        let asked = rows.iter().filter(|row| (from..from + length).contains(&row.arrival.millis())).count();
        prop_assert_eq!(seen, asked);
    }
}

#[test]
fn a_pause_of_more_than_three_usual_steps_is_a_gap_and_a_shorter_one_is_none() {
    let rows = seconds((0..100).chain(103..200).chain(300..400));
    let trend = draw(&rows, 0, 400_000, 40, &[]);
    let gaps: Vec<(i64, i64)> = trend.gaps.iter().map(|gap| (gap.from.millis(), gap.to.millis())).collect();
    assert_eq!(gaps, [(99_000, 103_000), (199_000, 300_000)]);
    let trend = draw(&seconds((0..100).chain(102..200)), 0, 200_000, 40, &[]);
    assert_eq!(trend.gaps, []);
}

#[test]
fn nothing_at_all_is_one_gap_over_what_was_asked() {
    let trend = draw(&[], 0, 100_000, 10, &[]);
    assert_eq!((trend.buckets.len(), trend.gaps.len()), (0, 1));
    assert_eq!((trend.gaps[0].from, trend.gaps[0].to, trend.gaps[0].reason), (ms(0), ms(100_000), None));
    assert!(Drawing::new(ms(5), ms(5), 10).is_none() && Drawing::new(ms(0), ms(5), 0).is_none());
}

#[test]
fn a_gap_has_the_reason_that_covers_most_of_it_and_a_point_in_it_is_better_than_nothing() {
    let mark = |from, to, reason| Mark { from: ms(from), to: ms(to), reason };
    let rows = seconds((0..10).chain(60..70));
    let reason = |marks: &[Mark]| draw(&rows, 0, 70_000, 7, marks).gaps[0].reason;
    assert_eq!(reason(&[]), None);
    assert_eq!(reason(&[mark(0, 5_000, Reason::DiskFull)]), None, "it is over before the gap");
    assert_eq!(reason(&[mark(60_000, 60_000, Reason::Restored)]), Some(Reason::Restored));
    let marks = [
        mark(9_000, 20_000, Reason::DiskFull),
        mark(20_000, 60_000, Reason::Damaged),
        mark(30_000, 30_000, Reason::Released),
    ];
    assert_eq!(reason(&marks), Some(Reason::Damaged));
}
