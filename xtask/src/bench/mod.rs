//! `cargo xtask bench NAME [--short] [--rounds N]`: measures the release build beside what people use today.
//!
//! A bench is one file beside this one. It makes [`Contender`]s, lets [`interleave`] run them in turn, round after round, so
//! that a busy moment of the machine hits all alike, and puts medians, spread and ratios on a [`Page`]. Its contenders are
//! programs of their own (`bench/peers/`, examples of a crate, the product) that end with one line of JSON: names of measures
//! and numbers ([`figures_of`]). Numbers of programs that run on are read from outside ([`process::Usage`]).
//!
//! With `--short` a bench does little of everything, to see that it runs: nothing is written to `docs/bench/`.

mod crash;
mod inference;
mod lines;
mod machine;
mod page;
mod path;
pub(crate) mod process;
pub(crate) mod programs;
mod rounds;
pub(crate) mod running;
mod store;

use anyhow::{Context, Result, bail};

use crate::args::Args;

pub(crate) use self::{
    page::{Bound, Measure, Page},
    rounds::{Contender, Figures, Results, figures_of, interleave},
};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Only to see that everything runs.
    pub(crate) short: bool,
    /// Runs of each contender.
    pub(crate) rounds: usize,
}

impl Effort {
    /// `long` seconds of plant, or calls, or what else is counted; `short` of them in a short run.
    pub(crate) fn of<T>(self, long: T, short: T) -> T {
        if self.short { short } else { long }
    }
}

/// Measures, writes its page, and says whether every goal was met.
type Bench = fn(Effort) -> Result<bool>;

/// Every bench, by its name.
const BENCHES: &[(&str, Bench)] = &[
    ("crash", crash::bench),
    ("inference", inference::run),
    ("lines", lines::bench),
    ("path", path::run),
    ("store", store::bench),
];

/// `cargo xtask bench NAME [--short] [--rounds N]`. True when every goal was met.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let short = args.flag("--short");
    let rounds = match args.values("--rounds")?.last() {
        Some(rounds) => rounds.parse().context("`--rounds` takes a number")?,
        None if short => 1,
        None => 5,
    };
    let known: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
    let name = args.next().with_context(|| format!("which bench? There are {}", known.join(", ")))?;
    args.end()?;
    match BENCHES.iter().find(|(known, _)| *known == name) {
        Some((_, bench)) => bench(Effort { short, rounds }),
        None => bail!("there is no bench `{name}`; there are {}", known.join(", ")),
    }
}
