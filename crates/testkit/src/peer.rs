//! Programs that tests talk to: Python servers in `tests/peers`, and pseudo terminals by socat.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

/// How long a peer may take to be ready. Imports of numpy on a busy machine take many seconds.
const START: Duration = Duration::from_mins(1);

/// The folder of the whole workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The Python that has the peers' packages: `LASTMILE_PYTHON`, else the one that `cargo xtask setup` makes.
pub fn python() -> PathBuf {
    std::env::var_os("LASTMILE_PYTHON").map_or_else(|| workspace().join(".scratch/venv/bin/python"), PathBuf::from)
}

/// A running program. It is killed when dropped.
pub struct Peer {
    _child: Child,
    stdout: BufReader<ChildStdout>,
    /// The first line it printed: where to find it.
    pub ready: Value,
}

impl Peer {
    /// Starts a script of `tests/peers` and waits for its first line, a JSON object.
    pub async fn python(script: &str, arguments: &[&str]) -> Result<Self> {
        let python = python();
        ensure!(python.exists(), "{} is missing; `cargo xtask setup` makes it", python.display());
        let mut command = Command::new(python);
        command.arg(workspace().join("tests/peers").join(script)).args(arguments);
        Self::start(command).await.with_context(|| format!("starting {script}"))
    }

    /// Starts any program and waits for its first line, a JSON object.
    pub async fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().context("it has no standard output")?;
        let mut stdout = BufReader::new(stdout);
        let ready = timeout(START, next_line(&mut stdout)).await.context("it did not become ready")??;
        Ok(Self { _child: child, stdout, ready })
    }

    /// The next line it prints, a JSON value.
    pub async fn next_line(&mut self) -> Result<Value> {
        next_line(&mut self.stdout).await
    }

    /// The port it said it listens on, on loopback.
    pub fn addr(&self) -> Result<SocketAddr> {
        let port = self.ready.get("port").and_then(Value::as_u64).context("it did not say its port")?;
        Ok(([127, 0, 0, 1], u16::try_from(port)?).into())
    }
}

async fn next_line(stdout: &mut BufReader<ChildStdout>) -> Result<Value> {
    let mut line = String::new();
    if stdout.read_line(&mut line).await? == 0 {
        bail!("it ended without a word");
    }
    serde_json::from_str(&line).with_context(|| format!("it printed {line}"))
}

/// A pseudo terminal whose other end is a TCP connection: a serial port to a device that speaks serial frames over TCP.
pub struct Pty {
    _socat: Child,
    folder: tempfile::TempDir,
}

impl Pty {
    /// Connects to `target` and opens a terminal for it.
    pub async fn to_tcp(target: SocketAddr) -> Result<Self> {
        Self::open(|_| format!("tcp:{target},nodelay"), &["tty"]).await
    }

    /// Two terminals that are each other's other end: a cable between two serial ports.
    pub async fn cable() -> Result<Self> {
        Self::open(|folder| terminal(&folder.join("far")), &["tty", "far"]).await
    }

    async fn open(far: impl Fn(&Path) -> String, links: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut socat = Command::new("socat")
            .arg(terminal(&folder.path().join("tty")))
            .arg(far(folder.path()))
            .kill_on_drop(true)
            .spawn()
            .context("starting socat (Debian package socat)")?;
        let opened = async {
            while !links.iter().all(|link| folder.path().join(link).exists()) {
                if let Some(status) = socat.try_wait()? {
                    bail!("socat ended: {status}");
                }
                sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        timeout(START, opened).await.context("socat opened no terminal")??;
        Ok(Self { _socat: socat, folder })
    }

    /// The port to open.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("tty")
    }

    /// The port at the other end of a cable.
    pub fn far_path(&self) -> PathBuf {
        self.folder.path().join("far")
    }
}

fn terminal(link: &Path) -> String {
    format!("pty,raw,echo=0,link={}", link.display())
}
