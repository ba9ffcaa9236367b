//! Programs that run while something is measured: each is ended by its own process id, whatever happens.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::paths;
use crate::shell::words;

/// A program with both ends in our hands.
pub(crate) struct Running {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {}", words(command)))?;
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().context("standard output is piped")?);
        Ok(Self { child, to, from })
    }

    /// The next line it prints, as JSON.
    pub(crate) fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        ensure!(self.from.read_line(&mut line)? > 0, "it ended without a word");
        serde_json::from_str(&line).with_context(|| format!("it said {line}"))
    }

    pub(crate) fn say(&mut self, line: &str) -> Result<()> {
        let to = self.to.as_mut().context("it was told that nothing comes any more")?;
        writeln!(to, "{line}")?;
        Ok(to.flush()?)
    }

    /// Closes its standard input and takes its last line.
    pub(crate) fn end(&mut self) -> Result<Value> {
        self.to = None;
        self.line()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that goes when it is dropped.
pub(crate) struct Temporary(PathBuf);

/// Below `.scratch`, on the disk that the page names.
pub(crate) fn temporary(name: &str) -> Result<Temporary> {
    let folder = paths::scratch().join(format!("bench-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Temporary(folder))
}

impl Temporary {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The product on a configuration of its own.
pub(crate) struct Edge {
    _program: Running,
    address: String,
    token: String,
}

impl Edge {
    /// Starts on an empty folder with this `site.toml`, and waits until it answers.
    pub(crate) fn start(lastmile: &Path, folder: &Path, site: &str) -> Result<Self> {
        let data = folder.join("data");
        fs::create_dir_all(&data)?;
        let file = folder.join("site.toml");
        fs::write(&file, site)?;
        let mut command = Command::new(lastmile);
        command.args(["--json", "edge", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg("--site").arg(&file);
        let log = fs::File::create(folder.join("edge.log"))?;
        let mut program = Running::start(command.env("LASTMILE_ONNXRUNTIME", paths::onnxruntime()).stderr(log))?;
        let url = loop {
            let line = program.line().context("the edge did not become ready")?;
            ensure!(line["problems"].is_null(), "the edge does not start: {line}");
            if line["event"] == "ready" {
                break line["url"].as_str().context("no `url` in the ready line")?.to_owned();
            }
        };
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let token = fs::read_to_string(data.join("cli-token")).context("the edge's token")?.trim().to_owned();
        Ok(Self { _program: program, address, token })
    }

    /// `/metrics`.
    pub(crate) fn metrics(&self) -> Result<String> {
        self.ask("GET", "/metrics", "")
    }

    /// Posts as the owner and gives the answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let text = self.ask("POST", path, &body.to_string())?;
        serde_json::from_str(&text).with_context(|| format!("{path} said {text}"))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<String> {
        let address = self.address.to_socket_addrs()?.next().context("no address")?;
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let (head, body) = text.split_once("\r\n\r\n").context("no end of the head")?;
        if !head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')) {
            bail!("{path}: {} {body}", head.lines().next().unwrap_or_default());
        }
        Ok(body.to_owned())
    }
}
