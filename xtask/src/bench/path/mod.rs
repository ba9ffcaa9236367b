//! `cargo xtask bench path`: the whole path, from a Modbus register to an MQTT message with a prediction, beside Node-RED.
//!
//! Same registers, same model, same broker, same meter for both; one after the other, round after round. Then how many tags
//! one edge keeps: 100,000 a second over ten devices.

mod rig;
mod site;

use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};

use self::rig::Rig;
use super::process::Usage;
use super::{Bound, Contender, Effort, Figures, Measure, Page, Results, interleave};
use crate::shell::{Stopwatch, say};

const LASTMILE: &str = "lastmile";
const KEEPING: &str = "lastmile, history on";
const NODE_RED: &str = "Node-RED";

/// Blocks of 100 registers, each read once a second: 10,000 tags a second.
const BLOCKS: u32 = 100;
/// Devices of the large case, each with [`BLOCKS`].
const DEVICES: usize = 10;
/// Tags in a block.
const TAGS: f64 = 98.0;

const MEASURES: [Measure; 6] = [
    Measure { key: "tags_s", title: "tags that reached a message, per second", more_is_better: true },
    Measure { key: "cpu", title: "CPU of all its processes, % of a core", more_is_better: false },
    Measure { key: "rss", title: "memory of all its processes (RSS), MB", more_is_better: false },
    Measure { key: "p50", title: "read answered → message, median, ms", more_is_better: false },
    Measure { key: "p99", title: "read answered → message, 99 of 100, ms", more_is_better: false },
    Measure { key: "start", title: "start to first message, s", more_is_better: false },
];

const LARGE: [Measure; 7] = [
    Measure { key: "tags_s", title: "tags read, per second", more_is_better: true },
    Measure { key: "missed", title: "scans missed", more_is_better: false },
    Measure { key: "cpu", title: "CPU, % of a core", more_is_better: false },
    Measure { key: "rss", title: "memory (RSS) at the end, MB", more_is_better: false },
    Measure { key: "peak", title: "memory (RSS) at its highest, MB", more_is_better: false },
    Measure { key: "pss", title: "memory (PSS) at the end, MB", more_is_better: false },
    Measure { key: "first", title: "memory (RSS) when it had taken in its site.toml, MB", more_is_better: false },
];

/// See the module.
pub(super) fn run(effort: Effort) -> Result<bool> {
    let rig = Rig::set_up()?;
    let mut page = Page::new(
        "path",
        effort,
        "The path beside Node-RED",
        "A simulated controller holds 10,000 registers in 100 blocks; every block is read once a second over one Modbus TCP \
         connection. A small network (16 → 32 → 1, ONNX) judges every 16 tags, and each judgement leaves as one MQTT message, \
         600 a second. lastmile runs one deployment that is mapped over 600 places; Node-RED runs a flow of read nodes, one \
         function node with ONNX Runtime and one MQTT node. CPU and memory are those of all processes of a contender; the \
         time counts from the moment the controller answered the read to the moment a subscriber had the message.",
    );
    let results = beside_node_red(&rig, effort)?;
    page.part("10,000 tags a second, 600 predictions a second");
    page.table(&MEASURES, &[LASTMILE, KEEPING, NODE_RED], &results);
    let ratio = |measure, of| results.ratio(measure, of, NODE_RED);
    page.goal("CPU ÷ Node-RED's", ratio("cpu", LASTMILE), Bound::AtMost(0.25));
    page.goal("CPU ÷ Node-RED's, history on", ratio("cpu", KEEPING), Bound::AtMost(0.25));
    page.goal("memory ÷ Node-RED's", ratio("rss", LASTMILE), Bound::AtMost(0.25));
    page.goal("memory ÷ Node-RED's, history on", ratio("rss", KEEPING), Bound::AtMost(0.5));
    page.goal("median time ÷ Node-RED's", ratio("p50", LASTMILE), Bound::AtMost(1.0));
    page.goal("99 of 100 ÷ Node-RED's", ratio("p99", LASTMILE), Bound::AtMost(1.0));
    let large = large(&rig, effort)?;
    page.part("100,000 tags a second over ten devices");
    page.say(
        "No model and no message: what reading and keeping alone cost. The edge was given its site.toml, ended, and was started \
         again, as after any reboot. Node-RED is left out, it does not keep up.",
    );
    page.table(&LARGE, &[LASTMILE, KEEPING], &large);
    for (contender, most) in [(LASTMILE, 150.0), (KEEPING, 300.0)] {
        page.goal(&format!("{contender}: scans missed"), large.spread(contender, "missed"), Bound::AtMost(0.0));
        page.goal(
            &format!("{contender}: memory at its highest, MB"),
            large.spread(contender, "peak"),
            Bound::AtMost(most),
        );
    }
    page.finish()
}

fn beside_node_red(rig: &Rig, effort: Effort) -> Result<Results> {
    let seconds = effort.of(15, 5);
    let mut contenders = [
        Contender::new(LASTMILE, |_| {
            with_messages(rig, seconds, |rig| rig.lastmile(&site::messages(rig, BLOCKS, false)?))
        }),
        Contender::new(KEEPING, |_| {
            with_messages(rig, seconds, |rig| rig.lastmile(&site::messages(rig, BLOCKS, true)?))
        }),
        Contender::new(NODE_RED, |_| with_messages(rig, seconds, |rig| rig.node_red(BLOCKS))),
    ];
    interleave(&mut contenders, effort.rounds)
}

/// A program of ours or theirs that is killed at the end of its run.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        rig::end(&mut self.0);
    }
}

fn with_messages(rig: &Rig, seconds: u64, start: impl FnOnce(&Rig) -> Result<Child>) -> Result<Figures> {
    let _plants = rig.plants(1)?;
    let clock = Stopwatch::start();
    let program = Running(start(rig)?);
    rig::wait_for_message(rig, Duration::from_secs(90))?;
    let first = clock.elapsed();
    // caches, connections and compilers of both sides settle
    sleep(Duration::from_secs(8));
    let before = Usage::of(program.0.id())?;
    let read = rig::measure(rig, seconds)?;
    let after = Usage::of(program.0.id())?;
    ensure!(read.bad == 0, "{} messages were not in the agreed form", read.bad);
    Ok(Figures::from([
        ("tags_s".to_owned(), read.tags_per_s),
        ("cpu".to_owned(), 100.0 * (after.cpu_s - before.cpu_s) / read.seconds),
        ("rss".to_owned(), megabytes(after.rss)),
        ("p50".to_owned(), read.p50_ms),
        ("p99".to_owned(), read.p99_ms),
        ("start".to_owned(), first.as_secs_f64()),
    ]))
}

fn large(rig: &Rig, effort: Effort) -> Result<Results> {
    let seconds = effort.of(60, 10);
    let mut contenders = [
        Contender::new(LASTMILE, |_| keeps_up(rig, seconds, false)),
        Contender::new(KEEPING, |_| keeps_up(rig, seconds, true)),
    ];
    interleave(&mut contenders, effort.rounds.min(3))
}

fn keeps_up(rig: &Rig, seconds: u64, history: bool) -> Result<Figures> {
    let _plants = rig.plants(DEVICES)?;
    let every_tag = DEVICES as f64 * f64::from(BLOCKS) * TAGS;
    let first = Running(rig.lastmile(&site::many(rig, DEVICES, BLOCKS, history)?)?);
    rig.wait_for_samples(every_tag, Duration::from_mins(2))?;
    let starting = Usage::of(first.0.id())?;
    drop(first);
    let program = Running(rig.lastmile_again()?);
    let ready = rig.wait_for_samples(every_tag, Duration::from_mins(2))?;
    sleep(Duration::from_secs(5));
    let counts = || Ok::<_, anyhow::Error>((rig.metric("tag_samples_total")?, rig.metric("scan_missed_total")?));
    let (before, (samples, missed)) = (Usage::of(program.0.id())?, counts()?);
    let mut peak = 0;
    let clock = Stopwatch::start();
    while clock.elapsed() < Duration::from_secs(seconds) {
        sleep(Duration::from_secs(1));
        peak = peak.max(Usage::of(program.0.id())?.rss);
    }
    let (after, (samples_now, missed_now)) = (Usage::of(program.0.id())?, counts()?);
    let took = clock.elapsed().as_secs_f64();
    say(&format!("every tag had been read once {:.1} s after the edge was ready", ready.as_secs_f64()));
    Ok(Figures::from([
        ("tags_s".to_owned(), (samples_now - samples) / took),
        ("missed".to_owned(), missed_now - missed),
        ("cpu".to_owned(), 100.0 * (after.cpu_s - before.cpu_s) / took),
        ("rss".to_owned(), megabytes(after.rss)),
        ("peak".to_owned(), megabytes(peak.max(after.rss))),
        ("pss".to_owned(), megabytes(after.pss)),
        ("first".to_owned(), megabytes(starting.rss)),
    ]))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
