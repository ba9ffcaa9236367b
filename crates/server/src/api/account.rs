//! Signing in, first run, accounts, line terminals.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::Permission;

/// Either a name with its password, or a one-time code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// The account.
    #[serde(default)]
    pub name: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<String>,
    /// A one-time code instead: printed by the demonstration, or made for a line terminal.
    #[serde(default)]
    pub code: Option<String>,
}

/// Who the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// Somebody with an account.
    Person,
    /// A line terminal.
    Terminal,
    /// A program on this box with the token file.
    Box,
}

/// Who is asking, and what they may do on the whole site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Person, terminal or program on this box.
    pub kind: ActorKind,
    /// The account or terminal.
    pub name: String,
    /// The name people read.
    pub label: String,
    /// `owner`, `line-terminal`.
    pub role: String,
    /// The place it is bound to; empty is the whole site.
    pub place: String,
    /// Every action with its answer at `place`.
    pub permissions: Vec<Permission>,
}

/// The first owner. Works once, with the set-up code that the edge printed when it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstRun {
    /// The set-up code.
    pub code: String,
    /// Name of the account to make.
    pub name: String,
    /// The name people read; the account's name when missing.
    #[serde(default)]
    pub label: Option<String>,
    /// At least 10 characters.
    pub password: String,
}

/// An account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// What is typed to sign in.
    pub name: String,
    /// The name people read.
    pub label: String,
    /// `owner`.
    pub role: String,
    /// When it was made.
    pub created_ms: i64,
    /// The last time it signed in.
    pub last_seen_ms: Option<i64>,
}

/// A new account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAccount {
    /// What is typed to sign in: letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// The name people read; the account's name when missing.
    #[serde(default)]
    pub label: Option<String>,
    /// At least 10 characters.
    pub password: String,
    /// `owner` for now.
    pub role: String,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// A new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewPassword {
    /// At least 10 characters.
    pub password: String,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// A terminal at a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTerminal {
    /// What it is called in the record: `line-2-panel`.
    pub name: String,
    /// The place it stands at; it acts there and below.
    pub place: String,
    /// Why.
    #[serde(default)]
    pub because: Option<String>,
}

/// Open `path` once in the terminal's browser within the hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// The one-time code.
    pub code: String,
    /// The page of the app that spends it: `/enter/…`.
    pub path: String,
    /// Until when.
    pub until_ms: i64,
}
