//! `cargo xtask setup`: installs what the demo or the tests need, once. The second run finds all in place.
//!
//! The demo needs no administrator: Python and Node packages go into `.scratch` and `web/node_modules`.

mod packages;
mod python;
mod web;

use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use crate::args::Args;
use crate::part::{Part, announce_skipped};
use crate::shell::{Stopwatch, find_program, say};

pub(crate) use packages::{browser, for_bench, postgres_programs};
pub(crate) use web::install_packages as web_packages;

/// What is going to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Demo,
    Test,
}

pub(crate) fn command(mut args: Args) -> Result<bool> {
    let purpose = match args.values("--for")?.last().map(String::as_str) {
        None | Some("demo") => For::Demo,
        Some("test") => For::Test,
        Some(other) => bail!("`--for` takes demo or test, not `{other}`"),
    };
    let without = args.without()?;
    args.end()?;
    let clock = Stopwatch::start();
    run(purpose, &without)?;
    say(&format!("setup: all in place ({})", clock.text()));
    Ok(announce_skipped(&without))
}

/// Installs what is missing. Python and web go side by side: both mostly wait for the network.
pub(crate) fn run(purpose: For, without: &[Part]) -> Result<()> {
    let wanted = |part| !without.contains(&part);
    need_tools(wanted(Part::Web))?;
    if purpose == For::Test {
        packages::install(without)?;
    }
    thread::scope(|scope| {
        let python = scope.spawn(|| -> Result<()> {
            python::onnxruntime().context("ONNX Runtime")?;
            if purpose == For::Test && wanted(Part::Python) {
                python::peers().context("Python peers")?;
            }
            Ok(())
        });
        let web = scope.spawn(|| if wanted(Part::Web) { web::build().context("web pages") } else { Ok(()) });
        let results = [python.join(), web.join()];
        for result in results {
            result.map_err(|_| anyhow!("a set-up step panicked"))??;
        }
        Ok(())
    })
}

/// Installs the Python peers, which benches measure beside us, too.
pub(crate) fn python_peers() -> Result<()> {
    need_tools(false)?;
    python::peers().context("Python peers")
}

/// The four things that a machine must bring along.
fn need_tools(web: bool) -> Result<()> {
    let mut missing = Vec::new();
    for (program, package, needed) in [
        ("cc", "build-essential", true),
        ("python3", "python3 python3-venv", true),
        ("node", "nodejs", web),
        ("npm", "npm", web),
    ] {
        if needed && find_program(program).is_none() {
            missing.push(package);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("this machine lacks what a set-up cannot bring: install it by `apt-get install {}`", missing.join(" "));
}

/// Runs one step with a line before and after it.
fn step(what: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    say(&format!("setup: {what} …"));
    let clock = Stopwatch::start();
    work()?;
    say(&format!("setup: {what}: done in {}", clock.text()));
    Ok(())
}
