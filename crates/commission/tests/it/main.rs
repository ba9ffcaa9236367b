//! The device verbs against pymodbus.

use anyhow::{Context, Result};
use commission::{Against, Change, Reader, TagDraft, browse, check, check_tags, prepare_write, read};
use domain::{Timestamp, Value};
use serde_json::json;
use testkit::Peer;

async fn peer() -> Result<(Peer, String)> {
    let peer = Peer::python("modbus/server.py", &["tcp"]).await?;
    let url = format!("modbus-tcp://{}/1", peer.addr()?);
    Ok((peer, url))
}

fn words(addresses: &[&str]) -> Vec<String> {
    addresses.iter().map(|&address| address.to_owned()).collect()
}

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

#[tokio::test]
async fn a_check_says_reachable_who_and_how_fast() -> Result<()> {
    let (_peer, url) = peer().await?;
    let found = check(&url, &words(&["holding:5"])).await?;
    assert!(found.is_ok(), "{:?}", found.problems);
    assert!(found.reachable && found.answers && found.connect_ms.is_some());
    assert_eq!(found.identity.context("it tells")?.vendor.as_deref(), Some("pymodbus"));
    let speed = found.answer.context("it was measured")?;
    assert!(speed.fastest_ms <= speed.median_ms && speed.median_ms <= speed.slowest_ms);
    let scan = found.scan.context("with addresses it says what a scan takes")?;
    assert!(scan.measured && scan.requests == 1 && scan.baud.is_none(), "{scan:?}");
    Ok(())
}

#[tokio::test]
async fn a_scan_of_a_serial_line_is_computed_before_anything_is_connected() -> Result<()> {
    let found = check("modbus-rtu:///dev/no-such-port?baud=9600", &words(&["holding:0:float32", "holding:20"])).await?;
    let scan = found.scan.context("the line's speed is in the URL")?;
    assert_eq!((scan.requests, scan.measured, scan.baud), (2, false, Some(9600)));
    // by hand: 2 × (13 characters of 11 bits, 10 ms for the unit, 4.01 ms of silence) and 6 bytes of data
    assert!((scan.takes_ms - 64.69).abs() < 0.1, "{scan:?}");
    Ok(())
}

#[tokio::test]
async fn a_check_of_nothing_says_what_to_do() -> Result<()> {
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let found = check(&format!("modbus-tcp://{free}/1"), &[]).await?;
    assert!(!found.reachable);
    assert_eq!(found.problems.0[0].code, "device.connect-failed");
    assert!(check("modbus-tcp://:x/999", &[]).await.is_err_and(|problems| problems.0.len() == 3));
    Ok(())
}

#[tokio::test]
async fn reading_prints_one_line_per_address_in_order() -> Result<()> {
    let (_peer, url) = peer().await?;
    let lines = read(&url, &words(&["40101", "holding:4500", "coil:1"]), NOW).await?;
    assert_eq!(
        serde_json::to_value(&lines)?,
        json!([
            { "address": "40101", "value": 100, "type": "uint16", "quality": "Good", "time": NOW.micros() },
            { "address": "holding:4500", "value": null, "type": "uint16", "quality": "BadNodeIdUnknown", "time": NOW.micros() },
            { "address": "coil:1", "value": false, "type": "bool", "quality": "Good", "time": NOW.micros() },
        ])
    );
    let wrong = read(&url, &words(&["holding:x", "40101", "coil:1:int16"]), NOW).await.expect_err("two are wrong");
    assert_eq!(wrong.0.len(), 2, "{wrong}");
    Ok(())
}

#[tokio::test]
async fn a_watch_goes_on_after_the_device_was_away() -> Result<()> {
    let peer = Peer::python("modbus/server.py", &["tcp"]).await?;
    let link = testkit::FaultyLink::to(peer.addr()?).await?;
    let mut reader = Reader::open(&format!("modbus-tcp://{}/1", link.addr()), &words(&["holding:7"])).await?;
    assert_eq!(reader.read(NOW).await?[0].value, Some(Value::U64(7)));
    link.cut();
    while reader.read(NOW).await.is_ok() {}
    assert_eq!(reader.read(NOW).await?[0].value, Some(Value::U64(7)));
    reader.close().await;
    Ok(())
}

#[tokio::test]
async fn browsing_modbus_says_that_it_cannot_and_tries_only_what_was_named() -> Result<()> {
    let (_peer, url) = peer().await?;
    let nothing = browse(&url, &[], NOW).await?;
    assert!(!nothing.can_browse && nothing.found.is_empty());
    assert!(nothing.words.contains("no list"));
    let named = browse(&url, &words(&["holding:7", "holding:4500"]), NOW).await?;
    assert_eq!(named.found.iter().map(|line| line.quality).collect::<Vec<_>>(), ["Good", "BadNodeIdUnknown"]);
    Ok(())
}

#[tokio::test]
async fn a_write_shows_old_and_new_and_is_read_back() -> Result<()> {
    let (_peer, url) = peer().await?;
    let prepared = prepare_write(&url, "holding:8000:float32:cdab", "2.7").await?;
    assert_eq!(prepared.old, Value::from_f64(0.0));
    let untouched = read(&url, &words(&["holding:8000:float32:cdab"]), NOW).await?;
    assert_eq!(untouched[0].value, Value::from_f64(0.0), "preparing writes nothing");
    let written = prepared.write().await?;
    assert_eq!(written.new, Value::from_f64(2.7).context("a number")?);
    let back = written.read_back.and_then(|value| value.as_f64()).context("a number")?;
    assert!((back - 2.7).abs() < 1e-6);
    Ok(())
}

#[tokio::test]
async fn what_must_not_be_written_is_refused_before_anything_is_sent() -> Result<()> {
    let refusals = [
        ("modbus-tcp://10.20.2.17:502/1", "holding:1", "5", "write.no-guard"),
        ("modbus-rtu:///dev/ttyS0", "holding:1", "5", "write.no-guard"),
        ("modbus-tcp://127.0.0.1:1/1", "input:1", "5", "address.not-writable"),
        ("modbus-tcp://127.0.0.1:1/1", "holding:1", "-5", "value.malformed"),
        ("modbus-tcp://127.0.0.1:1/1", "coil:1", "2", "value.malformed"),
    ];
    for (url, address, value, code) in refusals {
        let problems = prepare_write(url, address, value).await.err().context("it is refused")?;
        assert_eq!(problems.0[0].code, code, "{url} {address} {value}");
    }
    let both = prepare_write("modbus-tcp://10.20.2.17:502/1", "input:1", "5").await.err().context("refused")?;
    assert_eq!(both.0.len(), 2, "all problems at once");
    Ok(())
}

/// Every number of two or four registers that pymodbus holds, read in each wrong order: the right one is offered, with
/// the value that Python packed.
#[tokio::test]
async fn the_right_word_order_is_found_for_every_type_that_python_packs() -> Result<()> {
    let (peer, url) = peer().await?;
    let expected = peer.ready["expected"].as_object().context("the peer says what to expect")?;
    let numbers = expected.iter().filter_map(|(address, value)| {
        let value = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
        let right: drivers::modbus::Address = address.parse().ok()?;
        (right.kind.count() > 1 && (1e-20..1e20).contains(&value.abs())).then_some((right, value))
    });
    let (mut tags, mut wanted) = (Vec::new(), Vec::new());
    for (right, value) in numbers {
        for order in ["abcd", "cdab", "badc", "dcba"] {
            let typed = right.type_name();
            let (name, present) = typed.split_once(' ').context("a name and an order")?;
            if present == order || !name.contains(['3', '6']) || name.starts_with("bcd") {
                continue;
            }
            let address = format!("holding:{}:{name}:{order}", right.offset);
            let slack = value.abs() * 1e-6;
            tags.push(TagDraft {
                name: format!("t{}", tags.len()),
                address,
                range: Some([value - slack, value + slack]),
                ..TagDraft::default()
            });
            wanted.push((right.to_string(), value));
        }
    }
    let addresses: Vec<String> = tags.iter().map(|tag| tag.address.clone()).collect();
    for (tag, line) in tags.iter_mut().zip(read(&url, &addresses, NOW).await?) {
        tag.value = line.value;
    }
    let findings = check_tags(&tags, &Against { device: "plc", url: &url, site: None });
    let mut offered = 0;
    for (index, tag) in tags.iter().enumerate().filter(|(_, tag)| tag.value.is_some()) {
        let (right, value) = &wanted[index];
        let Some(finding) = findings.iter().find(|one| one.tag == index && one.code == "tag.value-outside") else {
            // a palindrome reads the same in another order
            let read = tag.value.as_ref().and_then(Value::as_f64).context("a number")?;
            assert!((read - value).abs() <= value.abs() * 1e-6, "{tag:?} is not {value}");
            continue;
        };
        let fits = finding.fixes.iter().find(|fix| match &fix.change {
            Change::WordOrder { address, .. } => address == right,
            _ => false,
        });
        let fits = fits.with_context(|| format!("{tag:?}: {finding:?}"))?;
        assert!(
            fits.fits && fits.becomes.is_some_and(|read| (read - value).abs() <= value.abs() * 1e-6),
            "{tag:?}: {fits:?}"
        );
        offered += 1;
    }
    assert!(offered > 60, "{offered} of {} wrong orders", tags.len());
    Ok(())
}
