//! `lastmile`: subcommands only, no logic.
fn main() {}
