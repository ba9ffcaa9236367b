//! `cargo xtask bench crash`: the long form of the store's crash tests, and how long it takes to open what a crash left.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::programs::example;
use super::{Bound, Contender, Effort, Measure, Page, figures_of, interleave};
use crate::paths;
use crate::shell::{Stopwatch, cargo, run, run_logged, say};

const STORE: &str = "the store";
const TAIL: [Measure; 4] = [
    Measure { key: "hours", title: "hours of log that nobody has read yet", more_is_better: true },
    Measure { key: "log_mb", title: "its size, MB", more_is_better: false },
    Measure { key: "tail_scans", title: "scans in it that are not in chunks yet", more_is_better: false },
    Measure { key: "open_ms", title: "opening, ms", more_is_better: false },
];

pub(super) fn bench(effort: Effort) -> Result<bool> {
    let (kills, cuts, hours) = effort.of((100, 4000, 3), (8, 400, 0));
    let mut page = Page::new(
        "crash",
        effort,
        "Crashes, measured",
        "The store's own tests, more often than a test run does them; a failure ends this command. And a store of 10,000 tags \
         once a second whose log somebody holds for hours, opened again.",
    );
    page.part("Tests");
    for (name, what, often) in [
        (
            "kill::",
            "`kill -9` of a process that appends, seals and trims: every acknowledged second is there once",
            kills,
        ),
        (
            "power::",
            "modelled power cuts and failing writes, each in two ways: every acknowledged scan is there once",
            cuts,
        ),
        ("damage::", "flipped bits in every kind of file: found, counted, told, and the rest is served", 1),
    ] {
        say(&format!("{what}: {often} …"));
        let clock = Stopwatch::start();
        let mut tests = cargo();
        tests.args(["test", "--package", "store", "--test", "it", name]);
        tests.env("LASTMILE_STORE_KILL_ROUNDS", kills.to_string());
        tests.env("LASTMILE_STORE_POWER_CUTS", cuts.to_string());
        run_logged(&format!("bench-crash-{}", name.trim_end_matches(':')), what, &mut tests)?;
        let times = if often == 1 { String::new() } else { format!(" {often} times,") };
        page.say(&format!("- {what}:{times} passed in {}", clock.text()));
    }
    page.part("Opening");
    let ours = example("store", "bench")?;
    let folder = paths::scratch().join("bench-crash");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder)?;
    let plant = folder.join("plant");
    let seconds = effort.of("900", "120");
    run(Command::new(&ours).arg("plant").arg(&plant).args(["doubles", "100", "100", seconds]))?;
    let open = |_| {
        let dir = folder.join("run");
        let figures = figures_of(Command::new(&ours).arg("tail").arg(&plant).arg(&dir).arg(hours.max(1).to_string()));
        fs::remove_dir_all(&dir)?;
        figures
    };
    let rounds = effort.rounds.min(3);
    let results = interleave(&mut [Contender::new(STORE, open)], rounds)?;
    page.table(&TAIL, &[STORE], &results);
    page.goal("opening, ms", results.spread(STORE, "open_ms"), Bound::AtMost(2000.0));
    page.goal("damaged places", results.spread(STORE, "damaged"), Bound::AtMost(0.0));
    fs::remove_dir_all(&folder)?;
    page.finish()
}
