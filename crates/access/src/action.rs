//! What can be asked for. Every act and every route names exactly one of these.

use std::fmt;

use domain::Sentence;
use domain::said::access as said;
use serde::{Deserialize, Serialize};

/// One kind of thing that an actor may or may not do at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Read health, the site's name and whether it is set up.
    Health,
    /// Sign in with a password or a one-time code.
    SignIn,
    /// Make the first owner with the set-up code.
    FirstRun,
    /// End the own session.
    SignOut,
    /// Read values, trends, models, advice and the record.
    See,
    /// Take samples out as a file.
    ExportHistory,
    /// Reach out to a device to test it or to read it now.
    TestDevice,
    /// Change devices, tags, places, history settings.
    Configure,
    /// Add accounts and see them.
    ManageAccounts,
    /// Set somebody's password.
    SetPassword,
    /// Make a browser a line terminal.
    EnrolTerminal,
    /// Bring a bundle.
    AddBundle,
    /// Deploy a bundle, change mapping or tunables.
    Deploy,
    /// Raise or lower a mode to anything but off.
    SetMode,
    /// Switch a model off.
    SwitchOff,
    /// Take a deployment away.
    RemoveDeployment,
    /// Say that an advisory was seen.
    Acknowledge,
    /// Set a local variable.
    SetVariable,
    /// Let boxes in as edges of this hub, and shut them out.
    EnrolEdge,
    /// Take everything this edge knows out as one encrypted file.
    WriteBackup,
    /// Note in the record that the edge came back from a backup.
    Restore,
    /// Say that the notice of a restore was read.
    ReadNotice,
    /// Throw a switch of the simulated plant in the demonstration.
    CauseFault,
}

/// How actions are grouped: what everybody may, what an owner may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionGroup {
    /// Nobody has to be signed in.
    Open,
    /// Somebody has to be signed in.
    Closed,
}

impl Action {
    /// Every action; tests and permission lists go through it.
    pub const ALL: [Self; 23] = [
        Self::Health,
        Self::SignIn,
        Self::FirstRun,
        Self::SignOut,
        Self::See,
        Self::ExportHistory,
        Self::TestDevice,
        Self::Configure,
        Self::ManageAccounts,
        Self::SetPassword,
        Self::EnrolTerminal,
        Self::AddBundle,
        Self::Deploy,
        Self::SetMode,
        Self::SwitchOff,
        Self::RemoveDeployment,
        Self::Acknowledge,
        Self::SetVariable,
        Self::EnrolEdge,
        Self::WriteBackup,
        Self::Restore,
        Self::ReadNotice,
        Self::CauseFault,
    ];

    /// The name on the wire: `switch-off`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::SignIn => "sign-in",
            Self::FirstRun => "first-run",
            Self::SignOut => "sign-out",
            Self::See => "see",
            Self::ExportHistory => "export-history",
            Self::TestDevice => "test-device",
            Self::Configure => "configure",
            Self::ManageAccounts => "manage-accounts",
            Self::SetPassword => "set-password",
            Self::EnrolTerminal => "enrol-terminal",
            Self::AddBundle => "add-bundle",
            Self::Deploy => "deploy",
            Self::SetMode => "set-mode",
            Self::SwitchOff => "switch-off",
            Self::RemoveDeployment => "remove-deployment",
            Self::Acknowledge => "acknowledge",
            Self::SetVariable => "set-variable",
            Self::EnrolEdge => "enrol-edge",
            Self::WriteBackup => "write-backup",
            Self::Restore => "restore",
            Self::ReadNotice => "read-notice",
            Self::CauseFault => "cause-fault",
        }
    }

    /// As it ends the sentence "You can't …".
    pub const fn sentence(self) -> Sentence {
        match self {
            Self::Health => said::HEALTH,
            Self::SignIn => said::SIGN_IN,
            Self::FirstRun => said::FIRST_RUN,
            Self::SignOut => said::SIGN_OUT,
            Self::See => said::SEE,
            Self::ExportHistory => said::EXPORT_HISTORY,
            Self::TestDevice => said::TEST_DEVICE,
            Self::Configure => said::CONFIGURE,
            Self::ManageAccounts => said::MANAGE_ACCOUNTS,
            Self::SetPassword => said::SET_PASSWORD,
            Self::EnrolTerminal => said::ENROL_TERMINAL,
            Self::AddBundle => said::ADD_BUNDLE,
            Self::Deploy => said::DEPLOY,
            Self::SetMode => said::SET_MODE,
            Self::SwitchOff => said::SWITCH_OFF,
            Self::RemoveDeployment => said::REMOVE_DEPLOYMENT,
            Self::Acknowledge => said::ACKNOWLEDGE,
            Self::SetVariable => said::SET_VARIABLE,
            Self::EnrolEdge => said::ENROL_EDGE,
            Self::WriteBackup => said::WRITE_BACKUP,
            Self::Restore => said::RESTORE,
            Self::ReadNotice => said::READ_NOTICE,
            Self::CauseFault => said::CAUSE_FAULT,
        }
    }

    /// Whether somebody has to be signed in at all.
    pub const fn group(self) -> ActionGroup {
        match self {
            Self::Health | Self::SignIn | Self::FirstRun => ActionGroup::Open,
            _ => ActionGroup::Closed,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
