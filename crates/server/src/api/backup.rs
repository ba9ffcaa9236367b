//! Backups.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a backup is to hold, and what opens it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteBackup {
    /// Opens the file again; 12 to 1024 characters. Kept nowhere.
    pub passphrase: String,
    /// With samples and predictions.
    #[serde(default)]
    pub history: bool,
    /// Why, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl fmt::Debug for WriteBackup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBackup").field("history", &self.history).finish_non_exhaustive()
    }
}
