//! Places: the ISA-95 tree on which all scoping hangs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The levels of ISA-95 part 1 that we use (enterprise, site, area, line, cell).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The company.
    Enterprise,
    /// A plant.
    Site,
    /// A part of a plant.
    Area,
    /// A line or a process unit.
    Line,
    /// A machine or a cell of a line.
    Cell,
}

/// A place by its path below the site: `line-2/pump-7`. The empty path is the site itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlacePath(String);

impl PlacePath {
    /// The site itself.
    pub fn site() -> Self {
        Self::default()
    }

    /// The path as text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this place or below it.
    pub fn contains(&self, other: &str) -> bool {
        self.0.is_empty() || other == self.0 || other.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The place above, none for the site itself.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map(|(above, _)| above.to_owned()).unwrap_or_default()))
    }
}

impl fmt::Display for PlacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PlacePath {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::site());
        }
        check_path(text).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for PlacePath {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PlacePath> for String {
    fn from(path: PlacePath) -> Self {
        path.0
    }
}

/// Paths are typed on phones and become MQTT topics and file names: letters, digits, `-`, `_` and `.`, parts by `/`.
pub(crate) fn check_path(text: &str) -> Result<(), String> {
    const MAX_BYTES: usize = 200;
    if text.len() > MAX_BYTES {
        return Err(format!("a path has at most {MAX_BYTES} bytes, this one has {}", text.len()));
    }
    for part in text.split('/') {
        if part.is_empty() {
            return Err(format!("`{text}` has an empty part; write it like `line-2/pump-7`"));
        }
        if let Some(wrong) = part.chars().find(|c| !c.is_alphanumeric() && !"-_.".contains(*c)) {
            return Err(format!("`{wrong}` in `{text}` is not allowed; use letters, digits, `-`, `_` and `.`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_contains_itself_and_what_is_below_but_not_its_namesakes() {
        let line: PlacePath = "line-2".parse().unwrap();
        assert!(line.contains("line-2/pump-7"));
        assert!(line.contains("line-2"));
        assert!(!line.contains("line-20"));
        assert!(PlacePath::site().contains("line-20"));
    }

    #[test]
    fn a_wrong_path_says_what_to_write() {
        assert!("line 2/x".parse::<PlacePath>().unwrap_err().contains("use letters"));
        assert!("a//b".parse::<PlacePath>().unwrap_err().contains("empty part"));
    }
}
