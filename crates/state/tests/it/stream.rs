//! The streams `change` and `alarm` as they go to a hub.

use state::record::{ChainReport, verify_export};
use state::{RecordExport, StreamName};

use crate::bench::{advisory, both};

#[test]
fn a_record_of_change_is_what_the_export_says_of_it() {
    both(|bench| async move {
        bench.ready().await;
        let tip = bench.state.stream_tip(StreamName::Change).await.unwrap();
        assert!(tip >= 2, "{tip}");
        let (mut export, mut text) = (RecordExport::default(), Vec::new());
        while let Some(page) = bench.state.export_page(&mut export).await.unwrap() {
            text.extend(page);
        }
        let report: ChainReport = verify_export("export", text.as_slice()).unwrap();
        assert_eq!(report.entries, tip);
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
        let all: Vec<_> = (1..=tip).zip(lines).collect();
        assert_eq!(bench.state.stream_records(StreamName::Change, 1, i64::MAX).await.unwrap(), all);
        assert_eq!(bench.state.stream_records(StreamName::Change, 2, 1).await.unwrap(), all[1..2]);
        assert!(bench.state.stream_records(StreamName::Change, tip + 1, 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_record_of_alarm_has_the_same_bytes_after_its_advisory_changed_and_after_a_restart() {
    both(|bench| async move {
        let raised = advisory(&bench, "line-2/pump-7");
        bench.state.raise_advisory(&raised).await.unwrap();
        let before = bench.state.stream_records(StreamName::Alarm, 1, 10).await.unwrap();
        let cleared_at = bench.now();
        bench.state.clear_advisory(raised.id, cleared_at, "Back to \"normal\".").await.unwrap();
        let bench = bench.reopen().await;
        let after = bench.state.stream_records(StreamName::Alarm, 1, 10).await.unwrap();
        assert_eq!(bench.state.stream_tip(StreamName::Alarm).await.unwrap(), 2);
        assert_eq!((before.len(), after.len()), (1, 2));
        assert_eq!(before[0], after[0]);
        let (id, at) = (raised.id, cleared_at.micros());
        let cleared = format!(
            r#"{{"v":1,"number":2,"at":{at},"kind":"clear","advisory":"{id}","body":{{"reason":"Back to \"normal\"."}}}}"#
        );
        assert_eq!(String::from_utf8(after[1].1.clone()).unwrap(), cleared);
        let first: serde_json::Value = serde_json::from_slice(&after[0].1).unwrap();
        assert_eq!((first["kind"].as_str(), first["number"].as_i64()), (Some("raise"), Some(1)));
        assert_eq!(first["body"], serde_json::to_value(&raised).unwrap());
    });
}
