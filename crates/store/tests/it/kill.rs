//! `kill -9` of a real process on a real disk, again and again, at random moments.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use store::{Retention, Store};

use crate::support::{at, group, open, scan};

/// The folder of the child that is to be killed.
const DIR: &str = "LASTMILE_STORE_KILL_DIR";
/// How often; the long form (`cargo xtask bench crash`) sets it to 100.
const ROUNDS: &str = "LASTMILE_STORE_KILL_ROUNDS";
const GROUPS: u32 = 5;

/// Not a test of its own: the process that the test below starts and kills. It appends second after second, tells each
/// acknowledged one, and seals and trims as an edge does.
#[test]
fn child_appends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (store, _) = open(Path::new(&dir), 0);
    let (group, series) = group(&store, 8);
    let newest = store.latest_before(series[0], at(i64::MAX / 4_000_000)).unwrap();
    let mut second = newest.map_or(0, |sample| (sample.arrival.micros() - at(0).micros()) / 1_000_000 + 1);
    let stdout = std::io::stdout();
    loop {
        let values: Vec<f64> =
            (0..8).map(|n| f64::from(u32::try_from(second * 31 + n).unwrap() % 4096) * 0.1).collect();
        let batch: Vec<_> = (0..GROUPS).map(|_| scan(group, second * 1000, &values)).collect();
        store.append(&batch).unwrap();
        writeln!(stdout.lock(), "acknowledged {second}").unwrap();
        stdout.lock().flush().unwrap();
        if second % 7 == 0 {
            store.seal_all(at(second * 1000)).unwrap();
        }
        if second % 50 == 0 {
            let policy = Retention { keep: std::time::Duration::from_hours(1_000), max_bytes: u64::MAX };
            store.retain(at(second * 1000), &policy).unwrap();
        }
        second += 1;
    }
}

/// Starts the child and kills it after `lines` acknowledged seconds. Gives the last one that was told.
fn run_and_kill(dir: &Path, lines: usize) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child_appends_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let second = |line: &str| line.rsplit_once("acknowledged ").and_then(|(_, second)| second.parse::<i64>().ok());
    let mut told = -1;
    for line in output.by_ref().map_while(Result::ok).filter_map(|line| second(&line)).take(lines) {
        told = line;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // what it still told before it was gone counts as well
    output.map_while(Result::ok).filter_map(|line| second(&line)).last().unwrap_or(told)
}

fn seconds_of(store: &Store) -> Vec<i64> {
    let (_, series) = group(store, 8);
    let samples = store.samples(&series[..1], at(-1), at(i64::MAX / 4_000_000));
    samples.map(|sample| (sample.unwrap().arrival.micros() - at(0).micros()) / 1_000_000).collect()
}

#[test]
fn after_kill_9_every_acknowledged_second_is_there_once() {
    let rounds: usize = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(8);
    let dir = tempfile::tempdir().unwrap();
    let mut untold = Vec::new();
    for round in 0..rounds {
        let told = run_and_kill(dir.path(), 1 + round * 37 % 83);
        let (store, report) = open(dir.path(), 0);
        assert_eq!((report.damaged, report.quarantined.clone()), (0, None), "{report:?}");
        let found = seconds_of(&store);
        let times = |second: i64| found.iter().filter(|found| **found == second).count();
        for second in (0..=told).filter(|second| !untold.contains(second)) {
            assert_eq!(times(second), GROUPS as usize, "second {second} of {told} in round {round}");
        }
        // one commit may have reached the disk, whole or not, without having been told
        untold.push(told + 1);
        assert!(found.iter().all(|second| *second <= told + 1), "more than was ever appended");
    }
}

#[test]
fn two_programs_cannot_open_one_store() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, _) = open(dir.path(), 0);
    let refused = Store::open(crate::support::options(dir.path()), at(0)).unwrap_err();
    assert_eq!(refused.code, "store.in-use");
}
