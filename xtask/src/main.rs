//! `cargo xtask`: everything that a developer or a CI machine runs. The only scripting language of this project.
//!
//! Each command is one file or folder beside this one. Nothing here is part of the product.

mod args;
mod bench;
mod check;
mod cross;
mod demo;
mod deny;
mod faults;
mod generate;
mod part;
mod paths;
mod postgres;
mod setup;
mod shell;
mod spdx;
mod stamp;
mod suite;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::shell::say;

const HELP: &str = "\
usage: cargo xtask COMMAND

  setup [--for demo|test] [--without PART]…   install what is missing, into .scratch and web/node_modules
  demo [ARGUMENTS]                            set up, build, and run `lastmile demo ARGUMENTS`
  dev [ARGUMENTS]                             the demo, and the web page with live reload beside it
  test [--without PART]…                      set up, build, then every test there is
  test CRATE                                  the tests of one crate, with the servers they talk to
  scenario NAME|all                           one whole-system test from tests/scenarios
  bench NAME [--short] [--rounds N]           measure the release build beside others; writes docs/bench/NAME.md
  faults [OPTIONS]                            the edge under faults drawn from seeds, and 100 kills (tests/faults)
           --seed N         the first seed (default: another one each day)      --seeds COUNT   how many (3)
           --minutes M      how long each (3)      --kills COUNT   kills and power cuts (100)
           --release        the program as shipped      --short   what `test` runs
  check                                       format, lints, licences, house rules, generated files
  tidy                                        only the house rules
  deny                                        only licences, sources and banned crates
  gen [--check]                               write generated files again, or fail where they differ
  ci                                          check, then test: exactly what the CI machine runs

PART is python, web, postgres, mosquitto, socat, browser, scenarios, faults or namespaces. A part left out prints
SKIPPED and the command ends with exit code 1: a partial run is never a passed run.";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// True when all went well and nothing was skipped.
fn run() -> Result<bool> {
    let mut args = Args::new(std::env::args().skip(1));
    let Some(command) = args.next() else {
        say(HELP);
        bail!("no command given");
    };
    match command.as_str() {
        "setup" => setup::command(args),
        "demo" => demo::command(args),
        "dev" => demo::dev(args),
        "test" => suite::command(args),
        "scenario" => suite::scenario(args),
        "bench" => bench::command(args),
        "faults" => faults::command(args),
        "check" => {
            args.end()?;
            Ok(check::command(paths::BUILD_LASTMILE))
        }
        "tidy" => {
            args.end()?;
            tidy::command()
        }
        "deny" => {
            args.end()?;
            deny::check()
        }
        "gen" => generate::command(args),
        "ci" => {
            args.end()?;
            Ok(check::command(paths::BUILD_ALL) && suite::command(Args::new(std::iter::empty()))?)
        }
        "help" | "-h" | "--help" => {
            say(HELP);
            Ok(true)
        }
        other => {
            say(HELP);
            bail!("there is no command `{other}`");
        }
    }
}
