//! Who this is, and whether it still has to be set up. Readable without a session.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Texts;

/// The program and its site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// The version of the program.
    pub version: String,
    /// `site` or `hub`.
    pub role: String,
    /// The site's name.
    pub site: String,
    /// The IANA zone of the plant; screens show its time.
    pub time_zone: String,
    /// The site's language.
    pub language: String,
    /// The edge's clock now.
    pub now_ms: i64,
    /// True until the first owner exists: show the set-up page.
    pub first_run: bool,
    /// Present when this is a demonstration: a simulated plant with switches for faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<Demo>,
}

/// The switches of the demonstration. Posting to `path` needs a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Demo {
    /// What is simulated, one sentence.
    pub about: Texts,
    /// The faults, in the order of their buttons.
    pub faults: Vec<DemoFault>,
}

/// One switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemoFault {
    /// Its name, as in `--fault`.
    pub name: String,
    /// What the button says.
    pub title: Texts,
    /// POST `{"on": true}` here.
    pub path: String,
    /// Whether it is on now.
    pub on: bool,
}
