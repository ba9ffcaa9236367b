//! `cargo xtask demo` and `cargo xtask dev`: set up, build, and hand this terminal to `lastmile demo`.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::args::Args;
use crate::paths;
use crate::setup::{self, For};
use crate::shell::{Stopwatch, cargo, npm, run, say};

/// `cargo xtask demo ARGUMENTS`
pub(crate) fn command(args: Args) -> Result<bool> {
    prepare()?;
    become_program(lastmile_demo().args(args.rest()))
}

/// `cargo xtask dev ARGUMENTS`: the demo, and the pages from `web/` with live reload beside it.
pub(crate) fn dev(args: Args) -> Result<bool> {
    prepare()?;
    let mut demo = lastmile_demo().args(args.rest()).spawn().context("cannot start lastmile")?;
    let mut pages = npm().args(["exec", "--no", "--", "vite"]).spawn().context("cannot start the page server")?;
    say("dev: edit web/src and see it at the address that vite prints; Ctrl-C ends both");
    loop {
        let ended = demo.try_wait()?.or(pages.try_wait()?);
        if let Some(status) = ended {
            let _ = demo.kill();
            let _ = pages.kill();
            return Ok(status.success());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Sets up and builds at the same time: one waits for the network, the other for the processor.
fn prepare() -> Result<()> {
    let clock = Stopwatch::start();
    thread::scope(|scope| {
        let setup = scope.spawn(|| setup::run(For::Demo, &[]));
        let build = build();
        setup.join().map_err(|_| anyhow!("the set-up panicked"))??;
        build
    })?;
    say(&format!("ready to start after {}", clock.text()));
    Ok(())
}

/// Builds the program as the demo, the scenarios and the page tests run it: quick to build, hot spots optimised.
fn build() -> Result<()> {
    say("building lastmile; the first time takes some minutes …");
    run(cargo().args(paths::BUILD_LASTMILE))
}

fn lastmile_demo() -> Command {
    let mut command = Command::new(paths::lastmile());
    command.arg("demo").env("LASTMILE_ONNXRUNTIME", paths::onnxruntime());
    command
}

/// Replaces this program, so that Ctrl-C and every other signal reach the demo itself.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<bool> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("cannot start lastmile")
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<bool> {
    Ok(command.status().context("cannot start lastmile")?.success())
}
