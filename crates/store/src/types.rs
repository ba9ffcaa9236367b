//! What goes into the store and what comes out of it, as plain values.

use std::path::PathBuf;
use std::time::Duration;

use domain::log_record::DropReason;
use domain::{Problem, Stream, Timestamp};

/// Where the store lives and how large its parts may become.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Its own folder; nothing else may live in it.
    pub dir: PathBuf,
    /// The epoch of a store that begins its life with this opening: a random number, new at every call.
    pub new_epoch: u64,
    /// Begins a new life with this opening, after a restore: what is there stays, and its numbers go on under `new_epoch`.
    pub new_life: bool,
    /// Bytes for caches. The tail of the log, which has to be known to be read, comes on top: 32 bytes per scan.
    pub memory: u64,
    /// Free bytes on the disk below which the oldest days are dropped; below half of it appends are refused.
    pub reserve: u64,
    /// Size of a file that is kept only to be deleted when the disk is full.
    pub ballast: u64,
    /// Bytes after which a new log file begins. Log files are deleted whole.
    pub segment: u64,
}

impl StoreOptions {
    /// Sizes for an edge: 64 MB of caches at most, a reserve of 512 MB, a ballast of 16 MB, log files of 8 MiB.
    pub fn new(dir: impl Into<PathBuf>, new_epoch: u64) -> Self {
        Self {
            dir: dir.into(),
            new_epoch,
            new_life: false,
            memory: 64_000_000,
            reserve: 512_000_000,
            ballast: 16_000_000,
            segment: 8 << 20,
        }
    }
}

/// What opening found and did, in words where a person should know.
#[derive(Clone, Debug, Default)]
pub struct OpenReport {
    /// The epoch of the store.
    pub epoch: u64,
    /// The store began its life with this opening.
    pub created: bool,
    /// A store that could not be opened was moved here.
    pub quarantined: Option<PathBuf>,
    /// Bytes of an unfinished write that were cut off; nothing acknowledged was in them.
    pub torn_bytes: u64,
    /// Damaged places that were found; the rest is served.
    pub damaged: u64,
    /// Scans of the log's tail that history serves from the log until they are sealed.
    pub tail_scans: u64,
    /// The newest arrival that is known.
    pub last_arrival: Option<Timestamp>,
    /// All of it in words.
    pub problems: Vec<Problem>,
}

/// Sequence numbers up to which each stream is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Of [`Stream::Data`]; 0 is "nothing yet".
    pub data: u64,
    /// Of [`Stream::Prediction`].
    pub prediction: u64,
}

impl Synced {
    /// Of one stream.
    pub fn of(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Data => self.data,
            Stream::Prediction => self.prediction,
        }
    }
}

/// How long and how much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days whose last sample is older are dropped.
    pub keep: Duration,
    /// Above this size of history and log the oldest days are dropped.
    pub max_bytes: u64,
}

/// What sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Groups whose part of the tail became chunks.
    pub groups: usize,
    /// Chunks written, overlays included.
    pub chunks: usize,
    /// Scans in them.
    pub scans: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Groups that are due and wait for the next call.
    pub waiting: usize,
}

/// What retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Day files dropped.
    pub days: usize,
    /// Bytes of day files and log files that were freed.
    pub bytes: u64,
}

/// A series in equal buckets.
pub type Trend = domain::trend::Trend<GapReason>;
/// A stretch of time without a scan of a series.
pub type Gap = domain::trend::Gap<GapReason>;

/// Why there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The program was not running.
    Stopped,
    /// The wall clock was set.
    ClockStep,
    /// Older than history is kept.
    Retention,
    /// Dropped, or never taken, because the disk was full.
    DiskFull,
    /// The bytes were damaged.
    Damaged,
}

impl From<DropReason> for GapReason {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::DiskFull => Self::DiskFull,
            DropReason::Damaged => Self::Damaged,
            DropReason::TooLarge => Self::Retention,
        }
    }
}

/// Records of one stream, as they were written, one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSlice {
    /// The records ([`domain::log_record::parse`] reads them one by one).
    pub bytes: Vec<u8>,
    /// Sequence number of the first; 0 when there is none.
    pub first: u64,
    /// Sequence number of the last; 0 when there is none.
    pub last: u64,
    /// How many.
    pub count: u64,
    /// Numbers between the one asked for and the last that are not here: trimmed, dropped or damaged. When there is no
    /// record at all, how many numbers from the one asked for were given and are gone.
    pub missing: u64,
}

/// Records of the log that went before they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dropped {
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
    /// Why.
    pub reason: DropReason,
}

/// How much is where, and how long the room lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StoreStats {
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Bytes of sealed history.
    pub history_bytes: u64,
    /// Bytes of the dictionary, cursors and marks.
    pub notes_bytes: u64,
    /// Bytes held back for a full disk.
    pub ballast_bytes: u64,
    /// Free bytes on the disk.
    pub free_bytes: u64,
    /// Days of history that fit into `max_bytes` and the disk beyond those used now, at the rate of the last days.
    pub days_left: Option<f64>,
    /// The oldest sealed or unsealed arrival.
    pub oldest: Option<Timestamp>,
    /// Scans that are only in the log so far.
    pub unsealed_scans: u64,
    /// Series ever defined.
    pub series: u64,
    /// Groups ever defined.
    pub groups: u64,
}

/// What was counted since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// Commits that were synced.
    pub commits: u64,
    /// Scans appended.
    pub scans: u64,
    /// Samples in them.
    pub samples: u64,
    /// Bytes written to the log.
    pub log_bytes: u64,
    /// Bytes written as chunks.
    pub chunk_bytes: u64,
    /// Chunks written.
    pub chunks: u64,
    /// Of them, overlays for late data.
    pub overlay_chunks: u64,
    /// Damaged places found, each once, those found at opening included.
    pub damaged: u64,
    /// Bytes of unfinished writes that were cut off.
    pub torn_bytes: u64,
    /// Day files dropped, by age, size or a full disk.
    pub days_dropped: u64,
    /// Records of the log dropped before they were uploaded.
    pub records_dropped: u64,
    /// Appends that were refused.
    pub appends_refused: u64,
    /// Writes or syncs that failed.
    pub write_failures: u64,
}
