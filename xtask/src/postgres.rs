//! A PostgreSQL of our own for one run of the tests: a Unix socket in a temporary folder, no port, no password.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup::postgres_programs;
use crate::shell::{is_root, run_logged, say};

/// The folder's name ends with the process id of the xtask that made it.
const PREFIX: &str = "lastmile-postgres-";

/// Stopped, and its files removed, when dropped.
pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    other_user: bool,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let programs = postgres_programs().context("PostgreSQL is not installed: `cargo xtask setup --for test`")?;
        stop_orphans(&programs);
        // not below target/ or .scratch: the path of a Unix socket must be shorter than 108 bytes
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let server = Self { folder, programs, other_user: is_root() };
        if server.other_user {
            // PostgreSQL refuses to run as root
            run_logged("postgres-chown", "postgres", Command::new("chown").arg("postgres").arg(&server.folder))?;
        }
        let mut initdb = server.program("initdb");
        initdb.args(["--username=lastmile", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        initdb.arg("-D").arg(server.data());
        run_logged("postgres-initdb", "postgres: initdb", &mut initdb)?;
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=200",
            server.folder.display()
        );
        let mut start = server.program("pg_ctl");
        start.args(["start", "--wait", "--silent", "-o", &options, "-D"]).arg(server.data());
        start.arg("-l").arg(server.folder.join("log"));
        run_logged("postgres-start", "postgres: start", &mut start)?;
        say(&format!("postgres: running in {}", server.folder.display()));
        Ok(server)
    }

    /// What the tests connect to; each test makes a database of its own.
    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=lastmile", self.folder.display())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of PostgreSQL's own programs, as user `postgres` when we are root.
    fn program(&self, name: &str) -> Command {
        let path: &Path = &self.programs.join(name);
        let mut command = if self.other_user {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.folder);
        command
    }
}

/// Stops what a run left behind that ended by Ctrl-C: PostgreSQL does not hear it.
fn stop_orphans(programs: &Path) {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for folder in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let owner = folder.file_name().and_then(|name| name.to_str()?.strip_prefix(PREFIX)?.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists()) {
            drop(Postgres { folder, programs: programs.to_path_buf(), other_user: is_root() });
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--wait", "--silent", "-D"]).arg(self.data());
        if let Err(error) = run_logged("postgres-stop", "postgres: stop", &mut stop) {
            say(&format!("postgres in {} was not stopped: {error:#}", self.folder.display()));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
