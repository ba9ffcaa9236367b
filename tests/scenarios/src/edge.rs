//! An edge under test: the process, where it answers, and the commands that talk to it.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::time::Instant;

use crate::{Finished, Http, Program, Sample, eventually, samples};

/// A debug build on a busy machine starts within this.
const START: Duration = Duration::from_mins(1);
/// The same for one command.
const COMMAND: Duration = Duration::from_mins(2);

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
        let mut arguments = vec!["--json".into(), "edge".into(), "--data".into(), data.as_os_str().to_owned()];
        arguments.extend(["--listen".into(), "127.0.0.1:0".into()]);
        if let Some(site) = site {
            arguments.extend(["--site".into(), site.as_os_str().to_owned()]);
        }
        let started = Instant::now();
        let mut program = Program::lastmile(&arguments)?;
        let ready: Value = serde_json::from_str(&program.line_with("\"ready\"", START).await?)?;
        let url = ready.get("url").and_then(Value::as_str).context("no `url` in the ready line")?;
        let http = Http::new(url)?.with_token_of(data)?;
        Ok(Self { program, http, data: data.to_owned(), started })
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
