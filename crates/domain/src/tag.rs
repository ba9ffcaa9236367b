//! Tags by their names and numbers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A tag's name on its edge: the place it belongs to and its own name, `line-2/pump-7/vibration_de`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagPath(Arc<str>);

impl TagPath {
    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Everything before the last part: the place.
    pub fn place(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(place, _)| place)
    }
}

impl fmt::Display for TagPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TagPath {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::place::check_path(text).map(|()| Self(text.into()))
    }
}

impl TryFrom<String> for TagPath {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TagPath> for String {
    fn from(path: TagPath) -> Self {
        path.0.as_ref().to_owned()
    }
}

/// The number of a tag's *meaning*: a new type, unit or scale is a new number, so that old history keeps its sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesId(pub u32);

/// The number of an ordered list of series that are read, stored and sent together. A new list is a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub u32);
