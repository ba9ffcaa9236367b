//! `lastmile backup write|show|restore|read-notice`: a box as one encrypted file.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use ::backup::{Manifest, Passphrase};
use domain::said::backup as said;
use domain::{Problem, Problems, Said};
use serde_json::{Value, json};

use super::Ended;
use super::at::At;
use crate::args::{AtArgs, BackupCommand};
use crate::out::{Exit, Out};

/// Where an edge is asked that has the folder open.
const USUAL: &str = "http://127.0.0.1:7433";

pub(super) async fn run(command: BackupCommand, out: Out) -> Ended {
    match command {
        BackupCommand::Write { file, with_history, passphrase_file, at, token, data } => {
            let passphrase = typed(passphrase_file.as_deref(), true)?;
            let good = Passphrase::new(&passphrase)?;
            let from = Wanted { at, token, data, with_history };
            write(&file, &passphrase, good, from, out).await
        }
        BackupCommand::Show { file, passphrase_file } => {
            let passphrase = Passphrase::to_try(&typed(passphrase_file.as_deref(), false)?);
            let manifest = edge::backup::show(&file, passphrase).await?;
            out.say(shown(&manifest), &described(&file, &manifest));
            Ok(Exit::Ok)
        }
        BackupCommand::Restore { file, data, passphrase_file } => {
            let passphrase = Passphrase::to_try(&typed(passphrase_file.as_deref(), false)?);
            restore(&file, passphrase, &data, out).await
        }
        BackupCommand::ReadNotice(at) => {
            let done: Value = At::new(&at)?.put("backup/notice", &json!({})).await?;
            out.say(done["words"].as_str().unwrap_or_default(), &done);
            Ok(Exit::Ok)
        }
    }
}

/// Which edge, and what of it.
struct Wanted {
    at: Option<String>,
    token: Option<PathBuf>,
    data: PathBuf,
    with_history: bool,
}

async fn write(file: &Path, passphrase: &str, good: Passphrase, from: Wanted, out: Out) -> Ended {
    let partial = Partial::beside(file);
    let resting = match &from.at {
        Some(_) => None,
        None => resting(&partial, good.clone(), &from).await?,
    };
    if resting.is_none() {
        running(&partial, passphrase, from).await?;
    }
    // what cannot be read back is no backup
    let manifest = edge::backup::show(&partial.0, good).await?;
    partial.put_in_place(file).map_err(|error| unusable(file, &error))?;
    out.say(format!("Written to {} and read back: {}", file.display(), shown(&manifest)), &described(file, &manifest));
    Ok(Exit::Ok)
}

/// Of an edge that does not run; none when it does.
async fn resting(partial: &Partial, passphrase: Passphrase, from: &Wanted) -> Result<Option<()>, Problems> {
    let create = || Ok(BufWriter::new(File::create(&partial.0).map_err(|error| unusable(&partial.0, &error))?));
    match edge::backup::write_resting(&from.data, passphrase, from.with_history, create).await {
        Ok((sink, _)) => {
            let synced = sink.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
            synced.map_err(|error| unusable(&partial.0, &error))?;
            Ok(Some(()))
        }
        Err(problems) if problems.0.iter().any(|problem| problem.code == "store.in-use") => Ok(None),
        Err(problems) => Err(problems),
    }
}

/// Of an edge that runs: it encrypts and sends.
async fn running(partial: &Partial, passphrase: &str, from: Wanted) -> Result<(), Problems> {
    let Wanted { at, token, data, with_history } = from;
    let at = At::new(&AtArgs { at: at.unwrap_or_else(|| USUAL.to_owned()), token, data })?;
    let body = json!({ "passphrase": passphrase, "history": with_history });
    let mut answer = at.post_stream("backup", &body).await?;
    let failed = |error: io::Error| Problems::from(unusable(&partial.0, &error));
    let mut file = File::create(&partial.0).map_err(failed)?;
    loop {
        let piece = answer.chunk().await;
        let piece = piece.map_err(|error| said::CUT.problem("the backup", []).why(error.to_string()))?;
        let Some(piece) = piece else { break };
        file.write_all(&piece).map_err(failed)?;
    }
    file.sync_all().map_err(failed)
}

async fn restore(file: &Path, passphrase: Passphrase, data: &Path, out: Out) -> Ended {
    let opened = ::backup::open_file(file)?;
    let place = file.display().to_string();
    let manifest = ::backup::open(opened, &passphrase).map_err(|error| error.problem(&place))?;
    out.note(format!("Restoring to {}: {}", data.display(), shown(&manifest)));
    let manifest = edge::backup::restore(file, passphrase, data).await?;
    let words = format!(
        "Restored. Make sure that the old box stays off, then start this one: lastmile edge --data {}\n\
         Sessions and one-time codes are gone, line terminals must be enrolled again, and no mode is above `ask`.",
        data.display()
    );
    out.say(words, &described(file, &manifest));
    Ok(Exit::Ok)
}

fn shown(manifest: &Manifest) -> Said {
    let now = edge::clock::Clock::start().now();
    let history = if manifest.history { said::WITH_HISTORY } else { said::WITHOUT_HISTORY };
    said::SHOWN.say([
        ("name", manifest.name.as_str().into()),
        ("ago_ms", now.since(manifest.made).into()),
        ("made", manifest.made.utc().into()),
        ("size_bytes", manifest.bytes().into()),
        ("count", manifest.parts.len().into()),
        ("record", manifest.record.into()),
        ("history", (&history).into()),
        ("program", manifest.program.as_str().into()),
    ])
}

fn described(file: &Path, manifest: &Manifest) -> Value {
    json!({ "file": file, "manifest": manifest })
}

/// A file on its way; removed unless it got its name.
struct Partial(PathBuf);

impl Partial {
    fn beside(file: &Path) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(".part");
        Self(name.into())
    }

    fn put_in_place(self, file: &Path) -> io::Result<()> {
        std::fs::rename(&self.0, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // a folder cannot be opened where names are durable by themselves
        File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // gone already when it got its name
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// The passphrase: the first line of a file, else typed; twice for a new one.
fn typed(file: Option<&Path>, new: bool) -> Result<String, Problem> {
    if let Some(file) = file {
        let mut line = String::new();
        let read = File::open(file).and_then(|file| BufReader::new(file).read_line(&mut line));
        read.map_err(|error| unusable(file, &error))?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt).map_err(|error| {
            Problem::new("backup.no-terminal", "the terminal", "the passphrase cannot be asked for")
                .why(error.to_string())
                .hint("give it in a file with --passphrase-file")
        })
    };
    let first = ask("Passphrase of the backup: ")?;
    if new && ask("Once more: ")? != first {
        return Err(Problem::new("backup.passphrases-differ", "the passphrase", "the two are not the same"));
    }
    Ok(first)
}

fn unusable(file: &Path, error: &io::Error) -> Problem {
    said::FILE.problem(file.display().to_string(), []).why(error.to_string())
}
