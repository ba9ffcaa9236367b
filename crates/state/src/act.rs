//! Everything that can be asked for: the one list of acts.

use std::collections::BTreeMap;

use access::{Action, Role};
use bundle::Contract;
use config::SiteConfig;
use config::site::DeploymentAt;
use domain::{Id, Mode, PlacePath, TagPath, Timestamp, Value};
use link::enrol::ClaimCode;
use link::key::KeyId;

use crate::Secret;

/// One thing a person (or a program on this box) asks for. [`crate::State::act`] is the only way to do it.
#[derive(Clone, Debug)]
pub enum Act {
    /// Makes the first owner. Works once, with the code that [`crate::State::set_up_code`] gives.
    FirstOwner {
        /// The set-up code; none is fine for the box itself.
        code: Option<Secret>,
        /// The account.
        account: NewAccount,
    },
    /// Adds an account.
    AddAccount(NewAccount),
    /// Sets a password and ends the other sessions of that account.
    SetPassword {
        /// The account's name.
        name: String,
        /// The new password.
        password: Secret,
    },
    /// Opens a session. The actor is nobody.
    SignIn(SignIn),
    /// Ends a session.
    SignOut {
        /// Which.
        session: Id,
    },
    /// Makes a one-time code that signs an account in.
    MakeLoginCode {
        /// The account's name.
        name: String,
    },
    /// Makes a one-time code that turns a browser into a line terminal.
    EnrolTerminal {
        /// What the terminal is called.
        name: String,
        /// Where it stands.
        place: PlacePath,
    },
    /// Replaces everything in `site.toml` but the deployments.
    ChangeSite {
        /// The new configuration; its deployments are not looked at.
        config: Box<SiteConfig>,
        /// The head it was made from; none: whatever is there now.
        based_on: Option<i64>,
    },
    /// Registers a bundle whose file is in place ([`crate::State::bundle_file`]).
    AddBundle(Box<NewBundle>),
    /// Deploys a bundle.
    Deploy(NewDeployment),
    /// Makes a new revision of a deployment.
    ChangeDeployment(DeploymentChange),
    /// Says how far a deployment may go.
    SetMode {
        /// The deployment.
        name: String,
        /// The mode.
        mode: Mode,
    },
    /// Takes a deployment away.
    RemoveDeployment {
        /// The deployment.
        name: String,
    },
    /// Says that an advisory was seen.
    Acknowledge {
        /// Which.
        advisory: Id,
    },
    /// Sets a local variable.
    SetVariable {
        /// Which.
        name: TagPath,
        /// The value.
        value: Value,
    },
    /// Makes a claim: a place that waits for a box. On a hub.
    Claim {
        /// Site and place that the box will stand for.
        place: PlacePath,
    },
    /// Lets a box in that waits, after its fingerprint was compared. On a hub.
    ApproveBox {
        /// Its key.
        key: KeyId,
    },
    /// Says no to a box that waits. On a hub.
    DeclineBox {
        /// Its key.
        key: KeyId,
    },
    /// Shuts an edge's key out for good. On a hub.
    RevokeKey {
        /// The key.
        key: KeyId,
    },
    /// Says which of two boxes that speak as one edge is the right one. On a hub.
    ChooseBox {
        /// The edge.
        edge: Id,
        /// The life of the right box's store.
        epoch: u64,
    },
    /// Notes that a backup goes out. It is made by whoever asks; this comes before its first byte.
    WriteBackup {
        /// Whether history is in it.
        history: bool,
    },
    /// Begins again on what a backup held: sessions and one-time codes end, nothing may write by itself.
    Restore {
        /// When the backup was made.
        made: Timestamp,
    },
    /// Says that a person has read that this node was restored.
    ReadNotice,
}

/// How somebody signs in.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// With a name and its password.
    Password {
        /// The account's name.
        name: String,
        /// Its password.
        password: Secret,
    },
    /// With a one-time code.
    Code(Secret),
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What is typed to sign in.
    pub name: String,
    /// What people read; the name when empty.
    pub label: String,
    /// What it stands for.
    pub role: Role,
    /// Its password. None: it can only sign in with a one-time code until one is set.
    pub password: Option<Secret>,
}

/// A bundle that was opened and checked.
#[derive(Clone, Debug)]
pub struct NewBundle {
    /// `sha256:…`.
    pub digest: String,
    /// What it needs and gives.
    pub contract: Contract,
    /// Size of its file in bytes.
    pub size: i64,
}

/// A deployment to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDeployment {
    /// Unique on this edge.
    pub name: String,
    /// `sha256:…` of a bundle on this edge.
    pub bundle: String,
    /// One place, or several like ones.
    pub at: Vec<DeploymentAt>,
    /// Tunables that differ from the bundle's.
    pub tune: BTreeMap<String, f64>,
    /// How far it may go.
    pub mode: Mode,
}

/// A new revision; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentChange {
    /// The deployment.
    pub name: String,
    /// The revision the change was made from; none: whatever is there now.
    pub based_on: Option<i64>,
    /// Another bundle.
    pub bundle: Option<String>,
    /// Another mapping.
    pub at: Option<Vec<DeploymentAt>>,
    /// Other tunables.
    pub tune: Option<BTreeMap<String, f64>>,
}

impl Act {
    /// Its name in the record.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FirstOwner { .. } => "first-owner",
            Self::AddAccount(_) => "add-account",
            Self::SetPassword { .. } => "set-password",
            Self::SignIn(_) => "sign-in",
            Self::SignOut { .. } => "sign-out",
            Self::MakeLoginCode { .. } => "make-login-code",
            Self::EnrolTerminal { .. } => "enrol-terminal",
            Self::ChangeSite { .. } => "change-site",
            Self::AddBundle(_) => "add-bundle",
            Self::Deploy(_) => "deploy",
            Self::ChangeDeployment(_) => "change-deployment",
            Self::SetMode { .. } => "set-mode",
            Self::RemoveDeployment { .. } => "remove-deployment",
            Self::Acknowledge { .. } => "acknowledge",
            Self::SetVariable { .. } => "set-variable",
            Self::Claim { .. } => "claim",
            Self::ApproveBox { .. } => "approve-box",
            Self::DeclineBox { .. } => "decline-box",
            Self::RevokeKey { .. } => "revoke-key",
            Self::ChooseBox { .. } => "choose-box",
            Self::WriteBackup { .. } => "write-backup",
            Self::Restore { .. } => "restore",
            Self::ReadNotice => "read-notice",
        }
    }

    /// Every kind; the coverage test of access goes through it.
    pub const KINDS: [&'static str; 23] = [
        "first-owner",
        "add-account",
        "set-password",
        "sign-in",
        "sign-out",
        "make-login-code",
        "enrol-terminal",
        "change-site",
        "add-bundle",
        "deploy",
        "change-deployment",
        "set-mode",
        "remove-deployment",
        "acknowledge",
        "set-variable",
        "claim",
        "approve-box",
        "decline-box",
        "revoke-key",
        "choose-box",
        "write-backup",
        "restore",
        "read-notice",
    ];

    /// What has to be allowed.
    pub const fn action(&self) -> Action {
        match self {
            Self::FirstOwner { .. } => Action::FirstRun,
            Self::AddAccount(_) | Self::MakeLoginCode { .. } => Action::ManageAccounts,
            Self::SetPassword { .. } => Action::SetPassword,
            Self::SignIn(_) => Action::SignIn,
            Self::SignOut { .. } => Action::SignOut,
            Self::EnrolTerminal { .. } => Action::EnrolTerminal,
            Self::ChangeSite { .. } => Action::Configure,
            Self::AddBundle(_) => Action::AddBundle,
            Self::Deploy(_) | Self::ChangeDeployment(_) => Action::Deploy,
            Self::SetMode { mode: Mode::Off, .. } => Action::SwitchOff,
            Self::SetMode { .. } => Action::SetMode,
            Self::RemoveDeployment { .. } => Action::RemoveDeployment,
            Self::Acknowledge { .. } => Action::Acknowledge,
            Self::SetVariable { .. } => Action::SetVariable,
            Self::Claim { .. }
            | Self::ApproveBox { .. }
            | Self::DeclineBox { .. }
            | Self::RevokeKey { .. }
            | Self::ChooseBox { .. } => Action::EnrolEdge,
            Self::WriteBackup { .. } => Action::WriteBackup,
            Self::Restore { .. } => Action::Restore,
            Self::ReadNotice => Action::ReadNotice,
        }
    }

    /// Whether a person must say why. Undo is quicker than do: switching off and acknowledging never ask.
    pub(crate) const fn needs_reason(&self) -> bool {
        match self {
            Self::SetMode { mode, .. } => !matches!(mode, Mode::Off),
            Self::Deploy(_) | Self::ChangeDeployment(_) | Self::RemoveDeployment { .. } => true,
            _ => false,
        }
    }
}

impl Act {
    /// Whether it works on a full disk, from the room that is kept for it. Stopping always works, and so does whatever one
    /// needs to get there.
    pub(crate) const fn always_works(&self) -> bool {
        matches!(
            self,
            Self::SetMode { mode: Mode::Off, .. } | Self::Acknowledge { .. } | Self::SignIn(_) | Self::SignOut { .. }
        )
    }
}

/// What an act left behind.
#[derive(Clone, Debug)]
pub struct Done {
    /// The number of its entry; the head of the record when nothing had to change.
    pub change: i64,
    /// What happened, one sentence without its subject.
    pub words: String,
    /// What it gave.
    pub outcome: Outcome,
}

/// What an act gave.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing but its entry.
    Nothing,
    /// A session.
    Session(NewSession),
    /// A one-time code.
    Code(OneTimeCode),
    /// A configuration.
    Site {
        /// In plain words.
        differences: Vec<String>,
    },
    /// A revision of a deployment.
    Revision(i64),
    /// A claim.
    Claim(ClaimMade),
    /// An edge that was let in, shut out or chosen.
    Edge(Id),
}

/// A session that was opened. The token exists only here and with whoever signed in.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub id: Id,
    /// Its token.
    pub token: Secret,
    /// When it ends at the latest.
    pub expires: Option<Timestamp>,
}

/// A one-time code.
#[derive(Clone, Debug)]
pub struct OneTimeCode {
    /// The code.
    pub code: Secret,
    /// Until when it works.
    pub expires: Timestamp,
}

/// A claim that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimMade {
    /// What is typed at the box. Works once.
    pub code: ClaimCode,
    /// Until when.
    pub expires: Timestamp,
}
