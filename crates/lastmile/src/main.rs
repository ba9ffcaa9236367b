//! `lastmile`: subcommands only, no logic. Each is a file in `commands/`; what they do lives in the crates below.

mod args;
mod commands;
mod out;

use clap::Parser;

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
