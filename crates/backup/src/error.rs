//! What can be wrong with a backup, in words.

use std::io;

use domain::Problem;
use domain::said::backup as said;

/// Why a backup could not be written or read. Nothing was put in place.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It does not begin like a backup.
    #[error("this is no backup")]
    NotABackup,
    /// It does not open with this passphrase.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// A newer version of the program wrote it.
    #[error("a newer version wrote it (layout {format})")]
    Newer {
        /// Its layout.
        format: u32,
    },
    /// Some of its bytes are not what was written.
    #[error("it is damaged: {what}")]
    Damaged {
        /// What was found.
        what: String,
    },
    /// Its end is missing.
    #[error("its end is missing")]
    Cut,
    /// A part of the box changed while it was read, or cannot be read.
    #[error("the part {part} could not be read")]
    Part {
        /// Its name.
        part: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file, or a folder it is unpacked to, cannot be used.
    #[error("a file could not be used")]
    File(#[source] io::Error),
}

impl BackupError {
    /// For people; `place` names the file.
    pub fn problem(&self, place: &str) -> Problem {
        match self {
            Self::NotABackup => said::NOT_A_BACKUP.problem(place, []),
            Self::WrongPassphrase => said::WRONG_PASSPHRASE.problem(place, []),
            Self::Newer { format } => said::NEWER
                .problem(place, [("format", u64::from(*format).into()), ("known", u64::from(crate::FORMAT).into())]),
            Self::Damaged { what } => said::DAMAGED.problem(place, []).why(what.clone()),
            Self::Cut => said::CUT.problem(place, []),
            Self::Part { part, source } => {
                said::PART.problem(place, [("part", part.as_str().into())]).why(source.to_string())
            }
            Self::File(error) => said::FILE.problem(place, []).why(error.to_string()),
        }
    }

    /// Of an error while the stream was read: a cut and a damage have kinds of their own (`age.rs`), the rest is the disk's.
    pub(crate) fn reading(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                Self::Damaged { what: error.to_string() }
            }
            _ => Self::File(error),
        }
    }
}
