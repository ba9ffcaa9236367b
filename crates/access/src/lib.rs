//! Who may do what, why not, and who could.
//!
//! Pure: a table of roles and actions, no I/O, no clock. The signature is the one a policy engine can fill later;
//! nothing outside this crate compares roles.

mod action;
mod actor;
mod decide;

pub use action::{Action, ActionGroup};
pub use actor::{Actor, Authority, Holder, Role};
pub use decide::{Allowed, Refused, may, who_could, why_not};
