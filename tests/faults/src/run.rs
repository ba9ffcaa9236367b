//! One run: the plant, the edge and the schedule in one loop, then the last look when everything is well again.

mod end;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Launch, eventually, is_running, processes_below, say};
use tempfile::TempDir;
use testkit::Preload;
use testkit::preload::{Cut, DiskFault};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::acts::Acts;
use crate::live::{Live, Look};
use crate::plant::{Device, Lie, PERIOD, Plant, Shape};
use crate::promise::{Findings, Promise};
use crate::schedule::{Clock, Edit, Event, Fault, Kill, LinkFault, Schedule, WorkerFault};

const SOON: Duration = Duration::from_mins(3);
/// Between two looks.
const PACE: Duration = Duration::from_millis(150);
/// A look takes some dozen milliseconds, also in a debug build.
const BUSY: Duration = Duration::from_millis(800);
/// Workers end with their edge.
const TO_END: Duration = Duration::from_secs(5);
/// A restart, or a disk that failed, disturbs what is kept for this long before and after, ms.
const DISTURBED: u32 = 3_000;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of the schedule.
    pub seed: u64,
    /// How long faults come.
    pub length: Duration,
}

/// Runs one seed. An error says which promises were broken.
pub async fn run(settings: Settings) -> Result<()> {
    let schedule = Schedule::draw(settings.seed, settings.length);
    say(&format!("faults: seed {} for {:?}, {} faults", settings.seed, settings.length, schedule.events.len()));
    for event in &schedule.events {
        say(&format!("  {event}"));
    }
    let mut story = Story::begin(settings.seed).await?;
    story.through(&schedule, settings.length).await?;
    let findings = story.end().await?;
    findings.into_result().with_context(|| format!("seed {}", settings.seed))
}

/// Kills the edge again and again, by turns the program alone and the power of the whole box, with acts in between.
pub async fn kills(seed: u64, rounds: u64, apart: Duration) -> Result<()> {
    say(&format!("faults: {rounds} kills from seed {seed}"));
    let length = apart * u32::try_from(rounds + 1)?;
    let mut events = Vec::new();
    for round in 0..rounds {
        let at = apart * u32::try_from(round + 1)?;
        let kill = match round % 4 {
            0 | 2 => Kill::Program,
            1 => Kill::Power(Cut::Everything),
            _ => Kill::Power(Cut::Half(seed + round)),
        };
        let edit = [Edit::Variable, Edit::Label, Edit::Mode].into_iter().cycle().nth(usize::try_from(round % 3)?);
        // an act is under way when it ends, now and then
        let edit = Fault::Edit(edit.unwrap_or(Edit::Variable));
        events.push(Event {
            at: at.checked_sub(Duration::from_millis(20 * (round % 8))).unwrap_or(at),
            lasts: Duration::ZERO,
            fault: edit,
        });
        events.push(Event { at, lasts: Duration::ZERO, fault: Fault::Kill(kill) });
    }
    let mut story = Story::begin(seed).await?;
    story.through(&Schedule { seed, events }, length).await?;
    story.end().await?.into_result().with_context(|| format!("{rounds} kills from seed {seed}"))
}

struct Story {
    seed: u64,
    folder: TempDir,
    data: PathBuf,
    plant: Plant,
    preload: Preload,
    edge: Edge,
    shape: Shape,
    acts: Acts,
    live: Live,
    /// What is wrong now, with its end.
    wrong: Vec<(Instant, Fault)>,
    /// Times on the stamps' clock when history may have holes.
    disturbed: Vec<(u32, u32)>,
    /// The disk fails since then; none when it works.
    disk_since: Option<u32>,
    /// µs the edge's wall clock is ahead.
    ahead: i64,
    restarts: Vec<Duration>,
    /// Looks that got no answer.
    unanswered: usize,
}

impl Story {
    async fn begin(seed: u64) -> Result<Self> {
        let folder = TempDir::new()?;
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        let plant = Plant::start(folder.path()).await?;
        let preload = Preload::build(&data, u32::try_from(seed % 1_000_003)?)?;
        let shape = Shape::default();
        let site = folder.path().join("site.toml");
        fs::write(&site, plant.site_toml(&shape)?)?;
        let edge = launch(&data, Some(&site), &preload).await?;
        let acts = Acts::of(&edge, seed);
        let now = plant.now();
        Ok(Self {
            seed,
            data,
            preload,
            edge,
            shape,
            acts,
            live: Live::default(),
            wrong: Vec::new(),
            disturbed: vec![(now.wrapping_sub(DISTURBED), now.wrapping_add(DISTURBED))],
            disk_since: None,
            ahead: 0,
            restarts: Vec::new(),
            unanswered: 0,
            folder,
            plant,
        })
    }

    async fn through(&mut self, schedule: &Schedule, length: Duration) -> Result<()> {
        let begun = Instant::now();
        let mut events = schedule.events.iter().peekable();
        while begun.elapsed() < length {
            while let Some(event) = events.next_if(|event| event.at <= begun.elapsed()) {
                self.start(event).await.with_context(|| event.to_string())?;
            }
            self.heal(Instant::now()).await?;
            self.look().await?;
            self.rest().await;
        }
        Ok(())
    }

    /// Some small answers that take long say that the machine has no time for anybody.
    fn took(&mut self, before: u32, looking: Duration) {
        if looking > BUSY {
            self.live.stalled(looking);
            self.disturbed.push((before, self.plant.now()));
        }
    }

    /// Waits for the next look. A machine that wakes us late holds up the edge and its devices just so.
    async fn rest(&mut self) {
        let (before, asked) = (self.plant.now(), Instant::now());
        sleep(PACE).await;
        let late = asked.elapsed().saturating_sub(PACE);
        self.live.stalled(late);
        if late > PACE {
            self.disturbed.push((before, self.plant.now()));
        }
    }

    async fn look(&mut self) -> Result<()> {
        self.plant.still_there()?;
        let findings = self.acts.heard(self.disk_since.is_some()).await;
        self.live.findings.add(findings);
        let pid = self.edge.program().pid().context("the edge ended by itself")?;
        let (before, asked) = (self.plant.now(), Instant::now());
        let look = Look::take(self.edge.http(), &self.plant).await;
        self.took(before, asked.elapsed());
        match look {
            Ok(look) => self.live.check(&look, pid),
            // an interface that needs SQL may fail with the disk
            Err(_) if self.disk_since.is_some() => self.unanswered += 1,
            Err(error) => {
                ensure!(is_running(pid), "the edge ended by itself:\n{}", self.edge.program().output());
                self.live.findings.broken(Promise::SaysIt, format!("no answer: {error:#}"));
            }
        }
        Ok(())
    }

    async fn start(&mut self, event: &Event) -> Result<()> {
        match event.fault {
            Fault::Link(device, how) => self.break_link(device, how)?,
            Fault::Lie(device, lie) => {
                if lie == Lie::STUCK {
                    self.live.stuck.insert(device);
                }
                self.plant.tell(device, lie).await?;
            }
            Fault::Worker(how) => self.hit_worker(how).await?,
            Fault::Clock(clock) => self.set_clock(clock)?,
            Fault::Disk(fault) => {
                self.disk_since.get_or_insert(self.plant.now());
                self.preload.set_disk(fault)?;
            }
            Fault::Edit(edit) => self.edit(edit)?,
            Fault::Kill(kill) => self.kill(kill).await?,
        }
        if !event.lasts.is_zero() {
            self.wrong.push((Instant::now() + event.lasts, event.fault));
        }
        Ok(())
    }

    /// Ends the faults whose time has come.
    async fn heal(&mut self, now: Instant) -> Result<()> {
        let over: Vec<Fault> = self.wrong.extract_if(.., |(end, _)| *end <= now).map(|(_, fault)| fault).collect();
        for fault in over {
            match fault {
                Fault::Link(device, _) => {
                    let link = self.plant.link(device).context("a link")?;
                    link.refuse(false);
                    link.silence(false);
                    link.delay_each(0, Duration::ZERO);
                    link.garble_each(0);
                }
                Fault::Lie(device, lie) => {
                    self.plant.tell(device, Lie::TRUTH).await?;
                    if lie == Lie::STUCK {
                        // stamps from before stay on the page for a moment
                        self.wrong.push((now + PERIOD * 6, Fault::Lie(device, Lie::TRUTH)));
                    } else if lie == Lie::TRUTH {
                        self.live.stuck.remove(&device);
                    }
                }
                Fault::Disk(_) => self.heal_disk()?,
                Fault::Worker(_) | Fault::Clock(_) | Fault::Edit(_) | Fault::Kill(_) => {}
            }
        }
        Ok(())
    }

    fn heal_disk(&mut self) -> Result<()> {
        self.preload.set_disk(DiskFault::default())?;
        if let Some(since) = self.disk_since.take() {
            let now = self.plant.now();
            self.disturbed.push((since.wrapping_sub(DISTURBED), now.wrapping_add(DISTURBED)));
        }
        Ok(())
    }

    fn break_link(&self, device: Device, how: LinkFault) -> Result<()> {
        let link = self.plant.link(device).context("a device without a link cannot be broken")?;
        match how {
            LinkFault::Cut => link.cut(),
            LinkFault::Refuse => {
                link.refuse(true);
                link.cut();
            }
            LinkFault::Silence => link.silence(true),
            LinkFault::Late(delay) => link.delay_each(3, Duration::from_millis(delay)),
            LinkFault::Garble => link.garble_each(4),
        }
        Ok(())
    }

    async fn hit_worker(&self, how: WorkerFault) -> Result<()> {
        let Some(worker) = self.edge.program().pid().map(processes_below).unwrap_or_default().first().copied() else {
            return Ok(());
        };
        let worker = worker.to_string();
        let words: &[&str] = match how {
            WorkerFault::Killed => &["kill", "-KILL", &worker],
            WorkerFault::Stopped => &["kill", "-STOP", &worker],
            WorkerFault::Starved => &["prlimit", "--as=1048576", "--pid", &worker],
        };
        // one that has just ended by itself cannot be hit
        Command::new(words.first().context("a program")?).args(words.iter().skip(1)).output().await?;
        Ok(())
    }

    fn set_clock(&mut self, clock: Clock) -> Result<()> {
        const HOUR: i64 = 3_600_000_000;
        self.ahead = match clock {
            Clock::Right => 0,
            Clock::Ahead => HOUR,
            Clock::Behind => -HOUR,
            Clock::In1970 => HOUR - wall_us()?,
        };
        self.preload.set_clock(self.ahead)
    }

    fn edit(&mut self, edit: Edit) -> Result<()> {
        if self.acts.busy() {
            return Ok(());
        }
        let shape = &mut self.shape;
        match edit {
            Edit::Variable => {
                self.acts.set_variable();
                return Ok(());
            }
            Edit::Mode => {
                shape.mode = if shape.mode == "off" { "advise" } else { "off" };
                self.acts.set_mode(shape.mode);
                return Ok(());
            }
            Edit::Tag => shape.extra_tag = !shape.extra_tag,
            Edit::Label => shape.label += 1,
            Edit::Period => shape.slower = !shape.slower,
        }
        let site = self.folder.path().join("edited.toml");
        fs::write(&site, self.plant.site_toml(&self.shape)?)?;
        self.acts.apply(&site)
    }

    /// Kills the edge, lets the power take what it takes, and starts it again.
    async fn kill(&mut self, kill: Kill) -> Result<()> {
        let before = self.plant.now();
        let pid = self.edge.program().pid().context("the edge ended by itself")?;
        let workers = processes_below(pid);
        Command::new("kill").arg("-KILL").arg(pid.to_string()).output().await?;
        eventually("the edge is killed", SOON, || async { Ok((!is_running(pid)).then_some(())) }).await?;
        let findings = self.acts.killed().await;
        self.live.findings.add(findings);
        gone(&workers, &mut self.live.findings).await;
        match kill {
            Kill::Program => self.preload.keep_all()?,
            Kill::Power(cut) => {
                self.preload.cut_power(cut)?;
            }
        }
        self.heal_disk()?;
        self.live.kept.iter_mut().for_each(crate::kept::Kept::killed);
        let begun = Instant::now();
        self.edge =
            launch(&self.data, None, &self.preload).await.with_context(|| format!("starting again after {kill:?}"))?;
        self.restarts.push(begun.elapsed());
        self.acts.at(&self.edge);
        for (kept, stream) in self.live.kept.iter().zip(["data", "prediction"]) {
            kept.found_again(self.edge.synced(stream).await?, &mut self.live.findings);
        }
        self.disturbed.push((before.wrapping_sub(DISTURBED), self.plant.now().wrapping_add(DISTURBED)));
        Ok(())
    }
}

async fn launch(data: &Path, site: Option<&Path>, preload: &Preload) -> Result<Edge> {
    Edge::launch(Launch { data, site, environment: preload.environment(), disk_bytes: None, arguments: Vec::new() })
        .await
}

/// Workers end with their edge, also when they hang.
async fn gone(workers: &[u32], findings: &mut Findings) {
    let waited = eventually("workers end with the edge", TO_END, || async {
        Ok((!workers.iter().any(|pid| is_running(*pid))).then_some(()))
    });
    if waited.await.is_err() {
        findings.broken(Promise::NoOrphans, format!("of the workers {workers:?} one still runs"));
    }
}

/// The computer's clock, µs since 1970.
#[expect(clippy::disallowed_methods, reason = "what the edge's clock is set against")]
fn wall_us() -> Result<i64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_micros())?)
}
