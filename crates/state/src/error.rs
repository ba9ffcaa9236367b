//! What can go wrong: an act that is not done, or a database that does not answer.

use std::time::Duration;

use access::Refused;
use domain::said::act as said;
use domain::{Problem, Problems};

/// Why an act was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Not allowed; says why and who could.
    #[error("{}", .0.why_not())]
    Refused(Refused),
    /// Something about what was asked is wrong; all problems at once.
    #[error("{0}")]
    Wrong(Problems),
    /// What was asked for is not there.
    #[error("{0}")]
    Missing(Problem),
    /// Somebody else was quicker: look again, then ask again.
    #[error("{0}")]
    Conflict(Problem),
    /// Name, password or code is wrong.
    #[error("{0}")]
    NotProved(Problem),
    /// Too many tries.
    #[error("{problem}")]
    TooMany {
        /// In words.
        problem: Box<Problem>,
        /// How long to wait.
        wait: Duration,
    },
    /// The database failed.
    #[error("the state could not be written")]
    State(#[from] StateError),
}

impl ActError {
    /// All of it as problems, for files and commands.
    pub fn into_problems(self) -> Problems {
        match self {
            Self::Wrong(problems) => problems,
            other => other.problems(),
        }
    }

    /// The same without taking it.
    pub fn problems(&self) -> Problems {
        match self {
            Self::Refused(refused) => refused.problem().into(),
            Self::Wrong(problems) => problems.clone(),
            Self::Missing(problem) | Self::Conflict(problem) | Self::NotProved(problem) => problem.clone().into(),
            Self::TooMany { problem, .. } => (**problem).clone().into(),
            Self::State(error) => error.problem().into(),
        }
    }
}

impl From<Refused> for ActError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Problems> for ActError {
    fn from(problems: Problems) -> Self {
        Self::Wrong(problems)
    }
}

impl From<Problem> for ActError {
    fn from(problem: Problem) -> Self {
        Self::Wrong(problem.into())
    }
}

impl From<sqlx::Error> for ActError {
    fn from(error: sqlx::Error) -> Self {
        Self::State(error.into())
    }
}

/// The database or a file beside it failed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A file.
    #[error("{path} could not be used")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database is not in the data folder.
    #[error("the state is in PostgreSQL")]
    Elsewhere,
    /// There is no room on the disk.
    #[error("{0}")]
    Full(Box<Problem>),
    /// Something stored is not what it should be.
    #[error("{what}")]
    Stored {
        /// One sentence.
        what: String,
    },
}

impl StateError {
    pub(crate) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), source }
    }

    pub(crate) fn full(problem: Problem) -> Self {
        Self::Full(Box::new(problem))
    }

    pub(crate) fn stored(what: impl Into<String>) -> Self {
        Self::Stored { what: what.into() }
    }

    /// Whether room on the disk could help: SQLite found it full, or could not write (it says so of some files only in
    /// that way; <https://sqlite.org/rescode.html>, codes 13 and 10 in the low byte).
    pub(crate) fn needs_room(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
        code.is_some_and(|code| matches!(code & 0xff, 10 | 13))
    }

    /// For people.
    pub fn problem(&self) -> Problem {
        let why = std::error::Error::source(self).map(ToString::to_string).unwrap_or_default();
        match self {
            Self::Full(problem) => return (**problem).clone(),
            Self::Elsewhere => domain::said::backup::NOT_A_FILE.problem("the state", []),
            Self::Database(_) => said::DATABASE.problem("the edge's state", []),
            Self::File { path, .. } => said::STATE_FILE.problem(path.clone(), []),
            Self::Stored { what } => said::STORED.problem("the edge's state", [("what", what.as_str().into())]),
        }
        .why(why)
    }
}
