//! The scenarios, one file each. `cargo xtask scenario NAME` runs one, `cargo xtask scenario all` every one.

mod backup;
mod broken;
mod demo;
mod examples;
mod first_model;
mod footprint;
mod hostile;
mod import;
mod kill;
mod late_reply;
mod lines;
mod models;
mod record;
mod replay;
mod stop;
mod tags_out;
mod tep;
mod uplink;
