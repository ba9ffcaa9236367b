//! From a command line to the crate that does it.

mod at;
mod backup;
mod bundle;
mod demo;
mod device;
mod edge;
mod history;
mod hub;
mod import;
mod model;
mod record;
mod site;

use std::io::IsTerminal;

use domain::{Problem, Problems};

use crate::args::{Cli, Command, HubArgs};
use crate::out::{Exit, Out};

/// What a command gives: how it ended, or everything that was wrong.
type Ended = Result<Exit, Problems>;

/// Runs one command.
pub(crate) fn run(cli: Cli) -> Exit {
    let out = Out { json: cli.json };
    if matches!(cli.command, Command::Worker) {
        // no runtime, no logging: the worker stays as small as its model allows
        inference::worker_main();
        return Exit::Ok;
    }
    log_to_stderr(&cli.command);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out.problems(&Problem::new("program.no-runtime", "this computer", error.to_string()).into());
            return Exit::Finding;
        }
    };
    match runtime.block_on(dispatch(cli.command, out)) {
        Ok(exit) => exit,
        Err(problems) => {
            out.problems(&problems);
            Exit::Finding
        }
    }
}

async fn dispatch(command: Command, out: Out) -> Ended {
    match command {
        Command::Demo(args) => demo::run(args, out).await,
        Command::Edge(args) => edge::run(args, out).await,
        Command::Hub(args) => hub::run(args, out).await,
        Command::Device(command) => device::run(command, out).await,
        Command::Model(command) => model::run(command, out).await,
        Command::Bundle(command) => bundle::run(command, out).await,
        Command::History(command) => history::run(command, out).await,
        Command::Apply(args) => site::apply(args, out).await,
        Command::Export(args) => site::export(args, out).await,
        Command::Schema { openapi, sentences } => Ok(site::schema(openapi, sentences, out)),
        Command::Mode(args) => site::mode(&args.deployment, &args.mode, Some(args.because), args.at, out).await,
        Command::Off(args) => site::mode(&args.deployment, "off", None, args.at, out).await,
        Command::Record(command) => record::run(command, out).await,
        Command::Backup(command) => backup::run(command, out).await,
        Command::Doctor(args) => Ok(edge::doctor(&args, out)),
        Command::Worker => Ok(Exit::Ok),
    }
}

/// What runs on logs warnings; a command says by itself what is wrong. `LASTMILE_LOG` says otherwise (`info`,
/// `edge=debug`).
fn log_to_stderr(command: &Command) {
    let runs = matches!(command, Command::Edge(_) | Command::Demo(_) | Command::Hub(HubArgs { command: None, .. }));
    let usual = if runs { "warn" } else { "error" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("LASTMILE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
}

/// Ends when a person or the system asks for it.
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _unsupported = tokio::signal::ctrl_c().await;
}
