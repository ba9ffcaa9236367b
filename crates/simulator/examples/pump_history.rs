//! Writes history of the pump station as a wide CSV, with the physics, noise and register resolution that an edge
//! would see over Modbus: `cargo run -p simulator --example pump_history -- --hours 48 --seed 1 --every 1 > file.csv`

use std::io;
use std::str::FromStr;

use anyhow::{Context, Result};
use clap::Parser;
use domain::Problem;
use simulator::pump_station::{Fault, Plant, SIGNALS, Schedule};

/// Columns: `arrival_us` (microseconds since 1970 UTC) and one per signal, in engineering units. A broken sensor
/// leaves its cell empty.
#[derive(Parser)]
struct Args {
    /// Hours of plant time.
    #[arg(long, default_value_t = 48.0)]
    hours: f64,
    /// Same seed, same file.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds between two rows.
    #[arg(long, default_value_t = 1.0)]
    every: f64,
    /// Switch a fault on at a second of plant time, and off at another: `bearing-wear@3600`, `cavitation@600-900`.
    /// May be given more than once, for the same fault too.
    #[arg(long)]
    fault: Vec<Switching>,
    /// Time of the first row, microseconds since 1970 UTC (default 2026-01-01).
    #[arg(long, default_value_t = 1_767_225_600_000_000)]
    start_us: i64,
}

#[derive(Clone)]
struct Switching {
    fault: Fault,
    on_s: f64,
    off_s: f64,
}

impl FromStr for Switching {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong =
            || Problem::new("fault.malformed", text, "this says not when").hint("write it like `bearing-wear@3600`");
        let (name, time) = text.split_once('@').ok_or_else(wrong)?;
        let (on, off) = time.split_once('-').unwrap_or((time, "inf"));
        let fault = name.parse()?;
        Ok(Self { fault, on_s: on.parse().map_err(|_| wrong())?, off_s: off.parse().map_err(|_| wrong())? })
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut plant = Plant::new(args.seed, Schedule::default());
    let mut csv = csv::Writer::from_writer(io::BufWriter::new(io::stdout().lock()));
    csv.write_record(std::iter::once("arrival_us").chain(SIGNALS.iter().map(|signal| signal.signal)))?;
    while plant.time_s() <= args.hours * 3600.0 {
        let now = plant.time_s();
        for Switching { fault, .. } in &args.fault {
            let mut times = args.fault.iter().filter(|other| other.fault == *fault);
            let on = times.any(|other| (other.on_s..other.off_s).contains(&now));
            if on != plant.faults().is_on(*fault) {
                plant.set_fault(*fault, on);
            }
        }
        let measured = plant.measure();
        #[expect(clippy::cast_possible_truncation, reason = "microseconds of some months")]
        let arrival = args.start_us + (now * 1e3).round() as i64 * 1000;
        let cells = SIGNALS.iter().map(|signal| signal.engineering(&measured).map(|value| value.to_string()));
        csv.write_record(std::iter::once(arrival.to_string()).chain(cells.map(Option::unwrap_or_default)))?;
        plant.step(args.every);
    }
    csv.flush().context("writing the file")
}
