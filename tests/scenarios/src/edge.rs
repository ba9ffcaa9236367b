//! An edge under test: the process, where it answers, and the commands that talk to it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::Instant;

use crate::{Finished, Http, Program, SCORE, Sample, eventually, lastmile_program, samples};

/// A debug build on a busy machine starts within this.
const START: Duration = Duration::from_mins(3);
/// The same for one command.
const COMMAND: Duration = Duration::from_mins(2);

/// How an edge is started.
#[derive(Debug)]
pub struct Launch<'a> {
    /// Its data folder.
    pub data: &'a Path,
    /// The site.toml to take up, if any.
    pub site: Option<&'a Path>,
    /// Added to its environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// Its data folder is a disk of its own of so many bytes, made in a mount namespace that ends with the process.
    pub disk_bytes: Option<u64>,
    /// More arguments.
    pub arguments: Vec<OsString>,
}

/// A running `lastmile edge`.
pub struct Edge {
    program: Program,
    http: Http,
    data: PathBuf,
    started: Instant,
}

impl Edge {
    /// Starts on what the folder holds, with this site.toml when one is given, and waits until it is ready.
    pub async fn start(data: &Path, site: Option<&Path>) -> Result<Self> {
        Self::launch(Launch { data, site, environment: Vec::new(), disk_bytes: None, arguments: Vec::new() }).await
    }

    /// Starts in the way described, and waits until it is ready.
    pub async fn launch(launch: Launch<'_>) -> Result<Self> {
        let started = Instant::now();
        let own_disk = launch.disk_bytes.is_some();
        let mut program = Program::start(launch.command()?)?;
        let ready: Value = serde_json::from_str(&program.line_with("\"ready\"", START).await?)?;
        let url = ready.get("url").and_then(Value::as_str).context("no `url` in the ready line")?;
        let data = if own_disk {
            // as the process sees it
            let pid = program.pid().context("it ended")?;
            PathBuf::from(format!("/proc/{pid}/root{}", launch.data.display()))
        } else {
            launch.data.to_owned()
        };
        let http = Http::new(url)?.with_token_of(&data)?;
        Ok(Self { program, http, data, started })
    }

    /// Its data folder, as this process sees it.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its interface, as the owner.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The last scan that a power cut now would not take away: its number in the stream `data`.
    pub async fn acknowledged(&self) -> Result<u64> {
        self.synced("data").await
    }

    /// What its clock says, ms since 1970.
    pub async fn now_ms(&self) -> Result<i64> {
        self.http.get("/api/v1/about").await?.get("now_ms").and_then(Value::as_i64).context("no now_ms")
    }

    /// Waits until the pump's model gave a prediction of its own: of good quality, of a window that ended after `after_ms`.
    pub async fn predicts(&self, after_ms: i64) -> Result<()> {
        let path = format!("/api/v1/tags/{}", SCORE.replace('/', "%2F"));
        eventually("a prediction", COMMAND, || async {
            let tag = self.http.get(&path).await?;
            let at_ms = tag.pointer("/latest/at_ms").and_then(Value::as_i64).unwrap_or_default();
            let good = tag.pointer("/latest/quality").and_then(Value::as_str) == Some("good");
            Ok((good && at_ms > after_ms).then_some(()))
        })
        .await
    }

    /// Scans that the process has kept and synced since its start, of devices and of models.
    pub async fn scans_kept(&self) -> Result<u64> {
        let metrics = self.http.text("/metrics").await?;
        let value = metrics.lines().find_map(|line| line.strip_prefix("lastmile_log_scans_total "));
        value.and_then(|value| value.parse().ok()).context("no lastmile_log_scans_total")
    }

    /// The number of the last synced record of a stream.
    pub async fn synced(&self, stream: &str) -> Result<u64> {
        let health = self.http.get("/healthz").await?;
        let seq = health.pointer(&format!("/log/{stream}/synced_seq")).and_then(Value::as_u64);
        seq.with_context(|| format!("no log.{stream}.synced_seq in {health}"))
    }

    /// How long after the start of the process a prediction with a value was there.
    pub async fn first_prediction(&self, within: Duration) -> Result<Duration> {
        eventually("a first prediction", within, || async {
            let health = self.http.get("/healthz").await?;
            Ok(health.get("first_prediction_s").and_then(Value::as_f64))
        })
        .await?;
        Ok(self.started.elapsed())
    }

    /// Runs `lastmile ARGUMENTS --at … --data …` to its end.
    pub async fn lastmile(&self, arguments: &[&str]) -> Result<Finished> {
        let data = self.data.to_str().context("a path in UTF-8")?;
        let at = ["--at", self.http.base(), "--data", data];
        Finished::lastmile(&[arguments, &at].concat(), COMMAND).await
    }

    /// The tag's whole history, oldest first, as `history export` writes it.
    pub async fn history(&self, tags: &[&str]) -> Result<Vec<Sample>> {
        let file = self.data.with_extension("export.csv");
        self.export(tags, &[], &file).await?;
        samples(&file)
    }

    /// Everything of these tags as one CSV or Parquet file, with more options of `history export`.
    pub async fn export(&self, tags: &[&str], options: &[&str], file: &Path) -> Result<()> {
        let (tags, file) = (tags.join(","), file.to_str().context("a path in UTF-8")?);
        let arguments = ["history", "export", "--tags", &tags, "--from", "0", "--to", "4102444800000000", file];
        self.lastmile(&[&arguments, options].concat()).await?.good()?;
        Ok(())
    }

    /// `kill -9`.
    pub async fn kill(self) -> Result<()> {
        self.program.kill().await
    }

    /// SIGTERM.
    pub async fn stop(self, within: Duration) -> Result<ExitStatus> {
        self.program.stop(within).await
    }
}

impl Launch<'_> {
    fn command(&self) -> Result<Command> {
        let program = lastmile_program()?;
        let mut command = match self.disk_bytes {
            None => Command::new(program),
            Some(bytes) => {
                let script = "mount -t tmpfs -o size=$1 tmpfs \"$2\" && shift 2 && exec \"$@\"";
                let mut command = Command::new("unshare");
                command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]);
                command.arg(bytes.to_string()).arg(self.data).arg(program);
                command
            }
        };
        command.args(["--json", "edge", "--listen", "127.0.0.1:0", "--data"]).arg(self.data);
        command.args(self.site.iter().flat_map(|site| [Path::new("--site"), site]));
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}
