//! One encrypted file that holds a box: its state, keys and models, and its history if asked.
//!
//! The file is [age](https://age-encryption.org/v1) with a passphrase over a zstd tar whose first entry is the [`Manifest`],
//! so any box with `age`, `zstd` and `tar` opens it without us. Knows files and streams; what belongs into a backup of an edge
//! or a hub is theirs to say.

mod age;
mod error;
mod folder;
mod manifest;
mod passphrase;
mod read;
mod write;

pub use error::BackupError;
pub use folder::{Restoring, open_file, small_files};
pub use manifest::{FORMAT, Kind, Manifest, PartLine};
pub use passphrase::Passphrase;
pub use read::{open, unpack, verify};
pub use write::{About, Part, Prepared, ReadAt};

/// Whether a file that begins like this is a backup.
pub fn begins_like_one(bytes: &[u8]) -> bool {
    bytes.starts_with(age::BEGINNING)
}
