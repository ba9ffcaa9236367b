//! Why bytes are no parcel, or one that contradicts itself.

use std::fmt;

use domain::Problem;
use domain::log_record::RecordError;
use domain::said::link as said;

/// Why a parcel is not taken, whatever the hub has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParcelError {
    /// A version that this program does not know.
    Version(u8),
    /// The bytes end too early, go on too long, or a checksum does not fit: altered or cut on the way.
    Damaged,
    /// It would unpack to more than [`super::MAX_BODY`].
    TooLarge,
    /// Checksums fit and the contents contradict the header. Names what.
    Contents(&'static str),
    /// A record cannot be read.
    Record(RecordError),
}

impl ParcelError {
    /// In words.
    pub fn problem(&self, place: &str) -> Problem {
        match self {
            Self::Version(version) => said::PARCEL_VERSION
                .problem(place, [("version", f64::from(*version).into()), ("known", f64::from(super::VERSION).into())]),
            Self::Damaged => said::PARCEL_DAMAGED.problem(place, []),
            Self::TooLarge => said::PARCEL_TOO_LARGE.problem(place, [("most_bytes", (super::MAX_BODY as f64).into())]),
            Self::Contents(what) => said::PARCEL_CONTENTS.problem(place, [("what", (*what).into())]),
            Self::Record(error) => said::PARCEL_RECORD.problem(place, [("why", error.to_string().into())]),
        }
    }
}

impl fmt::Display for ParcelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem("").what)
    }
}

impl std::error::Error for ParcelError {}

impl From<RecordError> for ParcelError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}
