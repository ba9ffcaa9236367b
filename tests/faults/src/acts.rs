//! What people do meanwhile, one act at a time, and whether the record has what was acknowledged.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use scenarios::{Edge, Finished, Http};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::plant::VARIABLE;
use crate::promise::{Findings, Promise};

const COMMAND: Duration = Duration::from_mins(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Acts {
    seed: u64,
    number: i64,
    http: Http,
    data: PathBuf,
    now: Option<Asked>,
    /// Reasons of the acts that were acknowledged.
    acknowledged: Vec<String>,
    /// What the variable was set to last, and values it may have been set to without an answer.
    variable: (i64, Vec<i64>),
}

/// An act that has no answer yet.
#[derive(Debug)]
struct Asked {
    because: String,
    variable: Option<i64>,
    /// Whether it changed anything: what was like this already gets no entry.
    answer: JoinHandle<Result<bool>>,
}

impl Acts {
    pub(crate) fn of(edge: &Edge, seed: u64) -> Self {
        let (http, data) = (edge.http().clone(), edge.data().to_owned());
        Self { seed, number: 0, http, data, now: None, acknowledged: Vec::new(), variable: (0, Vec::new()) }
    }

    /// The edge was started again, at another address.
    pub(crate) fn at(&mut self, edge: &Edge) {
        self.http = edge.http().clone();
    }

    /// Whether an act waits for its answer.
    pub(crate) fn busy(&self) -> bool {
        self.now.is_some()
    }

    /// How many were acknowledged.
    pub(crate) fn count(&self) -> usize {
        self.acknowledged.len()
    }

    fn because(&mut self) -> String {
        self.number += 1;
        format!("act {} of seed {}", self.number, self.seed)
    }

    /// Sets the variable to a number of its own.
    pub(crate) fn set_variable(&mut self) {
        let (because, http) = (self.because(), self.http.clone());
        let (body, variable) = (json!({ "value": self.number, "because": because }), Some(self.number));
        let path = format!("/api/v1/variables/{}", VARIABLE.replace('/', "%2F"));
        let answer = tokio::spawn(async move { put(&http, &path, &body).await });
        self.now = Some(Asked { because, variable, answer });
    }

    /// Says how far the model may go.
    pub(crate) fn set_mode(&mut self, mode: &'static str) {
        let (because, http) = (self.because(), self.http.clone());
        let body = json!({ "mode": mode, "because": because });
        let answer = tokio::spawn(async move { put(&http, "/api/v1/deployments/pump/mode", &body).await });
        self.now = Some(Asked { because, variable: None, answer });
    }

    /// `lastmile apply`.
    pub(crate) fn apply(&mut self, site: &Path) -> Result<()> {
        let because = self.because();
        let (site, data) = (site.to_str().context("a path in UTF-8")?, self.data.to_str().context("a path in UTF-8")?);
        let words = ["apply", site, "--because", &because, "--at", self.http.base(), "--data", data];
        let words = words.map(str::to_owned);
        let answer = tokio::spawn(async move { Finished::lastmile(&words, COMMAND).await?.good().map(|_| true) });
        self.now = Some(Asked { because, variable: None, answer });
        Ok(())
    }

    /// Takes an answer that has come. While the disk fails, or just did, an act may be refused.
    pub(crate) async fn heard(&mut self, may_fail: bool) -> Findings {
        let mut findings = Findings::default();
        let Some(asked) = self.now.take_if(|asked| asked.answer.is_finished()) else { return findings };
        if let Err(error) = self.take(asked).await {
            findings.check(Promise::Recovers, may_fail, || format!("an act was refused: {error:#}"));
        }
        findings
    }

    /// The edge was killed: an act without an answer may be done or not.
    pub(crate) async fn killed(&mut self) -> Findings {
        if let Some(asked) = self.now.take() {
            let _unknown = self.take(asked).await;
        }
        Findings::default()
    }

    async fn take(&mut self, asked: Asked) -> Result<bool> {
        let answer = asked.answer.await.map_err(anyhow::Error::from).flatten();
        match (&answer, asked.variable) {
            (Ok(_), Some(value)) => self.variable = (value, Vec::new()),
            (Err(_), Some(value)) => self.variable.1.push(value),
            (_, None) => {}
        }
        if matches!(answer, Ok(true)) {
            self.acknowledged.push(asked.because);
        }
        answer
    }

    /// Looks for all of it in the record, and proves the record.
    pub(crate) async fn check(&self, edge: &Edge, folder: &Path, findings: &mut Findings) -> Result<()> {
        let record = edge.lastmile(&["record", "export"]).await?.good()?.stdout;
        for because in &self.acknowledged {
            let found = record.contains(&format!("\"{because}\""));
            findings.check(Promise::ActsAreKept, found, || format!("`{because}` is not in the record"));
        }
        let file = folder.join("record.jsonl");
        fs::write(&file, &record)?;
        let verified = edge.lastmile(&["record", "verify", file.to_str().context("a path in UTF-8")?]).await?;
        findings.check(Promise::ActsAreKept, verified.status.success(), || verified.stderr.clone());
        let path = format!("/api/v1/tags/{}", VARIABLE.replace('/', "%2F"));
        let tag = edge.http().get(&path).await?;
        let value = tag.pointer("/latest/value").and_then(Value::as_i64);
        let (last, unsure) = &self.variable;
        let known = value.is_some_and(|value| value == *last || unsure.contains(&value));
        findings.check(Promise::ActsAreKept, known, || {
            format!("{VARIABLE} is {value:?}; it was set to {last}, or {unsure:?}")
        });
        Ok(())
    }
}

/// Does an act; true when the record has a new entry for it. Nobody else acts meanwhile.
async fn put(http: &Http, path: &str, body: &Value) -> Result<bool> {
    let health = http.get("/healthz").await?;
    let before = health.pointer("/log/change/synced_seq").and_then(Value::as_i64);
    let done = http.put(path, body).await?;
    Ok(done.get("change").and_then(Value::as_i64) > before)
}
