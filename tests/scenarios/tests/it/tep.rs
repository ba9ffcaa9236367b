//! A whole chemical process behind Modbus, 120 times faster than real, and the model that learned only what is normal:
//! three disturbances raise advice, a normal day raises none, and the exported samples give equal scores in a replay.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, Replayed, Sample, eventually, lastmile_program, python, say, workspace};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::Instant;

const SOON: Duration = Duration::from_mins(1);
/// Simulating the training data takes 80 s on two free cores.
const TRAINING: Duration = Duration::from_mins(15);
/// Process seconds per second, as the example recommends: a day takes twelve minutes, and a busy machine still keeps up.
const SPEED: u32 = 120;
/// A row of the model, a prediction, each 60 process seconds.
const ROW_S: f64 = 60.0;
/// Before the first value: the controllers begin far from their balance.
const SKIP_H: f64 = 24.0;
const NORMAL_H: f64 = 24.0;
/// Two hours of normal operation before a disturbance, and how long it may take to be seen.
const ONSET_H: f64 = 26.0;
const SEEN_WITHIN_MIN: f64 = 60.0;
const OUTPUTS: [&str; 4] = ["score", "change", "state", "restlessness"];

/// A bundle for this speed.
struct Trained {
    folder: PathBuf,
    packed: PathBuf,
}

fn example(name: &str) -> PathBuf {
    workspace().join("examples/tennessee-eastman").join(name)
}

/// The newest change among what a training depends on.
fn newest_source() -> Result<SystemTime> {
    let folders = [example(""), workspace().join("examples/common"), workspace().join("tests/peers/tep")];
    let mut newest = SystemTime::UNIX_EPOCH;
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                newest = newest.max(entry.metadata()?.modified()?);
            }
        }
    }
    Ok(newest)
}

/// Trains, unless the bundle in `.scratch` is newer than everything it is made of.
async fn trained(scratch: &Path) -> Result<Trained> {
    let folder = workspace().join(format!(".scratch/tep/scenario-{SPEED}"));
    let made = fs::metadata(folder.join("contract.toml")).and_then(|file| file.modified());
    if made.is_err() || made? < newest_source()? {
        let mut train = Command::new(python());
        train.arg(example("train.py")).args(["--speed", &SPEED.to_string(), "--out"]).arg(&folder);
        say(&format!("tep: {}", Finished::of(train, TRAINING).await?.good()?.stdout.trim()));
    }
    let packed = scratch.join("tep-monitor.tar");
    let pack = ["bundle".into(), "pack".into(), folder.clone(), "--out".into(), packed.clone()];
    Finished::lastmile(&pack, SOON).await?.good()?;
    let test = ["bundle".into(), "test".into(), packed.clone()];
    Finished::lastmile(&test, SOON).await?.good()?;
    Ok(Trained { folder, packed })
}

/// One plant and the edge that watches it.
struct Watched {
    name: String,
    plant: Program,
    edge: Edge,
    folder: PathBuf,
}

impl Watched {
    async fn start(name: &str, seed: u32, idv: Option<u32>, bundle: &Trained, scratch: &Path) -> Result<Self> {
        let folder = scratch.join(name);
        fs::create_dir(&folder)?;
        let mut arguments = vec!["--speed".to_owned(), SPEED.to_string(), "--seed".to_owned(), seed.to_string()];
        arguments.extend(["--skip".to_owned(), SKIP_H.to_string(), "--hours".to_owned(), "60".to_owned()]);
        if let Some(idv) = idv {
            arguments.extend(["--idv".to_owned(), format!("{idv}@{}", ONSET_H * 3600.0)]);
        }
        let mut plant = Program::peer("tep/plant.py", &arguments)?;
        let ready: Value = serde_json::from_str(&plant.line_with("\"ready\"", SOON * 3).await?)?;
        let port = ready.get("port").and_then(Value::as_u64).context("no port")?;
        let mut make_site = Command::new(python());
        make_site.arg(example("make_site.py")).args(["--port", &port.to_string(), "--speed", &SPEED.to_string()]);
        make_site.arg("--bundle").arg(&bundle.packed).arg("--contract").arg(bundle.folder.join("contract.toml"));
        let site = folder.join("site.toml");
        fs::write(&site, Finished::of(make_site, SOON).await?.good()?.stdout)?;
        let edge = Edge::start(&folder.join("data"), Some(&site)).await?;
        Ok(Self { name: name.to_owned(), plant, edge, folder })
    }

    async fn advisories(&self) -> Result<usize> {
        let answer = self.edge.http().get("/api/v1/advisories?all=true").await?;
        Ok(answer.get("advisories").and_then(Value::as_array).context("no advisories")?.len())
    }

    /// The disturbance comes, and then the advice: process minutes between them.
    async fn seen_after(&mut self) -> Result<f64> {
        self.edge.first_prediction(SOON).await?;
        self.plant.line_with("\"idv_on\"", SOON * 5).await?;
        let begun = Instant::now();
        ensure!(self.advisories().await? == 0, "{}: advice before the disturbance", self.name);
        let limit = Duration::from_secs_f64(SEEN_WITHIN_MIN * 60.0 / f64::from(SPEED));
        eventually(&format!("{}: advice", self.name), limit, || async {
            Ok((self.advisories().await? > 0).then_some(()))
        })
        .await?;
        let minutes = begun.elapsed().as_secs_f64() * f64::from(SPEED) / 60.0;
        // what led to it is in the history with the next commits
        let now = self.edge.synced("prediction").await?;
        eventually("more predictions", SOON, || async {
            Ok((self.edge.synced("prediction").await? > now + 20).then_some(()))
        })
        .await?;
        Ok(minutes)
    }

    /// Lets normal operation run for a day of predictions.
    async fn normal_day(&mut self) -> Result<()> {
        let predictions = (NORMAL_H * 3600.0 / ROW_S).ceil();
        let wall = Duration::from_secs_f64(NORMAL_H * 3600.0 / f64::from(SPEED));
        eventually("a day of predictions", wall * 2, || async {
            let made = metric(&self.edge.http().text("/metrics").await?, "prediction_total")?;
            Ok((made >= predictions).then_some(()))
        })
        .await
    }

    /// Process seconds that the plant gave up because this machine was busy.
    fn lost_s(&self) -> f64 {
        let said = self.plant.output();
        said.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("lost_s")?.as_f64())
            .fold(0.0, |sum, lost| sum + lost)
    }

    /// Exports what the model saw, replays it, and compares with what was predicted live: as a long CSV file with the
    /// names of tags, and as a wide Parquet file with the names of signals.
    async fn replays_equally(&self, bundle: &Trained) -> Result<Compared> {
        let mapping = mapping(&self.edge).await?;
        let predictions = OUTPUTS.map(|output| format!("tep/tep-monitor/{output}"));
        let live = self.edge.history(&predictions.each_ref().map(String::as_str)).await?;
        let tags: Vec<&str> = mapping.iter().map(|(_, tag)| tag.as_str()).collect();
        let long = self.folder.join("long.csv");
        self.edge.export(&tags, &[], &long).await?;
        let pairs: Vec<String> = mapping.iter().map(|(signal, tag)| format!("{signal}={tag}")).collect();
        let map: Vec<&str> = pairs.iter().flat_map(|pair| ["--map", pair.as_str()]).collect();
        let replayed = self.replay(&live, bundle, &long, &map).await?;
        let wide = self.folder.join("wide.parquet");
        self.edge.export(&pairs.iter().map(String::as_str).collect::<Vec<_>>(), &["--wide"], &wide).await?;
        self.replay(&live, bundle, &wide, &[]).await?;
        Ok(replayed)
    }

    async fn replay(&self, live: &[Sample], bundle: &Trained, file: &Path, map: &[&str]) -> Result<Compared> {
        let mut run: Vec<OsString> = vec!["bundle".into(), "run".into(), bundle.packed.clone().into()];
        run.extend(["--samples".into(), file.as_os_str().to_owned()]);
        run.extend(map.iter().map(OsString::from));
        let replay = Finished::lastmile(&run, SOON * 5).await?.good()?.stdout;
        let replayed = Replayed::new(&replay)?;
        let good = replayed.equals(live, |output, _| format!("tep/tep-monitor/{output}")).with_context(|| {
            format!("{}, {}; its edge said:\n{}", self.name, file.display(), self.edge.program().output())
        })?;
        ensure!(good > 100, "only {good} good predictions of {}", live.len());
        Ok(Compared { equal: live.len(), good, raised: replayed.raised() })
    }
}

/// What a comparison found.
struct Compared {
    equal: usize,
    good: usize,
    raised: usize,
}

/// The mapping of the deployment, as the edge tells it.
async fn mapping(edge: &Edge) -> Result<Vec<(String, String)>> {
    let site = edge.http().get("/api/v1/site").await?;
    let map = site.pointer("/document/deployment/0/map");
    let map = map.and_then(Value::as_object).with_context(|| format!("no mapping in {site}"))?;
    Ok(map.iter().filter_map(|(signal, tag)| Some((signal.clone(), tag.as_str()?.to_owned()))).collect())
}

/// The sum of a metric over all its labels.
fn metric(text: &str, name: &str) -> Result<f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && line.contains(name));
    let values: Vec<f64> = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    ensure!(!values.is_empty(), "no metric `{name}` in\n{text}");
    Ok(values.iter().sum())
}

async fn disturbed(idv: u32, bundle: &Trained, scratch: &Path) -> Result<()> {
    let mut watched = Watched::start(&format!("idv-{idv}"), 400 + idv, Some(idv), bundle, scratch).await?;
    let minutes = watched.seen_after().await?;
    let replayed = watched.replays_equally(bundle).await?;
    say(&format!(
        "tep: disturbance {idv} raised advice after {minutes:.0} process minutes; {} predictions replay equally, \
         {:.0} process seconds lost",
        replayed.equal,
        watched.lost_s()
    ));
    ensure!(replayed.raised > 0, "disturbance {idv} raises nothing in the replay");
    watched.edge.stop(SOON).await?;
    Ok(())
}

async fn normal(bundle: &Trained, scratch: &Path) -> Result<()> {
    let mut watched = Watched::start("normal", 400, None, bundle, scratch).await?;
    watched.normal_day().await?;
    let advisories = watched.advisories().await?;
    let replayed = watched.replays_equally(bundle).await?;
    say(&format!(
        "tep: a normal day raised {advisories}; {} predictions, {} of them good, replay equally, {:.0} process seconds lost",
        replayed.equal,
        replayed.good,
        watched.lost_s()
    ));
    ensure!(
        advisories == 0 && replayed.raised == 0,
        "{advisories} advisories in a normal day, {} replayed",
        replayed.raised
    );
    watched.edge.stop(SOON).await?;
    Ok(())
}

#[tokio::test]
async fn disturbances_raise_advice_a_normal_day_does_not_and_exports_replay_equally() -> Result<()> {
    let scratch = TempDir::new()?;
    let bundle = trained(scratch.path()).await?;
    let (bundle, scratch) = (&bundle, scratch.path());
    tokio::try_join!(
        normal(bundle, scratch),
        disturbed(1, bundle, scratch),
        disturbed(4, bundle, scratch),
        disturbed(6, bundle, scratch)
    )?;
    Ok(())
}

/// A minute of what `evaluate.py` measures in full: the same dumps, the same `bundle run`, the same limits.
#[tokio::test]
async fn dumped_samples_show_a_disturbance_in_time_and_half_a_normal_day_raises_nothing() -> Result<()> {
    let scratch = TempDir::new()?;
    let bundle = trained(scratch.path()).await?;
    let mut evaluate = Command::new(python());
    evaluate.arg(example("evaluate.py")).arg("--bundle").arg(&bundle.folder).arg("--lastmile").arg(lastmile_program()?);
    evaluate.args(["--idv", "4", "--seeds", "301", "--normal-hours", "36"]);
    let table = Finished::of(evaluate, SOON * 10).await?.good()?.stdout;
    say(&table);
    ensure!(
        table.contains("| 4 | - | 3 |"),
        "disturbance 4 is seen after 3 minutes, the least that is possible:\n{table}"
    );
    Ok(())
}

#[tokio::test]
async fn the_process_answers_and_repeats_itself_as_these_tests_take_it_for() -> Result<()> {
    let mut check = Command::new(python());
    check.arg(workspace().join("tests/peers/tep/check.py"));
    Finished::of(check, SOON * 5).await?.good()?;
    Ok(())
}
