//! A field of devices to be measured against, and a slow line. Shares no code with what is measured, and no crates.
//!
//! `field devices GOOD SLOW DEAD` opens that many Modbus TCP servers, each on a port and in threads of its own. Good ones
//! answer after 2 ms, slow ones after 0.9 to 3 s. Of the dead, in turn: nobody listens, one accepts and never answers, and
//! one has a full queue and does not even accept. `field line PORT BAUD BITS TURNAROUND_MS ALIVE` puts a half-duplex serial line
//! between a port it opens and the serial frames of the server on PORT: every byte takes its time on the wire, in both
//! directions, and the answer of a unit begins no sooner than its turnaround. Units above ALIVE are known to be dead.
//!
//! Both print a line of JSON with their ports first, and end with a line of figures when standard input ends. A scan is a
//! request for register 0. Its lateness is measured here, at the machine, from the requests' own rhythm: the period is said
//! on standard input, once it is known, as a line `period MS`; what came before that line does not count.

mod devices;
mod line;
mod rhythm;

use std::io::{BufRead, Write};
use std::sync::Arc;

use rhythm::Rhythm;

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok()).unwrap_or_else(|| usage());
    let rhythm = Arc::new(Rhythm::default());
    let ready = match words.first().map(String::as_str) {
        Some("devices") => devices::open(&rhythm, number(1), number(2), number(3))?,
        Some("line") => line::open(&rhythm, number(1), number(2), number(3), number(4), number(5))?,
        _ => usage(),
    };
    println!("{ready}");
    std::io::stdout().flush()?;
    for line in std::io::stdin().lock().lines() {
        if let Some(period) = line?.strip_prefix("period ").and_then(|period| period.trim().parse().ok()) {
            rhythm.begin(period);
        }
    }
    println!("{}", rhythm.figures());
    Ok(())
}

fn usage() -> ! {
    eprintln!("usage: field devices GOOD SLOW DEAD | field line PORT BAUD BITS TURNAROUND_MS ALIVE");
    std::process::exit(2)
}
