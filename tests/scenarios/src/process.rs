//! A program under test: its output is kept, its lines can be waited for, and it never outlives the test.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::{python, workspace};

/// A running program. Killed by its own process id when dropped.
pub struct Program {
    child: Child,
    said: Arc<Said>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

/// A program that ran to its end.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// What a program has said so far, of both outputs in the order of arrival.
#[derive(Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    count: watch::Sender<usize>,
}

impl Program {
    /// `lastmile` with these arguments.
    pub fn lastmile<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Self> {
        let mut command = Command::new(lastmile_program()?);
        command.args(arguments);
        Self::start(command)
    }

    /// A Python peer of `tests/peers`, given by its path below that folder.
    pub fn peer<S: AsRef<OsStr>>(script: &str, arguments: &[S]) -> Result<Self> {
        let mut command = Command::new(python());
        command.arg("-u").arg(workspace().join("tests/peers").join(script)).args(arguments);
        Self::start(command)
    }

    /// Any program.
    pub fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command.env("LASTMILE_ONNXRUNTIME", onnxruntime());
        let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.as_std()))?;
        let said = Arc::new(Said::default());
        let stdout = child.stdout.take().context("standard output is piped")?;
        let stderr = child.stderr.take().context("standard error is piped")?;
        let readers =
            vec![tokio::spawn(listen(stdout, Arc::clone(&said))), tokio::spawn(listen(stderr, Arc::clone(&said)))];
        Ok(Self { child, said, readers })
    }

    /// The process id, none after the program ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// The first line that holds `part`, now or later.
    pub async fn line_with(&mut self, part: &str, within: Duration) -> Result<String> {
        let mut count = self.said.count.subscribe();
        let found = timeout(within, async {
            loop {
                if let Some(line) = self.said.all().into_iter().find(|line| line.contains(part)) {
                    return Some(line);
                }
                tokio::select! {
                    _ = count.changed() => {}
                    _ = self.child.wait() => {
                        // what it said last may still be on its way
                        for reader in &mut self.readers {
                            let _ = reader.await;
                        }
                        return self.said.all().into_iter().find(|line| line.contains(part));
                    }
                }
            }
        })
        .await;
        match found {
            Ok(Some(line)) => Ok(line),
            Ok(None) => bail!("it ended without saying {part:?}; it said:\n{}", self.output()),
            Err(_) => bail!("it did not say {part:?} within {within:?}; it said:\n{}", self.output()),
        }
    }

    /// All it has said so far.
    pub fn output(&self) -> String {
        self.said.all().join("\n")
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        match timeout(within, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("it did not end within {within:?}; it said:\n{}", self.output()),
        }
    }

    /// `kill -9`, and waits until the process is gone.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the program")
    }

    /// Asks it to end (SIGTERM), as a service manager does, and waits for it.
    pub async fn stop(mut self, within: Duration) -> Result<ExitStatus> {
        let pid = self.pid().context("it ended before it was asked to")?;
        let asked = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await?;
        if !asked.success() {
            bail!("cannot send SIGTERM to {pid}");
        }
        match timeout(within, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("it did not end within {within:?} after SIGTERM; it said:\n{}", self.output()),
        }
    }
}

impl Said {
    fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
        self.count.send_replace(lines.len());
    }
}

async fn listen(output: impl AsyncRead + Unpin, said: Arc<Said>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        said.add(line);
    }
}

impl Finished {
    /// Runs `lastmile` with these arguments to its end.
    pub async fn lastmile<S: AsRef<OsStr>>(arguments: &[S], within: Duration) -> Result<Self> {
        let mut command = Command::new(lastmile_program()?);
        command.args(arguments).env("LASTMILE_ONNXRUNTIME", onnxruntime());
        Self::of(command, within).await
    }

    /// Runs any program to its end.
    pub async fn of(mut command: Command, within: Duration) -> Result<Self> {
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(within, command.output())
            .await
            .with_context(|| format!("{:?} did not end within {within:?}", command.as_std()))?
            .with_context(|| format!("cannot start {:?}", command.as_std()))?;
        Ok(Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Fails, with all that the program said, unless it ended with exit code 0.
    pub fn good(self) -> Result<Self> {
        if !self.status.success() {
            bail!("ended with {}\n{}\n{}", self.status, self.stdout, self.stderr);
        }
        Ok(self)
    }

    /// Fails, with all that the program said, unless it ended with this exit code.
    pub fn exit(self, code: i32) -> Result<Self> {
        if self.status.code() != Some(code) {
            bail!("ended with {} instead of {code}\n{}\n{}", self.status, self.stdout, self.stderr);
        }
        Ok(self)
    }

    /// The last line of standard output as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        let line = self.stdout.lines().rev().find(|line| !line.trim().is_empty());
        let line = line.with_context(|| format!("nothing on standard output; on standard error:\n{}", self.stderr))?;
        serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))
    }
}

/// The processes below this one, theirs included.
pub fn processes_below(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<u32> = lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .collect();
    children.into_iter().flat_map(|child| std::iter::once(child).chain(processes_below(child))).collect()
}

/// Whether a process still does anything. One that nobody has waited for yet has an id, but no longer runs.
pub fn is_running(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']))
}

/// Whether the program under test is one that would be shipped: limits on memory and time hold for those.
pub fn is_release() -> bool {
    lastmile_program().is_ok_and(|program| program.components().any(|part| part.as_os_str() == "release"))
}

/// The program under test: env `LASTMILE_BIN`, else the one that `cargo build -p lastmile` made.
pub fn lastmile_program() -> Result<PathBuf> {
    let program = std::env::var_os("LASTMILE_BIN").map_or_else(
        || workspace().join("target/debug").join(format!("lastmile{}", std::env::consts::EXE_SUFFIX)),
        PathBuf::from,
    );
    if !program.is_file() {
        bail!("there is no {}; run `cargo xtask scenario NAME`, which builds it", program.display());
    }
    Ok(program)
}

/// The ONNX Runtime library: env `LASTMILE_ONNXRUNTIME`, else the one that `cargo xtask setup` installs.
pub fn onnxruntime() -> PathBuf {
    std::env::var_os("LASTMILE_ONNXRUNTIME")
        .map_or_else(|| workspace().join(".scratch/onnxruntime/libonnxruntime.so"), PathBuf::from)
}
