//! A hub under test: the process, where it answers, and the commands that talk to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{Finished, Program};

/// A debug build on a busy machine starts within this.
const START: Duration = Duration::from_mins(3);
/// The same for one command.
const COMMAND: Duration = Duration::from_mins(2);

/// A running `lastmile hub`.
pub struct Hub {
    program: Program,
    url: String,
    data: PathBuf,
}

/// What a hub has of a stream, each number once.
#[derive(Debug, Default)]
pub struct AtHub {
    /// Numbers of records, in the order in which the hub gives them.
    pub numbers: Vec<u64>,
    /// What the records say, of the streams of SQL.
    pub contents: Vec<Value>,
    /// Ranges that never come: first number, last number, why.
    pub gone: Vec<(u64, u64, String)>,
}

impl Hub {
    /// Starts on what the folder holds, with these further arguments, and waits until it is ready.
    pub async fn start(data: &Path, listen: SocketAddr, more: &[&str]) -> Result<Self> {
        let (folder, listen) = (data.to_str().context("a path in UTF-8")?, listen.to_string());
        let arguments = ["--json", "hub", "--data", folder, "--listen", &listen];
        let mut program = Program::lastmile(&[&arguments, more].concat())?;
        let ready: Value = serde_json::from_str(&program.line_with("\"ready\"", START).await?)?;
        let url = ready.get("url").and_then(Value::as_str).context("no `url` in the ready line")?.to_owned();
        Ok(Self { program, url, data: data.to_owned() })
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `kill -9`.
    pub async fn kill(self) -> Result<()> {
        self.program.kill().await
    }

    /// Runs `lastmile --json hub ARGUMENTS --at … --data …` to its end.
    pub async fn lastmile(&self, arguments: &[&str]) -> Result<Finished> {
        let data = self.data.to_str().context("a path in UTF-8")?;
        let at = ["--at", &self.url, "--data", data];
        Finished::lastmile(&[&["--json", "hub"], arguments, &at].concat(), COMMAND).await?.good()
    }

    /// Makes a place for a box: its code.
    pub async fn claim(&self, place: &str) -> Result<String> {
        let claim = self.lastmile(&["claim", place]).await?.json()?;
        Ok(claim.get("code").and_then(Value::as_str).context("no code")?.to_owned())
    }

    /// Lets the box with this fingerprint in, as a person does who compared it.
    pub async fn approve(&self, fingerprint: &str) -> Result<()> {
        let edges = self.lastmile(&["edges"]).await?.json()?;
        let waiting = edges.get("waiting").and_then(Value::as_array).context("nobody waits")?;
        let text = |waiting: &Value, key: &str| waiting.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let found = waiting.iter().find(|waiting| text(waiting, "fingerprint") == fingerprint);
        let key = text(found.with_context(|| format!("{fingerprint} does not wait: {edges}"))?, "key");
        self.lastmile(&["approve", &key]).await?;
        Ok(())
    }

    /// Everything that it has of a stream.
    pub async fn records(&self, edge: &str, stream: &str) -> Result<AtHub> {
        let lines = self.lastmile(&["records", edge, stream]).await?.stdout;
        let mut found = AtHub::default();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_str(line)?;
            if let Some(gone) = line.get("gone") {
                let number = |key: &str| gone.get(key).and_then(Value::as_u64).context("no number");
                let reason = gone.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
                found.gone.push((number("first")?, number("last")?, reason));
                continue;
            }
            found.numbers.push(line.get("number").and_then(Value::as_u64).context("no number")?);
            found.contents.extend(line.get("content").cloned());
        }
        Ok(found)
    }
}

impl AtHub {
    /// Fails unless every number up to `tip` is there as a record, and each once.
    pub fn is_whole(&self, tip: u64) -> Result<()> {
        ensure!(self.gone.is_empty(), "gone: {:?}", self.gone);
        let wanted: Vec<u64> = (1..=tip).collect();
        let found: Vec<u64> = self.numbers.iter().copied().take_while(|number| *number <= tip).collect();
        let odd = wanted.iter().zip(&found).find(|(wanted, found)| wanted != found);
        ensure!(found == wanted, "{} of {tip} records; the first that is odd: {odd:?}", found.len());
        Ok(())
    }
}
