//! The record of changes: whoever alters, removes, moves or cuts is found.

use std::io::Cursor;

use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection};
use state::record::verify_export;
use state::{Act, ChangeFilter, RecordExport};

use crate::bench::{Bench, both, deployment};

async fn exported(bench: &Bench) -> Vec<u8> {
    let mut export = RecordExport::default();
    let mut out = Vec::new();
    while let Some(page) = bench.state.export_page(&mut export).await.unwrap() {
        out.extend(page);
    }
    out
}

#[test]
fn an_export_verifies_without_a_database_and_names_its_head() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let report = verify_export("record.jsonl", Cursor::new(exported(&bench).await)).unwrap();
        let stored = bench.state.verify_chain().await.unwrap().unwrap();
        assert_eq!(report, stored);
        assert_eq!((report.entries, report.node.as_str()), (4, bench.state.node()));
        let newest = bench.state.changes(&ChangeFilter { limit: 1, ..Default::default() }).await.unwrap();
        assert_eq!(newest[0].digest, report.head);
    });
}

#[test]
fn an_entry_holds_references_and_no_names() {
    both(|bench| async move {
        bench.ready().await;
        let export = String::from_utf8(exported(&bench).await).unwrap();
        assert!(!export.contains("anna"), "{export}");
    });
}

#[test]
fn whatever_is_done_to_the_rows_is_found_with_its_number() {
    let cases = [
        ("UPDATE change SET at = at + 1 WHERE number = 2", 2),
        ("UPDATE change SET act = 'deploy' WHERE number = 3", 3),
        ("DELETE FROM change WHERE number = 2", 2),
        ("DELETE FROM change WHERE number = 1", 1),
        ("UPDATE change SET digest = (SELECT digest FROM change WHERE number = 2) WHERE number = 3", 3),
        ("UPDATE change SET entry = (SELECT entry FROM change WHERE number = 2) WHERE number = 3", 3),
    ];
    both(move |bench| async move {
        bench.ready().await;
        let file = format!("sqlite://{}", bench.folder.path().join("state.sqlite").display());
        let url = bench.database.clone().unwrap_or(file);
        for (sql, number) in cases {
            let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
            sqlx::raw_sql("DROP TABLE IF EXISTS safe").execute(&mut connection).await.unwrap();
            sqlx::raw_sql("CREATE TABLE safe AS SELECT * FROM change").execute(&mut connection).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
            let fault = bench.state.verify_chain().await.unwrap().expect_err(sql);
            assert_eq!(fault.number, number, "{sql}: {fault}");
            sqlx::raw_sql("DELETE FROM change").execute(&mut connection).await.unwrap();
            sqlx::raw_sql("INSERT INTO change SELECT * FROM safe").execute(&mut connection).await.unwrap();
            bench.state.verify_chain().await.unwrap().unwrap();
            connection.close().await.unwrap();
        }
    });
}

#[test]
fn a_cut_off_export_is_found() {
    both(|bench| async move {
        bench.ready().await;
        let export = exported(&bench).await;
        let lines: Vec<&[u8]> = export.split_inclusive(|byte| *byte == b'\n').collect();
        let without_end = lines[..lines.len() - 1].concat();
        let problem = verify_export("r", Cursor::new(without_end)).unwrap_err();
        assert!(problem.what.contains("cut off"), "{problem}");
        let without_newest = [&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat().concat();
        assert_eq!(verify_export("r", Cursor::new(without_newest)).unwrap_err().code, "record.broken");
    });
}

/// A small sound export, made once.
fn sound() -> Vec<u8> {
    static EXPORT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let made = EXPORT.get_or_init(|| {
        let made = std::sync::Mutex::new(Vec::new());
        both(|bench| {
            let made = &made;
            async move {
                bench.ready().await;
                *made.lock().unwrap() = exported(&bench).await;
            }
        });
        made.into_inner().unwrap()
    });
    made.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_single_byte_that_is_changed_is_found(place in any::<prop::sample::Index>(), change in 1_u8..=255) {
        let mut export = sound();
        let place = place.index(export.len() - 1); // the last newline may be missing
        export[place] ^= change;
        prop_assert!(verify_export("r", Cursor::new(export)).is_err());
    }

    #[test]
    fn any_two_lines_that_change_places_are_found(a in 0_usize..4, b in 0_usize..4) {
        prop_assume!(a != b);
        let export = sound();
        let mut lines: Vec<&[u8]> = export.split_inclusive(|byte| *byte == b'\n').collect();
        lines.swap(a, b);
        prop_assert!(verify_export("r", Cursor::new(lines.concat())).is_err());
    }
}
