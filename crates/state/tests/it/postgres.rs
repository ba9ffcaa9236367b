//! A PostgreSQL for the tests: the one that `LASTMILE_TEST_POSTGRES` names, else one of our own on a Unix socket.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection};

/// `cargo xtask test --without postgres` says SKIPPED for all of us, and does not count as passed.
pub(crate) fn is_left_out() -> bool {
    std::env::var("LASTMILE_WITHOUT").is_ok_and(|parts| parts.split(',').any(|part| part == "postgres"))
}

/// URL of a new, empty database.
pub(crate) async fn new_database() -> String {
    static SERVER: OnceLock<String> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(|| std::env::var("LASTMILE_TEST_POSTGRES").unwrap_or_else(|_| start()));
    sqlx::any::install_default_drivers();
    let name = format!("state_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut connection = sqlx::AnyConnection::connect(server).await.expect("the PostgreSQL server answers");
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (before, options) = server.split_once('?').unwrap_or((server, ""));
    let (host, _database) = before.rsplit_once('/').expect("a URL with a database");
    format!("{host}/{name}?{options}")
}

/// Starts a cluster of our own. It is stopped and removed when this process ends, however it ends: the cleaner waits
/// for the end of its standard input, which is us.
fn start() -> String {
    let programs = programs();
    let folder = PathBuf::from(format!("/tmp/lastmile-state-postgres-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a fresh folder in /tmp");
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if root {
        run(Command::new("chown").arg("postgres").arg(&folder));
    }
    let program = |name: &str| {
        let path = programs.join(name);
        let mut command = if root { Command::new("runuser") } else { Command::new(&path) };
        if root {
            command.args(["-u", "postgres", "--"]).arg(path);
        }
        command.current_dir("/tmp");
        command
    };
    let data = folder.join("data");
    let mut initdb = program("initdb");
    initdb.args(["--username=lastmile", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
    run(initdb.arg(&data));
    let options = format!(
        "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=200",
        folder.display()
    );
    let mut pg_ctl = program("pg_ctl");
    pg_ctl.args(["start", "--wait", "--silent", "-o", &options, "-l"]).arg(folder.join("log")).arg("-D").arg(&data);
    run(pg_ctl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    clean_up_when_we_are_gone(&programs, &folder, root);
    format!("postgres:///postgres?host={}&user=lastmile", folder.display())
}

fn clean_up_when_we_are_gone(programs: &Path, folder: &Path, root: bool) {
    let user = if root { "runuser -u postgres --" } else { "" };
    let script = format!(
        "cd /tmp; cat > /dev/null; {user} {}/pg_ctl stop --mode=immediate --silent -D {folder}/data; rm -rf {folder}",
        programs.display(),
        folder = folder.display()
    );
    let cleaner = Command::new("setsid")
        .args(["sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("setsid and sh are there");
    // never dropped: its standard input closes with this process
    std::mem::forget(cleaner);
}

fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
    newest.expect("PostgreSQL is missing: every query is tested on it. Install it: apt-get install postgresql")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} can't be started: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
