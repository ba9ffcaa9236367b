//! `lastmile demo`: everything in one command.

use std::time::Duration;

use domain::{Problem, Problems};
use serde_json::json;

use super::{Ended, asked_to_stop};
use crate::args::DemoArgs;
use crate::out::{Exit, Out};

pub(super) async fn run(args: DemoArgs, out: Out) -> Ended {
    let faults = args.fault.iter().map(|text| fault(text)).collect::<Result<Vec<_>, _>>()?;
    let options = demo::DemoOptions { speed: args.speed, listen: args.listen, data: args.data, faults };
    let running = demo::start(options).await?;
    let url = running.url();
    if args.headless || args.run_for.is_some() {
        out.json(
            &json!({ "event": "ready", "url": url, "log_in": running.log_in(), "token_file": running.token_file() }),
        );
    } else {
        out.say(welcome(&running), &json!({ "event": "ready", "url": url, "log_in": running.log_in() }));
    }
    match args.run_for {
        Some(time) => tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = asked_to_stop() => {}
        },
        None => asked_to_stop().await,
    }
    let summary = running.stop().await;
    if args.run_for.is_some() || out.json {
        out.json(&summary);
    }
    Ok(Exit::Ok)
}

fn welcome(running: &demo::Demo) -> String {
    let log_in = running.log_in();
    format!(
        "\n  A simulated pump station runs on Modbus TCP at {plant}, and this edge reads it.\n\n  \
         Open  {link}\n\n  \
         (or {url} and sign in as {name} with {password})\n\n  \
         Press \"bearing-wear\" on the page and watch the advice come. Ctrl-C stops everything.\n",
        plant = running.plant(),
        link = log_in.link,
        url = running.url(),
        name = log_in.name,
        password = log_in.password,
    )
}

/// `NAME` or `NAME@SECONDS`.
fn fault(text: &str) -> Result<(String, Duration), Problems> {
    let Some((name, seconds)) = text.split_once('@') else { return Ok((text.to_owned(), Duration::ZERO)) };
    let seconds: Option<f64> = seconds.parse().ok().filter(|seconds: &f64| (0.0..1e9).contains(seconds));
    seconds.map(|seconds| (name.to_owned(), Duration::from_secs_f64(seconds))).ok_or_else(|| {
        Problem::new("fault.malformed", text, "a fault is written NAME or NAME@SECONDS")
            .hint("for example bearing-wear@20")
            .into()
    })
}
