//! What a backup holds: its first entry.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The layout that this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;
/// A manifest is at most this long.
pub(crate) const MANIFEST_BYTES: u64 = 16 << 20;
/// Its name in the tar.
pub(crate) const MANIFEST_NAME: &str = "manifest.json";

/// Of what kind of box a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An edge.
    Edge,
    /// A hub.
    Hub,
}

/// The first entry of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout.
    pub format: u32,
    /// Edge or hub.
    pub kind: Kind,
    /// The version of the program that wrote it.
    pub program: String,
    /// The node whose record it holds.
    pub node: String,
    /// What people call it.
    pub name: String,
    /// When, µs since 1970 UTC by the clock of the box.
    pub made: Timestamp,
    /// The number of the newest entry of the record.
    pub record: i64,
    /// Whether samples and predictions are in it.
    pub history: bool,
    /// Everything else in it, in order.
    pub parts: Vec<PartLine>,
}

/// One file of the box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartLine {
    /// Its path below the data folder, with `/`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of them, hex.
    pub sha256: String,
}

impl Manifest {
    /// Reads one. A newer layout is told before anything else is looked at.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        struct Layout {
            format: u32,
        }
        let damaged = |error: serde_json::Error| BackupError::Damaged { what: format!("its manifest: {error}") };
        let Layout { format } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format > FORMAT {
            return Err(BackupError::Newer { format });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        if let Some(part) = manifest.parts.iter().find(|part| !is_below(&part.name)) {
            return Err(BackupError::Damaged { what: format!("its manifest names a part `{}`", part.name) });
        }
        Ok(manifest)
    }

    /// Bytes of all parts.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.size).sum()
    }
}

/// Whether a name stays below the folder it is unpacked to, on any system: plain parts, `/` between them.
pub(crate) fn is_below(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.ends_with([' ', '.'])
            && !part.chars().any(|c| c.is_control() || "\\:*?\"<>|".contains(c))
    };
    name.len() <= 240 && name.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_the_folder_is_no_name() {
        for good in ["edge.key", "history/log/000000000001.log", "bundles/0a1b.tar"] {
            assert!(is_below(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "a//b", "../x", "a/../../x", "a/.", "C:/x", "a\\b", "a/", "a\n"] {
            assert!(!is_below(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_newer_layout_is_told_even_when_the_rest_is_strange() {
        assert!(matches!(Manifest::read(br#"{"format":2,"parts":7}"#), Err(BackupError::Newer { format: 2 })));
        assert!(matches!(Manifest::read(br#"{"format":1}"#), Err(BackupError::Damaged { .. })));
    }
}
