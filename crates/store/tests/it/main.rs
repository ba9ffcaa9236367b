//! The store from outside: against a model, against power cuts, kills, damage and full disks.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

mod damage;
mod files;
mod history;
mod kill;
mod lives;
mod model;
mod power;
mod support;
