//! Who asks, and how they proved it.

use std::fmt;

use domain::{Id, PlacePath};
use serde::{Deserialize, Serialize};

/// What an account or a session stands for. More roles come with more people; the table in `decide` is where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything on this edge.
    Owner,
    /// A terminal at a line, bound to a place: sees it, acknowledges, switches models off.
    LineTerminal,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Owner, Self::LineTerminal];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::LineTerminal => "line-terminal",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an actor proved who it is; written into the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// Nothing was proved.
    None,
    /// The one-time set-up code of this edge.
    SetUpCode,
    /// A session opened with a password or a one-time code.
    Session,
    /// The token file in the data folder.
    TokenFile,
    /// The session of an enrolled line terminal.
    Terminal,
    /// The program itself, started by somebody who may start it.
    Box,
    /// Nothing but that it reached one of our outlets.
    Outlet,
}

impl Authority {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SetUpCode => "set-up-code",
            Self::Session => "session",
            Self::TokenFile => "token-file",
            Self::Terminal => "terminal",
            Self::Box => "box",
            Self::Outlet => "outlet",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Actor {
    /// Nobody is signed in.
    Nobody,
    /// Somebody with an account.
    Person {
        /// The account. The record holds this reference, never the name.
        account: Id,
        /// What is typed to sign in.
        name: String,
        /// What the account stands for.
        role: Role,
        /// How it was proved.
        authority: Authority,
    },
    /// An enrolled terminal.
    Terminal {
        /// The terminal.
        terminal: Id,
        /// What it is called.
        name: String,
        /// Where it stands; it acts there and below.
        place: PlacePath,
    },
    /// Whoever reads one of our outlets, such as SCADA: it may set the local variables that are opened to it there.
    Outlet {
        /// The outlet's name.
        name: String,
    },
    /// The program on this box: set-up, the demonstration, the token file before the first owner exists.
    Box {
        /// How it was proved.
        authority: Authority,
    },
}

impl Actor {
    /// The program itself.
    pub const BOX: Self = Self::Box { authority: Authority::Box };

    /// Role and the place it holds at; none for nobody.
    pub fn holds(&self) -> Option<(Role, PlacePath)> {
        match self {
            Self::Nobody | Self::Outlet { .. } => None,
            Self::Person { role, .. } => Some((*role, PlacePath::site())),
            Self::Terminal { place, .. } => Some((Role::LineTerminal, place.clone())),
            Self::Box { .. } => Some((Role::Owner, PlacePath::site())),
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Nobody => "nobody",
            Self::Person { name, .. } | Self::Terminal { name, .. } | Self::Outlet { name } => name,
            Self::Box { .. } => "this box",
        }
    }

    /// How it was proved.
    pub fn authority(&self) -> Authority {
        match self {
            Self::Nobody => Authority::None,
            Self::Person { authority, .. } | Self::Box { authority } => *authority,
            Self::Terminal { .. } => Authority::Terminal,
            Self::Outlet { .. } => Authority::Outlet,
        }
    }

    /// The reference for the record: `account:…`, `terminal:…`, `outlet:…`, `box`, `nobody`. Holds no personal data.
    pub fn reference(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Person { account, .. } => format!("account:{account}"),
            Self::Terminal { terminal, .. } => format!("terminal:{terminal}"),
            Self::Outlet { name } => format!("outlet:{name}"),
            Self::Box { .. } => "box".to_owned(),
        }
    }
}

/// Somebody who holds a role at a place, for the answer to "who could?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What people call them.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Where they hold it.
    pub place: PlacePath,
}
