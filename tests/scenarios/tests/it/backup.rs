//! The page `docs/how-to/replace-a-dead-box.md`, command by command: a box that reads and predicts is backed up while it runs,
//! killed, its folder deleted, and another takes its place. And what is said when a backup cannot be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, free_port, lastmile_program, packed_pump, pump_site, say, workspace};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::Instant;

const SOON: Duration = Duration::from_mins(2);
/// What the page promises, from the dead box to predictions.
const PROMISED: Duration = Duration::from_mins(10);
const PASSPHRASE: &str = "a pump hums at night\n";

/// The reader's shell: the edge that runs already, or one that it starts, answers at `$AT`.
const SHELL: &str = r#"set -euo pipefail
edge=
trap '[ -z "$edge" ] || { kill "$edge"; wait "$edge" || true; }' EXIT
# the same day all through
date() { echo 6; }
ready() { for _ in $(seq 600); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done; echo "never ready: $*"; return 1; }
lastmile() {
    case "$1 $2" in
        "edge "*) exec "$LASTMILE_BIN" "$@" --listen "${AT#http://}" ;;
        "backup write" | "record export" | "backup read-notice" | "export "*) "$LASTMILE_BIN" "$@" --at "$AT" ;;
        *) "$LASTMILE_BIN" "$@" ;;
    esac
}
"#;

/// The commands of the page in the blocks with this label, with our folders in place of the reader's.
fn script(label: &str, home: &Path) -> Result<String> {
    let page = fs::read_to_string(workspace().join("docs/how-to/replace-a-dead-box.md"))?;
    let mut script = SHELL.to_owned();
    let blocks = page.split("```sh ").skip(1).filter_map(|rest| rest.split("```").next());
    for block in blocks.filter_map(|block| block.strip_prefix(label)) {
        for line in block.lines().filter(|line| !line.is_empty()) {
            let line = match line.strip_suffix('&') {
                Some(runs_on) => {
                    format!("{runs_on} > edge.log 2>&1 &\nedge=$!\nready lastmile export --data /var/lib/lastmile")
                }
                None => line.to_owned(),
            };
            script.push_str(&line);
            script.push('\n');
        }
    }
    ensure!(script.len() > SHELL.len(), "the page has no block `{label}`");
    let home = home.display();
    Ok(script
        .replace("/var/lib/lastmile", &format!("{home}/data"))
        .replace("/mnt/backup", &format!("{home}/backup"))
        .replace("/etc/lastmile", &format!("{home}/etc")))
}

async fn typed(label: &str, home: &Path, at: &str) -> Result<Finished> {
    fs::write(home.join("page.sh"), script(label, home)?)?;
    let mut bash = Command::new("bash");
    bash.arg("page.sh").current_dir(home).env("AT", at).env("LASTMILE_BIN", lastmile_program()?);
    bash.env("LASTMILE_ONNXRUNTIME", scenarios::onnxruntime());
    Finished::of(bash, PROMISED).await?.good()
}

/// What must be the same on the new box: configuration with its deployments, and the digest of an entry of the record.
async fn identity(edge: &Edge) -> Result<(String, Vec<Value>)> {
    let site = edge.lastmile(&["export"]).await?.good()?.stdout;
    let changes = edge.http().get("/api/v1/changes?limit=500").await?;
    let mut changes = changes["changes"].as_array().cloned().context("no changes")?;
    changes.reverse();
    Ok((site, changes.into_iter().map(|change| change["digest"].clone()).collect()))
}

struct Plant {
    folder: TempDir,
    _plc: Program,
}

impl Plant {
    /// A pump on a real protocol, an edge that reads it and predicts, a passphrase, a folder for backups.
    async fn new() -> Result<(Self, Edge)> {
        let folder = TempDir::new()?;
        let mut plc = Program::peer("modbus/server.py", &["tcp"])?;
        let ready: Value = serde_json::from_str(&plc.line_with("\"port\"", SOON).await?)?;
        let port = ready.get("port").and_then(Value::as_u64).context("the Modbus server says its port")?;
        let site = folder.path().join("site.toml");
        fs::write(&site, pump_site(u16::try_from(port)?, &packed_pump(folder.path()).await?)?)?;
        for name in ["etc", "backup"] {
            fs::create_dir(folder.path().join(name))?;
        }
        fs::write(folder.path().join("etc/passphrase"), PASSPHRASE)?;
        let edge = Edge::start(&folder.path().join("data"), Some(&site)).await?;
        edge.predicts(0).await?;
        Ok((Self { folder, _plc: plc }, edge))
    }

    fn home(&self) -> &Path {
        self.folder.path()
    }
}

#[tokio::test]
async fn the_page_replaces_a_dead_box_in_minutes() -> Result<()> {
    let (plant, edge) = Plant::new().await?;
    let home = plant.home();
    let said = typed("nightly", home, edge.http().base()).await?.stdout;
    ensure!(said.contains("read back: Test as it was") && said.contains("without history"), "{said}");
    let (site, record) = identity(&edge).await?;
    let (died, seq) = (edge.now_ms().await?, edge.acknowledged().await?);
    edge.kill().await?;
    fs::remove_dir_all(home.join("data"))?;

    let begun = Instant::now();
    let said = typed("new-box", home, &format!("http://127.0.0.1:{}", free_port()?)).await?;
    ensure!(said.stdout.contains("Whole:") && said.stdout.contains("has read that this edge"), "{}", said.stdout);
    ensure!(said.stderr.contains("Restoring to"), "{}", said.stderr);
    let edge = Edge::start(&home.join("data"), None).await?;
    edge.predicts(died).await?;
    let took = begun.elapsed();
    say(&format!("backup: from the dead box to predictions of the new one {took:.1?}"));
    ensure!(took < PROMISED, "it took {took:.1?}");

    let (restored_site, restored_record) = identity(&edge).await?;
    ensure!(restored_site == site, "{restored_site}");
    // the entry of the backup itself came after its copy; the restore and the reading of its notice follow
    let (ours, theirs) = (&restored_record[..record.len() - 1], &record[..record.len() - 1]);
    ensure!(ours == theirs && restored_record.len() == record.len() + 1, "{restored_record:?}\n{record:?}");
    let newest = edge.http().get("/api/v1/changes?limit=2&act=restore").await?;
    ensure!(
        newest.pointer("/changes/0/words").and_then(Value::as_str).is_some_and(|words| words.starts_with("restored"))
    );
    let doctor = edge.http().get("/api/v1/doctor").await?.to_string();
    ensure!(doctor.contains("backup.last") && !doctor.contains("backup.restored"), "{doctor}");
    ensure!(edge.acknowledged().await? > 0, "numbers went on from before {seq}");
    let devices = edge.http().get("/api/v1/devices").await?;
    ensure!(devices.as_array().is_some_and(|devices| devices.len() == 1), "{devices}");
    ensure!(edge.stop(SOON).await?.success());
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

struct Files {
    backup: PathBuf,
    passphrase: PathBuf,
    target: PathBuf,
}

impl Files {
    async fn restore(&self, backup: &Path, passphrase: &Path) -> Result<Finished> {
        let (backup, target, passphrase) = (text(backup)?, text(&self.target)?, text(passphrase)?);
        let arguments = ["backup", "restore", backup, "--data", target, "--passphrase-file", passphrase];
        Finished::lastmile(&arguments, SOON).await
    }

    /// Refused with this code in words, and nothing is where it would have been, nor beside.
    async fn refused(&self, backup: &Path, passphrase: &Path, words: &str) -> Result<()> {
        let refused = self.restore(backup, passphrase).await?.exit(1)?;
        ensure!(refused.stderr.contains(words), "{}", refused.stderr);
        ensure!(!self.target.exists(), "something was put in place");
        let beside = fs::read_dir(self.target.parent().context("a folder")?)?.flatten();
        let left: Vec<_> = beside.filter(|entry| entry.file_name().to_string_lossy().contains("restoring")).collect();
        ensure!(left.is_empty(), "{left:?}");
        Ok(())
    }
}

#[tokio::test]
async fn history_comes_back_and_what_cannot_be_restored_is_told_and_changes_nothing() -> Result<()> {
    let (plant, edge) = Plant::new().await?;
    let home = plant.home();
    let files = Files {
        backup: home.join("backup/edge.backup"),
        passphrase: home.join("etc/passphrase"),
        target: home.join("new/data"),
    };
    fs::create_dir(home.join("new"))?;
    // of an edge that rests: its folder is enough
    ensure!(edge.stop(SOON).await?.success());
    let (backup, data, passphrase) = (text(&files.backup)?, home.join("data"), text(&files.passphrase)?);
    let write = ["backup", "write", backup, "--with-history", "--data", text(&data)?, "--passphrase-file", passphrase];
    Finished::lastmile(&write, SOON).await?.good()?;

    let wrong = home.join("etc/wrong");
    fs::write(&wrong, "another five words entirely\n")?;
    files.refused(&files.backup, &wrong, "does not open").await?;
    let whole = fs::read(&files.backup)?;
    let broken = home.join("backup/broken.backup");
    for place in [30, whole.len() / 3, whole.len() - 2] {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(&broken, damaged)?;
        files.refused(&broken, &files.passphrase, "backup").await?;
    }
    fs::write(&broken, &whole[..whole.len() * 2 / 3])?;
    files.refused(&broken, &files.passphrase, "The end of the backup is missing").await?;
    files.refused(&home.join("site.toml"), &files.passphrase, "no backup").await?;
    fs::create_dir(&files.target)?;
    fs::write(files.target.join("mine"), "mine")?;
    let refused = files.restore(&files.backup, &files.passphrase).await?.exit(1)?;
    ensure!(refused.stderr.contains("something in this folder"), "{}", refused.stderr);
    fs::remove_file(files.target.join("mine"))?;

    // the old folder and the new one have the same history
    files.restore(&files.backup, &files.passphrase).await?.good()?;
    let old = Edge::start(&data, None).await?;
    let before = old.history(&["line/speed"]).await?;
    let seq = old.acknowledged().await?;
    old.kill().await?;
    let new = Edge::start(&files.target, None).await?;
    let after = new.history(&["line/speed"]).await?;
    let restored: Vec<_> = after.iter().filter(|sample| before.contains(sample)).collect();
    ensure!(
        restored.len() > 20 && restored.len() + 5 > before.len(),
        "{} of {} came back",
        restored.len(),
        before.len()
    );
    ensure!(new.acknowledged().await? + 60 > seq, "numbers go on");
    let doctor = new.http().get("/api/v1/doctor").await?.to_string();
    ensure!(doctor.contains("backup.restored") && !doctor.contains("damaged"), "{doctor}");
    new.predicts(new.now_ms().await?).await?;
    ensure!(new.stop(SOON).await?.success());
    Ok(())
}
