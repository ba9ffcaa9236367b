//! `lastmile bundle run`: samples from a file through the code that runs live.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use domain::{Problem, Problems};
use inference::{Conversion, PlaceInput, RecordedSample, Scorer, Setup, replay};
use store::table::{Reader, TableSample};

use super::{Ended, Parts, load};
use crate::commands::history::time;
use crate::out::{Exit, Out};

/// What to replay and how.
pub(super) struct Wanted {
    pub(super) samples: PathBuf,
    pub(super) map: Vec<String>,
    pub(super) tune: Vec<String>,
    pub(super) from: Option<String>,
}

pub(super) async fn run(parts: &Parts, wanted: Wanted, out: Out) -> Ended {
    let place = wanted.samples.display().to_string();
    let signals = Signals::new(parts, &wanted.map)?;
    let reader = Reader::open(&wanted.samples)?;
    let setup = Setup {
        places: vec![PlaceInput {
            title: parts.contract.name.clone(),
            conversions: vec![Conversion::NONE; parts.contract.signals.len()],
            raised: false,
        }],
        tune: tunables(parts, &wanted.tune)?,
        language: "en".to_owned(),
        begin: wanted.from.as_deref().map(time).transpose()?,
    };
    let mut scorer = Scorer::new(std::sync::Arc::clone(&parts.contract), setup)?;
    let (mut worker, loaded) = load(parts, &wanted.samples).await?;
    scorer.fit(&loaded)?;
    let mut samples = Samples { reader, signals, known: HashMap::new(), unknown: Vec::new() };
    let replayed = replay(&mut scorer, &mut worker, &mut samples, |line| out.json(&line)).await;
    worker.stop().await;
    let summary = replayed.map_err(|error| Problem::new("samples.unusable", place.clone(), error.to_string()))?;
    samples.complain(summary.samples, &place)?;
    tracing::info!(?summary, "replayed");
    Ok(Exit::Ok)
}

/// Column names of a file → signals of the contract.
struct Signals {
    by_name: BTreeMap<String, usize>,
}

impl Signals {
    /// Signals by their own names, and by the tags that `--map SIGNAL=TAG` gives them.
    fn new(parts: &Parts, map: &[String]) -> Result<Self, Problems> {
        let index = |name: &str| parts.contract.signals.iter().position(|signal| signal.name == name);
        let names = parts.contract.signals.iter().enumerate();
        let mut by_name: BTreeMap<String, usize> = names.map(|(index, signal)| (signal.name.clone(), index)).collect();
        let mut problems = Problems::default();
        for pair in map {
            match pair.split_once('=').map(|(signal, tag)| (index(signal.trim()), tag.trim())) {
                Some((Some(signal), tag)) => {
                    by_name.insert(tag.to_owned(), signal);
                }
                Some((None, _)) => {
                    problems.push(Problem::new("map.unknown-signal", pair, "the contract has no such signal"));
                }
                None => problems.push(Problem::new("map.malformed", pair, "a mapping is written SIGNAL=TAG")),
            }
        }
        problems.into_result(Self { by_name })
    }
}

fn tunables(parts: &Parts, tune: &[String]) -> Result<BTreeMap<String, f64>, Problems> {
    let mut set = BTreeMap::new();
    let mut problems = Problems::default();
    for pair in tune {
        let parsed =
            pair.split_once('=').and_then(|(name, number)| Some((name.trim(), number.trim().parse::<f64>().ok()?)));
        let known = |name: &str| parts.contract.tunables.iter().find(|tunable| tunable.name == name);
        match parsed.map(|(name, number)| (known(name), number)) {
            Some((Some(tunable), number)) if (tunable.min..=tunable.max).contains(&number) => {
                set.insert(tunable.name.clone(), number);
            }
            Some((Some(tunable), _)) => {
                let what = format!("`{}` may be {} to {}", tunable.name, tunable.min, tunable.max);
                problems.push(Problem::new("tune.out-of-limits", pair, what));
            }
            Some((None, _)) => problems.push(Problem::new("tune.unknown", pair, "the contract has no such tunable")),
            None => problems.push(Problem::new("tune.malformed", pair, "a tunable is written NAME=NUMBER")),
        }
    }
    problems.into_result(set)
}

/// Samples of a file as the scorer takes them; columns that are no signals are left out and told.
struct Samples {
    reader: Reader,
    signals: Signals,
    /// Signal of each name of the file, once it was looked up.
    known: HashMap<usize, Option<usize>>,
    unknown: Vec<String>,
}

impl Samples {
    /// A file without a single sample of the contract's signals is a mistake.
    fn complain(&self, samples: u64, place: &str) -> Result<(), Problem> {
        if samples > 0 {
            if !self.unknown.is_empty() {
                tracing::warn!(
                    columns = self.unknown.join(", "),
                    "columns that are no signals of the contract were left out"
                );
            }
            return Ok(());
        }
        let signals = self.signals.by_name.keys().cloned().collect::<Vec<_>>().join(", ");
        Err(Problem::new("samples.none", place, "there is no sample of the contract's signals in this file")
            .why(format!("the file has {}; the contract wants {signals}", self.unknown.join(", ")))
            .hint("give names with --map SIGNAL=TAG"))
    }

    fn signal_of(&mut self, name: usize) -> Option<usize> {
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        let text = self.reader.names().get(name).cloned().unwrap_or_default();
        let signal = self.signals.by_name.get(&text).copied();
        if signal.is_none() {
            self.unknown.push(text);
        }
        self.known.insert(name, signal);
        signal
    }
}

impl Iterator for &mut Samples {
    type Item = Result<RecordedSample, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let TableSample { arrival, name, value, quality } = match self.reader.next()? {
                Ok(sample) => sample,
                Err(problem) => return Some(Err(problem)),
            };
            if let Some(signal) = self.signal_of(name) {
                return Some(Ok(RecordedSample { arrival, place: 0, signal, value, quality }));
            }
        }
    }
}
