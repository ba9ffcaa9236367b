//! Replies that come late: whatever the transport, no value is ever taken for another's. Each register holds its own
//! address, so that every sample says where it really came from.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Program, Sample, eventually, say};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::sleep;

const SOON: Duration = Duration::from_mins(1);
const LOAD: Duration = Duration::from_secs(25);
/// A unit that is only probed is asked at least every ten seconds.
const RECOVERS: Duration = Duration::from_mins(3);
/// Blocks of ten registers far from each other: replies that look alike, but are not.
const BLOCKS: [u16; 4] = [0, 100, 200, 300];
/// Units behind one gateway, and what their registers are shifted by.
const UNITS: [(u16, u16); 2] = [(1, 0), (7, 20_000)];
const TRANSPORTS: [&str; 3] = ["modbus-tcp", "modbus-rtu-tcp", "modbus-rtu"];

/// A server, the proxy before it, and for the serial line the pair of ends.
struct Line {
    transport: &'static str,
    address: String,
    proxy: Program,
    _behind: Vec<Program>,
}

/// What became of the samples of one line.
struct Seen {
    /// Replies that came after the time-out.
    late: usize,
    /// Good samples of the register that has the fewest.
    good: usize,
    /// All others.
    bad: usize,
}

impl Line {
    async fn start(transport: &'static str, folder: &Path, seed: usize) -> Result<Self> {
        let framing = if transport == "modbus-tcp" { "tcp" } else { "rtu-tcp" };
        let mut server = Program::peer("modbus/server.py", &[framing])?;
        let target = port(&mut server).await?;
        let mut arguments = vec![target.to_string(), seed.to_string()];
        if transport == "modbus-rtu" {
            // a wire keeps the order of what is on it, and RTU has no number by which to know a reply
            arguments.push("--in-order".to_owned());
        }
        let mut proxy = Program::peer("modbus/late.py", &arguments)?;
        let port = port(&mut proxy).await?;
        let mut behind = vec![server];
        let mut address = format!("{transport}://127.0.0.1:{port}/UNIT");
        if transport == "modbus-rtu" {
            let tty = folder.join("tty");
            let mut socat = Command::new("socat");
            socat.arg(format!("pty,raw,echo=0,link={}", tty.display())).arg(format!("tcp:127.0.0.1:{port}"));
            behind.push(Program::start(socat)?);
            let made = tty.clone();
            eventually("the serial line", SOON, || async { Ok(made.exists().then_some(())) }).await?;
            address = format!("modbus-rtu://{}?baud=115200&unit=UNIT", tty.display());
        }
        Ok(Self { transport, address, proxy, _behind: behind })
    }

    fn site(&self) -> String {
        let devices = UNITS.iter().map(|(unit, _)| {
            let name = format!("{}-{unit}", self.transport);
            let url = self.address.replace("UNIT", &unit.to_string());
            let head = format!(
                "[[device]]\nname = \"{name}\"\nurl = \"{url}\"\nplace = \"line\"\nperiod = \"200ms\"\ntimeout = \"300ms\"\n\
                 budget = {{ requests_per_second = 1000 }}\n"
            );
            let tags = registers().map(|register| {
                format!("[[tag]]\nname = \"{}\"\ndevice = \"{name}\"\naddress = \"holding:{register}:uint16\"\n", tag(&name, register))
            });
            head + &tags.collect::<String>()
        });
        devices.collect()
    }

    /// What became of all samples so far. Fails when one of them has another register's value, and then ever after.
    async fn seen(&self, edge: &Edge) -> Result<Seen> {
        let mut seen = Seen { late: self.late_replies(), good: usize::MAX, bad: 0 };
        for (unit, shift) in UNITS {
            for register in registers() {
                let samples = edge.history(&[&tag(&format!("{}-{unit}", self.transport), register)]).await?;
                let good = good_ones(&samples, register, shift)?;
                seen.bad += samples.len() - good;
                seen.good = seen.good.min(good);
            }
        }
        Ok(seen)
    }

    /// How many replies came after the client's time-out.
    fn late_replies(&self) -> usize {
        let said = self.proxy.output();
        let late = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("late")?.as_f64());
        late.filter(|seconds| *seconds > 0.3).count()
    }
}

async fn port(program: &mut Program) -> Result<u64> {
    let ready: Value = serde_json::from_str(&program.line_with("\"port\"", SOON).await?)?;
    ready.get("port").and_then(Value::as_u64).context("no port")
}

fn registers() -> impl Iterator<Item = u16> {
    BLOCKS.into_iter().flat_map(|block| block..block + 10)
}

fn tag(device: &str, register: u16) -> String {
    format!("line/{device}-r{register}")
}

/// The number of good samples; none of any quality may have another register's value.
fn good_ones(samples: &[Sample], register: u16, shift: u16) -> Result<usize> {
    let expected = f64::from(register + shift);
    let mut good = 0;
    for sample in samples {
        if sample.value.is_empty() {
            ensure!(!sample.is_good(), "good without a value: {sample:?}");
            continue;
        }
        let value: f64 = sample.value.parse().with_context(|| format!("{sample:?}"))?;
        ensure!((value - expected).abs() < 1e-9, "{expected} was read as {sample:?}");
        good += usize::from(sample.is_good());
    }
    Ok(good)
}

#[tokio::test]
async fn a_late_reply_is_never_taken_for_another() -> Result<()> {
    let folder = TempDir::new()?;
    let (tcp, over_tcp, serial) = tokio::try_join!(
        Line::start(TRANSPORTS[0], folder.path(), 1),
        Line::start(TRANSPORTS[1], folder.path(), 2),
        Line::start(TRANSPORTS[2], folder.path(), 3)
    )?;
    let lines = [tcp, over_tcp, serial];
    let head = "[site]\nname = \"Late\"\n[[place]]\npath = \"line\"\nname = \"Line\"\nlevel = \"line\"\n".to_owned();
    let site = folder.path().join("site.toml");
    fs::write(&site, lines.iter().map(Line::site).fold(head, |all, line| all + &line))?;
    let edge = Edge::start(&folder.path().join("data"), Some(&site)).await?;
    sleep(LOAD).await; // the proxies hold back what they like; time is what this needs
    for line in &lines {
        // a unit whose replies were late twice in a row is only probed for a while, by chance for most of the time
        let recovered = || async { line.seen(&edge).await.map(|seen| (seen.good >= 10).then_some(seen)) };
        let seen =
            eventually(&format!("ten good samples of everything on {}", line.transport), RECOVERS, recovered).await?;
        say(&format!(
            "late-reply: {}: {} late replies, at least {} good samples of each register, {} others",
            line.transport, seen.late, seen.good, seen.bad
        ));
        ensure!(seen.late >= 3, "{}: only {} replies were late: nothing was tried", line.transport, seen.late);
        ensure!(seen.bad > 0, "{}: late replies were never noticed", line.transport);
    }
    ensure!(edge.stop(SOON).await?.success());
    Ok(())
}
