//! Models at places, as a site's configuration names them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use domain::{Mode, PlacePath, TagPath};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model at one place, or at N like places (`at`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// Unique among deployments.
    pub name: String,
    /// Where, unless `at` lists several places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub place: Option<PlacePath>,
    /// The package: a path beside site.toml or a digest.
    #[schemars(with = "String")]
    pub bundle: BundleRef,
    /// How far it may go.
    #[serde(default = "Deployment::default_mode")]
    #[schemars(with = "String")]
    pub mode: Mode,
    /// Signal of the contract → tag, at `place`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub map: BTreeMap<String, TagPath>,
    /// Like places, one batched model call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<DeploymentAt>,
    /// Tunable of the contract → value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tune: BTreeMap<String, f64>,
}

/// One of the places of a deployment that repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentAt {
    /// Where.
    #[schemars(with = "String")]
    pub place: PlacePath,
    /// Signal of the contract → tag, at this place.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub map: BTreeMap<String, TagPath>,
}

impl Deployment {
    /// A model that nobody raised only watches.
    pub(crate) fn default_mode() -> Mode {
        Mode::Watch
    }

    /// Every place with its mapping, in order: `place` + `map`, or each of `at`.
    pub fn places(&self) -> Vec<(&PlacePath, &BTreeMap<String, TagPath>)> {
        let single = self.place.iter().map(|place| (place, &self.map));
        single.chain(self.at.iter().map(|at| (&at.place, &at.map))).collect()
    }
}

/// Which bundle: a file beside site.toml, or one that is already on the edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BundleRef {
    /// A path relative to the folder of site.toml.
    Path(String),
    /// `sha256:` and 64 hexadecimal digits.
    Digest(String),
}

impl fmt::Display for BundleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Path(text) | Self::Digest(text)) = self;
        f.write_str(text)
    }
}

impl FromStr for BundleRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(digits) = text.strip_prefix("sha256:") else {
            let inside = !text.is_empty() && !text.contains('\0');
            return inside
                .then(|| Self::Path(text.to_owned()))
                .ok_or_else(|| "a bundle needs a path or a digest".into());
        };
        if digits.len() == 64 && digits.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)) {
            Ok(Self::Digest(text.to_owned()))
        } else {
            Err(format!("`{text}` is not a digest: `sha256:` is followed by 64 digits 0-9 and a-f"))
        }
    }
}

impl TryFrom<String> for BundleRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BundleRef> for String {
    fn from(reference: BundleRef) -> Self {
        reference.to_string()
    }
}
