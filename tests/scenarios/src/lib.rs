//! What every scenario needs: the real `lastmile` program as a process, and a way to talk to it.
//!
//! A scenario is one file in `tests/scenarios/tests/it`. It knows nothing of our crates: what it sees is what a user
//! sees, which is a command line, HTTP, and what is on disk afterwards.

mod edge;
mod http;
mod hub;
mod models;
mod process;
mod pump;
mod replayed;
mod samples;
mod wire;

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

pub use edge::{Edge, Launch};
pub use http::Http;
pub use hub::{AtHub, Hub};
pub use models::{Case, Ran, made, model_runs, orphans, packed_model, workers_below};
pub use process::{Finished, Program, is_release, is_running, lastmile_program, onnxruntime, processes_below};
pub use pump::{SCORE, packed_pump, packed_pump_with, pump_site};
pub use replayed::Replayed;
pub use samples::{Sample, samples};
pub use wire::Wire;

/// A figure for the person who reads the log of a run.
#[expect(clippy::print_stdout, reason = "figures are half of what a scenario is for")]
pub fn say(text: &str) {
    println!("{text}");
}

/// The folder that holds the workspace's `Cargo.toml`.
pub fn workspace() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(PathBuf::from).unwrap_or(here)
}

/// Python with the peers of `tests/peers/requirements.txt`: env `LASTMILE_PYTHON`, else the one that
/// `cargo xtask setup --for test` makes.
pub fn python() -> PathBuf {
    std::env::var_os("LASTMILE_PYTHON").map_or_else(|| workspace().join(".scratch/venv/bin/python"), PathBuf::from)
}

/// A port of this machine that nobody listens on at this moment. For programs that cannot be told port 0; try again
/// when somebody else was quicker.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free port")?.local_addr()?.port())
}

/// Asks again and again until `ask` gives something, at most for `within`.
pub async fn eventually<T, F, A>(what: &str, within: Duration, mut ask: A) -> Result<T>
where
    A: FnMut() -> F,
    F: Future<Output = Result<Option<T>>>,
{
    let end = Instant::now() + within;
    loop {
        let last = ask().await;
        if let Ok(Some(found)) = last {
            return Ok(found);
        }
        if Instant::now() >= end {
            match last {
                Err(error) => return Err(error.context(format!("{what}: not within {within:?}"))),
                Ok(_) => bail!("{what}: not within {within:?}"),
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
}
