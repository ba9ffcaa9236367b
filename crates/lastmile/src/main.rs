//! `lastmile`: subcommands only, no logic. Each is a file in `commands/`; what they do lives in the crates below.

mod args;
mod commands;
mod out;

use clap::Parser;

/// Gives memory back to the system: reading a configuration of 100,000 tags takes hundreds of megabytes for a second, and
/// the allocator of the C library would keep most of them for ever.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _closed = error.print();
            let asked_for_help = !error.use_stderr();
            return if asked_for_help { out::Exit::Ok } else { out::Exit::Usage }.into();
        }
    };
    commands::run(cli).into()
}
