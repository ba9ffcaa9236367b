//! `lastmile device …`: one endpoint, no edge needed. The only prompt of the program is before a write.

use std::io::Write as _;
use std::time::Duration;

use domain::{Problem, Problems};

use super::{Ended, asked_to_stop};
use crate::args::DeviceCommand;
use crate::out::{Exit, Out};

/// Between two readings of `--watch`.
const WATCH: Duration = Duration::from_secs(1);

pub(super) async fn run(command: DeviceCommand, out: Out) -> Ended {
    match command {
        DeviceCommand::Check { url, addresses } => check(&url, &addresses, out).await,
        DeviceCommand::Browse { url } => {
            let found = commission::browse(&url, &[], now()).await?;
            out.say(found.words, &found);
            Ok(if found.can_browse { Exit::Ok } else { Exit::Finding })
        }
        DeviceCommand::Read { url, addresses, watch } => read(&url, &addresses, watch, out).await,
        DeviceCommand::Import(args) => super::import::run(args, out).await,
        DeviceCommand::Write { url, address, value, yes } => write(&url, &address, &value, yes, out).await,
    }
}

async fn check(url: &str, addresses: &[String], out: Out) -> Ended {
    let found = commission::check(url, addresses).await?;
    if out.json {
        out.json(&found);
    } else {
        match (found.reachable, found.connect_ms) {
            (true, Some(took)) => out.line(format!("reachable    connected in {took} ms")),
            _ => out.line("not reachable"),
        }
        if let Some(who) = &found.identity {
            let parts = [&who.vendor, &who.product, &who.version, &who.name];
            out.line(format!("it is        {}", parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")));
        } else if found.answers {
            out.line("it answers   and does not say who it is, as many devices do not");
        }
        if let Some(speed) = found.answer {
            out.line(format!(
                "answers in   {} ms (slowest {} ms of {})",
                speed.median_ms, speed.slowest_ms, speed.rounds
            ));
        }
        if let Some(scan) = &found.scan {
            out.line(format!("one scan     {}", scan_words(scan)));
        }
        if !found.is_ok() {
            out.problems(&found.problems);
        }
    }
    Ok(if found.is_ok() { Exit::Ok } else { Exit::Finding })
}

/// `takes 0.62 s at 9600 baud: 3 requests, 12 ms of it for the device each (measured). Alone on its line it keeps 0.69 s.`
fn scan_words(scan: &commission::ScanTime) -> String {
    let baud = scan.baud.map(|baud| format!(" at {baud} baud")).unwrap_or_default();
    let how = if scan.measured { "measured" } else { "assumed" };
    format!(
        "takes {:.2} s{baud}: {} requests, {:.0} ms for the device each ({how}). Alone on its line it keeps {:.2} s",
        scan.takes_ms / 1e3,
        scan.requests,
        scan.turnaround_ms,
        scan.keeps_ms / 1e3,
    )
}

async fn read(url: &str, addresses: &[String], watch: bool, out: Out) -> Ended {
    let mut reader = commission::Reader::open(url, addresses).await?;
    let mut all_good = true;
    loop {
        for line in reader.read(now()).await? {
            all_good &= line.quality == "Good";
            out.json(&line);
        }
        if !watch {
            break;
        }
        tokio::select! {
            () = asked_to_stop() => break,
            () = tokio::time::sleep(WATCH) => {}
        }
    }
    reader.close().await;
    Ok(if all_good { Exit::Ok } else { Exit::Finding })
}

async fn write(url: &str, address: &str, value: &str, yes: bool, out: Out) -> Ended {
    let prepared = commission::prepare_write(url, address, value).await?;
    let old = prepared.old.as_ref().map_or_else(|| "nothing readable".to_owned(), ToString::to_string);
    if !yes {
        let question = format!(
            "{} of {url}: {old} → {}. Type the new value again to write it: ",
            prepared.address(),
            prepared.new
        );
        let typed = ask(question)
            .await
            .map_err(|error| Problems::from(Problem::new("terminal.unreadable", "this terminal", error.to_string())))?;
        if typed.trim() != value {
            return Err(Problem::new(
                "write.not-confirmed",
                prepared.address(),
                "nothing was written: the value was not typed again",
            )
            .into());
        }
    }
    let written = prepared.write().await?;
    out.say(format!("written: {old} → {}", written.new), &written);
    Ok(Exit::Ok)
}

async fn ask(question: String) -> std::io::Result<String> {
    let answer = tokio::task::spawn_blocking(move || {
        let mut stderr = std::io::stderr().lock();
        stderr.write_all(question.as_bytes())?;
        stderr.flush()?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    answer.await.map_err(std::io::Error::other)?
}

fn now() -> domain::Timestamp {
    edge::clock::Clock::start().now()
}
