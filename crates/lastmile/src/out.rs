//! The only place that prints: words for people, JSON lines for programs.

use std::io::Write;

use domain::Problems;

/// How a command ended: 0 it went well, 1 a finding, 2 it was asked wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to complain about.
    Ok,
    /// It ran, and found something.
    Finding,
    /// The command line or a file is wrong.
    Usage,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok => Self::SUCCESS,
            Exit::Finding => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

/// Where answers go. A closed pipe (`| head`) is no error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    /// JSON instead of words.
    pub json: bool,
}

impl Out {
    /// One line of text, whatever the format.
    #[expect(clippy::unused_self, reason = "all printing goes through this one value")]
    pub(crate) fn line(self, text: impl std::fmt::Display) {
        let mut stdout = std::io::stdout().lock();
        let _closed = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    }

    /// One JSON line, whatever the format.
    pub(crate) fn json(self, value: &impl serde::Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            self.line(text);
        }
    }

    /// Many JSON lines, flushed when the writer is dropped.
    #[expect(clippy::unused_self, reason = "all printing goes through this one value")]
    pub(crate) fn lines(self) -> Lines {
        Lines(std::io::BufWriter::with_capacity(1 << 16, std::io::stdout()))
    }

    /// A sentence beside the answer, to the error stream.
    #[expect(clippy::unused_self, reason = "all printing goes through this one value")]
    pub(crate) fn note(self, words: impl std::fmt::Display) {
        let _closed = writeln!(std::io::stderr().lock(), "{words}");
    }

    /// `words` for people, `value` for programs.
    pub(crate) fn say(self, words: impl std::fmt::Display, value: &impl serde::Serialize) {
        if self.json { self.json(value) } else { self.line(words) }
    }

    /// All problems, to the error stream for people and to the output for programs.
    pub(crate) fn problems(self, problems: &Problems) {
        if self.json {
            self.json(&serde_json::json!({ "problems": problems }));
        } else {
            let _closed = writeln!(std::io::stderr().lock(), "{problems}");
        }
    }
}

/// Many JSON lines.
pub(crate) struct Lines(std::io::BufWriter<std::io::Stdout>);

impl Lines {
    /// One of them.
    pub(crate) fn push(&mut self, value: &impl serde::Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            let _closed = writeln!(self.0, "{text}");
        }
    }

    /// A part of them, as it came.
    pub(crate) fn bytes(&mut self, lines: &[u8]) {
        let _closed = self.0.write_all(lines);
    }
}
