//! The shapes of the HTTP interface, once: what routes take and give, and what `web/openapi.json` says.
//!
//! Not the nouns (those are in `domain`): a shape is what a screen or a script needs in one answer.
//! Times are milliseconds since 1970 UTC and end in `_ms`; durations are milliseconds too.

pub mod about;
pub mod account;
pub mod advisory;
pub mod backup;
pub mod bundle;
pub mod change;
pub mod common;
pub mod deployment;
pub mod device;
pub mod edge;
pub mod edge_history;
pub mod health;
pub mod history;
pub mod import;
pub mod link;
pub mod live;
pub mod outlet;
pub mod place;
pub mod problem;
pub mod site;
pub mod tag;
pub mod trend;
