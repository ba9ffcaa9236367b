//! A real MQTT broker (Debian's mosquitto) on loopback, which tests may kill and start again.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long a broker may take to listen.
const START: Duration = Duration::from_secs(30);
/// It cannot be told port 0, so another program may be quicker with a port that was free.
const TRIES: usize = 5;

/// A broker. It is killed when dropped.
pub struct Broker {
    child: Option<Child>,
    folder: tempfile::TempDir,
    port: u16,
}

impl Broker {
    /// Starts one with these lines of `mosquitto.conf` beside its listener. `{folder}` in them is its own folder, into
    /// which `files` are written first.
    pub async fn start(lines: &str, files: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text)?;
        }
        let mut broker = Self { child: None, folder, port: 0 };
        for _ in 0..TRIES {
            broker.port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            // as root it would become the user `mosquitto`, who may not read the folder
            let own = format!("listener {} 127.0.0.1\nuser root\n", broker.port);
            let lines = lines.replace("{folder}", &broker.folder.path().display().to_string());
            std::fs::write(broker.config(), own + &lines)?;
            if broker.again().await.is_ok() {
                return Ok(broker);
            }
        }
        broker.again().await.map(|()| broker)
    }

    /// One that lets everybody in.
    pub async fn open() -> Result<Self> {
        Self::start("allow_anonymous true\n", &[]).await
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files are.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Kills it, like a power cut.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Starts it again on the same port, and waits until it listens.
    pub async fn again(&mut self) -> Result<()> {
        let mut command = Command::new("mosquitto");
        // Debian keeps it where only root looks for programs
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
        command.arg("-c").arg(self.config()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().context("starting mosquitto (Debian package mosquitto)")?;
        let end = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("mosquitto ended: {status}");
            }
            if Instant::now() > end {
                bail!("mosquitto does not listen");
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.child = Some(child);
        Ok(())
    }

    fn config(&self) -> PathBuf {
        self.file("mosquitto.conf")
    }
}
