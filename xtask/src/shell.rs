//! Running programs: with their output shown, with it kept in a log file, or with it returned.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::paths;

/// A quiet program is reported as still running this often.
const STILL_RUNNING_EVERY: Duration = Duration::from_secs(15);
const POLL_EVERY: Duration = Duration::from_millis(50);
const LOG_LINES_SHOWN: usize = 40;

/// One line for the person who waits.
#[expect(clippy::print_stderr, reason = "talking to the person at the terminal is what xtask does")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// How long something took.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a stopwatch for people; no test has to hold it")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// For example `12.3 s` or `4 min 5 s`.
    pub(crate) fn text(&self) -> String {
        duration_text(self.elapsed())
    }
}

pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

/// `cargo`, the one that runs us, in the workspace's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(paths::root());
    // set by the `cargo run` that started us, and wrong for any other package: a build script that looks at one of them would
    // run again, with all that stands on it, each time a build is started by hand and by us in turn
    let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command
}

/// `npm` in `web/`.
pub(crate) fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(paths::web());
    command
}

/// Runs a program with its output on this terminal; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", words(command)))?;
    expect_success(command, status)
}

/// Runs a program and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {}", words(command)))?;
    expect_success(command, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("{} did not write UTF-8", words(command)))
}

/// Runs a program with its output in `.scratch/logs/NAME.log`; the end of it is shown only when the program fails.
pub(crate) fn run_logged(name: &str, what: &str, command: &mut Command) -> Result<()> {
    let log = log_file(name)?;
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let clock = Stopwatch::start();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    let mut next_report = STILL_RUNNING_EVERY;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if clock.elapsed() >= next_report {
            say(&format!("{what}: still at it after {}", clock.text()));
            next_report += STILL_RUNNING_EVERY;
        }
        thread::sleep(POLL_EVERY);
    };
    if !status.success() {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
        say(&lines.get(from..).unwrap_or_default().join("\n"));
        say(&format!("the whole log is {}", log.display()));
    }
    expect_success(command, status)
}

/// Where `run_logged` keeps what a program said.
fn log_file(name: &str) -> Result<PathBuf> {
    let folder = paths::scratch().join("logs");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder.join(format!("{name}.log")))
}

fn expect_success(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("{} failed ({status})", words(command));
}

/// The command as a person would type it.
pub(crate) fn words(command: &Command) -> String {
    let mut text = format!("`{}", command.get_program().to_string_lossy());
    for word in command.get_args() {
        let _ = write!(text, " {}", word.to_string_lossy());
    }
    text + "`"
}

/// Is there a program of this name on the search path?
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // daemons live where the search path of ordinary people does not reach
    std::env::split_paths(&path).chain(["/usr/sbin".into()]).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Are we the administrator of this machine?
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_for_people() {
        assert_eq!(duration_text(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(duration_text(Duration::from_secs(245)), "4 min 5 s");
    }

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let error = run(&mut Command::new("false")).unwrap_err().to_string();
        assert!(error.contains("`false`"), "{error}");
    }
}
