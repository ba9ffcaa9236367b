//! `cargo xtask bench store`: the log and history beside a bare fjall + pco loop and what plants store samples in today.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::programs::{example, python_peer, rust_peer};
use super::{Bound, Contender, Effort, Figures, Measure, Page, Results, figures_of, interleave};
use crate::paths;
use crate::setup;
use crate::shell::{run, say};

const OURS: &str = "lastmile";
const BARE: &str = "fjall + pco";
const PEERS: [(&str, &str); 3] = [("InfluxDB 1.6", "influx"), ("SQLite rows", "sqlite"), ("Parquet", "parquet")];

const INGEST: [Measure; 7] = [
    Measure { key: "per_cpu_second", title: "samples per second of processor time", more_is_better: true },
    Measure { key: "per_second", title: "samples per second", more_is_better: true },
    Measure { key: "written", title: "bytes written per sample", more_is_better: false },
    Measure { key: "stored", title: "bytes kept per sample", more_is_better: false },
    Measure { key: "rss_mb", title: "memory at the end, MB", more_is_better: false },
    Measure { key: "open_ms", title: "opening with the tail of the log, ms", more_is_better: false },
    Measure { key: "worst_second_ms", title: "slowest second, ms", more_is_better: false },
];
const WEEK: [Measure; 4] = [
    Measure { key: "stored", title: "bytes kept per sample", more_is_better: false },
    Measure { key: "week_ms", title: "7 days of one tag in 1,000 buckets, ms", more_is_better: false },
    Measure { key: "day_ms", title: "24 hours of one tag in 1,000 buckets, ms", more_is_better: false },
    Measure { key: "ten_ms", title: "10 minutes of 16 tags, ms", more_is_better: false },
];
const TAIL: [Measure; 2] = [
    Measure {
        key: "tail_ms",
        title: "10 minutes of 16 tags of 16 groups, nothing of it sealed, ms",
        more_is_better: false,
    },
    Measure { key: "tail_opened_ms", title: "the same right after opening, ms", more_is_better: false },
];
/// How analog inputs come: the bench's word, and a sentence.
const GIVEN: [(&str, &str); 4] = [
    ("counts", "raw counts under a scale that the store knows"),
    ("singles", "single-precision numbers without a scale"),
    ("doubles", "double-precision numbers without a scale"),
    ("noise", "single-precision numbers with noise in every bit"),
];

/// The programs, and where everything lies meanwhile.
struct Bench {
    ours: PathBuf,
    bare: PathBuf,
    folder: PathBuf,
    effort: Effort,
}

pub(super) fn bench(effort: Effort) -> Result<bool> {
    setup::for_bench(&[("influxdb", "/usr/bin/influxd")])?;
    setup::python_peers()?;
    let folder = paths::scratch().join("bench-store");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder)?;
    let bench = Bench { ours: example("store", "bench")?, bare: rust_peer("fjall-pco")?, folder, effort };
    let mut page = Page::new(
        "store",
        effort,
        "The store, measured",
        "10,000 tags in 100 groups, once a second: 60 % noisy analog inputs of 12 bits, 15 % set-points, 15 % bits, 9.5 % \
         counters, 0.5 % texts; scans arrive up to 3 ms late, times are kept in ms. All contenders read the same file of \
         samples. Processor time counts all threads; bytes written are what the kernel sent to the disk. lastmile and fjall \
         run once more behind the end until everything is in chunks, and that counts.",
    );
    let met = bench.ingest(&mut page).and_then(|()| bench.peers(&mut page)).and_then(|()| page.finish());
    drop(fs::remove_dir_all(&bench.folder));
    met
}

impl Bench {
    /// Every way in which analog inputs come, beside the bare loop.
    fn ingest(&self, page: &mut Page) -> Result<()> {
        let seconds = self.effort.of(900, 120);
        page.part("Writing");
        page.say(&format!(
            "{seconds} seconds of plant, one synced commit a second, sealing a little at a time as an edge does."
        ));
        for (given, words) in GIVEN {
            let plant = self.plant(given, 100, 100, seconds)?;
            let results = interleave(
                &mut [
                    Contender::new(OURS, |_| self.in_folder(|dir| self.ours("ingest", &plant, dir))),
                    Contender::new(BARE, |_| {
                        self.in_folder(|dir| figures_of(Command::new(&self.bare).arg(&plant).arg(dir)))
                    }),
                ],
                self.effort.rounds,
            )?;
            page.say(&format!("Analog inputs come as {words}:"));
            page.table(&INGEST, &[OURS, BARE], &results);
            let ratio = results.ratio("per_cpu_second", OURS, BARE);
            page.goal(&format!("{given}: samples per processor second, ratio to {BARE}"), ratio, Bound::AtLeast(0.9));
            let ours = |measure| results.spread(OURS, measure);
            page.goal(&format!("{given}: bytes written per sample"), ours("written"), Bound::AtMost(4.0));
            page.goal(&format!("{given}: bytes kept per sample"), ours("stored"), Bound::AtMost(1.2));
            if seconds > 600 {
                page.goal(
                    &format!("{given}: 10 minutes of 16 unsealed groups, ms"),
                    ours("tail_ms"),
                    Bound::AtMost(2.0),
                );
            }
            page.goal(&format!("{given}: opening, ms"), ours("open_ms"), Bound::AtMost(2000.0));
            page.table(&TAIL, &[OURS], &results);
            fs::remove_file(&plant)?;
        }
        Ok(())
    }

    fn peers(&self, page: &mut Page) -> Result<()> {
        let names: Vec<&str> = std::iter::once(OURS).chain(PEERS.map(|(name, _)| name)).collect();
        // as long as above, since a store that seals by the quarter of an hour keeps little of two minutes; a fifth of the
        // tags, since rows in SQLite would take an hour otherwise
        let seconds = self.effort.of(900, 10);
        page.part("Beside what plants use today: writing");
        page.say(&format!(
            "2,000 tags of such a plant in 20 groups for {seconds} seconds, double precision. Every second is made durable: Parquet writes a synced file for it and \
             every minute makes one file of them. Of InfluxDB and SQLite only the \
             engine's work counts, not that of the client which makes its lines and rows."
        ));
        let plant = self.plant("doubles", 20, 100, seconds)?;
        let results = self.all("ingest", &plant, self.effort.rounds)?;
        page.table(&INGEST[..4], &names, &results);
        first(page, &INGEST[..4], &results);
        fs::remove_file(&plant)?;

        let days = self.effort.of(7, 1);
        page.part("Beside what plants use today: reading");
        page.say(&format!(
            "16 tags once a second for {days} days, loaded in bulk, then each question asked 21 times; shown is the \
             median. Not counted in what lastmile keeps: the last file of its log, 8 MiB at most whatever the plant."
        ));
        let plant = self.plant("doubles", 1, 16, days * 86_400)?;
        let results = self.all("week", &plant, 1)?;
        page.table(&WEEK, &names, &results);
        first(page, &WEEK, &results);
        page.goal("7 days of one tag, ms", results.spread(OURS, "week_ms"), Bound::AtMost(30.0));
        fs::remove_file(&plant)?;
        Ok(())
    }

    /// lastmile and every peer.
    fn all(&self, what: &str, plant: &Path, rounds: usize) -> Result<Results> {
        let mut contenders = vec![Contender::new(OURS, |_| self.in_folder(|dir| self.ours(what, plant, dir)))];
        for (name, word) in PEERS {
            contenders.push(Contender::new(name, move |_| {
                self.in_folder(|dir| {
                    let mut peer = Command::new(paths::python());
                    figures_of(peer.arg(python_peer("stores.py")).args([word, what]).arg(plant).arg(dir))
                })
            }));
        }
        interleave(&mut contenders, rounds)
    }

    fn ours(&self, what: &str, plant: &Path, dir: &Path) -> Result<Figures> {
        figures_of(Command::new(&self.ours).arg(what).arg(plant).arg(dir))
    }

    /// Makes a plant file, the same every time.
    fn plant(&self, given: &str, groups: u32, width: u32, seconds: u32) -> Result<PathBuf> {
        let file = self.folder.join("plant");
        say(&format!("making {seconds} s of a plant of {} tags ({given}) …", groups * width));
        let numbers = [groups, width, seconds].map(|number| number.to_string());
        run(Command::new(&self.ours).arg("plant").arg(&file).arg(given).args(numbers))?;
        Ok(file)
    }

    /// A folder for one run.
    fn in_folder(&self, work: impl FnOnce(&Path) -> Result<Figures>) -> Result<Figures> {
        let dir = self.folder.join("run");
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let figures = work(&dir);
        fs::remove_dir_all(&dir)?;
        figures
    }
}

/// A goal per row: lastmile is first.
fn first(page: &mut Page, measures: &[Measure], results: &Results) {
    for measure in measures {
        let ratios = PEERS.iter().filter_map(|(name, _)| results.ratio(measure.key, OURS, name));
        let (worst, bound) = if measure.more_is_better {
            (ratios.min_by(|a, b| a.median.total_cmp(&b.median)), Bound::AtLeast(1.0))
        } else {
            (ratios.max_by(|a, b| a.median.total_cmp(&b.median)), Bound::AtMost(1.0))
        };
        page.goal(&format!("{}: ratio to the best peer", measure.title), worst, bound);
    }
}
