//! `lastmile bundle run`: samples from a file through the code that runs live.

mod routes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use domain::{Problem, Problems};
use inference::{RecordedSample, Scorer, Setup, Summary, replay};
use store::table::{Reader, TableSample};

use self::routes::{Routes, Target};
use super::{Ended, Parts, load};
use crate::commands::history::time;
use crate::out::{Exit, Out};

/// What to replay and how.
pub(super) struct Wanted {
    pub(super) samples: PathBuf,
    pub(super) map: Vec<String>,
    pub(super) site: Option<PathBuf>,
    pub(super) deployment: Option<String>,
    pub(super) tune: Vec<String>,
    pub(super) from: Option<String>,
}

pub(super) async fn run(parts: &Parts, wanted: Wanted, out: Out) -> Ended {
    let file = wanted.samples.display().to_string();
    let mut reader = Reader::open(&wanted.samples)?;
    let mut routes = match &wanted.site {
        Some(site) => Routes::of_deployment(&parts.contract, site, wanted.deployment.as_deref())?,
        None => Routes::of_pairs(&parts.contract, &wanted.map)?,
    };
    routes.convert(&parts.contract, reader.units(), &file)?;
    reader.as_text(routes.texts(&parts.contract));
    let units_said = !reader.units().is_empty() || wanted.site.is_some();
    let mut tune = std::mem::take(&mut routes.tune);
    tune.extend(tunables(parts, &wanted.tune)?);
    let setup = Setup {
        places: routes.places(),
        tune,
        language: routes.language.clone(),
        begin: wanted.from.as_deref().map(time).transpose()?,
    };
    let mut scorer = Scorer::new(Arc::clone(&parts.contract), setup)?;
    let (mut worker, loaded) = load(parts, &wanted.samples).await?;
    scorer.fit(&loaded)?;
    let mut samples = Samples::new(reader, routes, file.clone());
    let mut lines = out.lines();
    let replayed = replay(&mut scorer, &mut worker, &mut samples, |line| lines.push(&line)).await;
    drop(lines);
    worker.stop().await;
    let summary = replayed.map_err(|error| match error {
        inference::ReplayError::Samples(problem) => problem,
        order @ inference::ReplayError::Order { .. } => Problem::new("samples.order", file, order.to_string()),
    })?;
    samples.complain(&summary)?;
    samples.told(&summary, units_said, out);
    Ok(Exit::Ok)
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

/// Samples of a file as the scorer takes them; columns that feed no signal are left out and told.
struct Samples {
    reader: Reader,
    routes: Routes,
    file: String,
    /// Where each name of the file goes, once it was met.
    known: Vec<Option<Vec<Target>>>,
    /// Which name of the file feeds a signal at a place.
    fed: BTreeMap<Target, usize>,
    unknown: Vec<String>,
    /// One sample may feed several signals.
    waiting: Vec<RecordedSample>,
}

impl Samples {
    fn new(reader: Reader, routes: Routes, file: String) -> Self {
        let (known, fed, unknown, waiting) = (Vec::new(), BTreeMap::new(), Vec::new(), Vec::new());
        Self { reader, routes, file, known, fed, unknown, waiting }
    }

    /// A file without a single sample of the contract's signals is a mistake.
    fn complain(&self, summary: &Summary) -> Result<(), Problem> {
        if summary.samples > 0 {
            return Ok(());
        }
        let has = match self.unknown.as_slice() {
            [] => "the file has no sample at all".to_owned(),
            names => format!("the file has {}", names.join(", ")),
        };
        let wanted = self.routes.names().collect::<Vec<_>>().join(", ");
        Err(Problem::new("samples.none", &self.file, "there is no sample of the contract's signals in this file")
            .why(format!("{has}; the contract wants {wanted}"))
            .hint("give names with --map SIGNAL=TAG, or a whole deployment with --site"))
    }

    /// What was replayed, in a sentence, and what a person should know about it.
    fn told(&self, summary: &Summary, units_said: bool, out: Out) {
        let Summary { windows, predictions, raised, .. } = summary;
        out.note(format!("{windows} windows, {predictions} of them with a value; advice was raised {raised} times."));
        if !self.unknown.is_empty() {
            out.note(format!("Left out, because they are no signals of the contract: {}.", self.unknown.join(", ")));
        }
        if !units_said {
            out.note("The file says no units: its values were taken in those of the contract.");
        }
    }

    /// Learns where a name of the file goes.
    fn meet(&mut self, name: usize) -> Result<(), Problem> {
        if self.known.len() <= name {
            self.known.resize(name + 1, None);
        }
        if self.known.get(name).is_some_and(Option::is_some) {
            return Ok(());
        }
        let text = self.reader.names().get(name).cloned().unwrap_or_default();
        let targets = self.routes.of(&text).to_vec();
        for target in &targets {
            if let Some(other) = self.fed.insert(*target, name) {
                let other = self.reader.names().get(other).cloned().unwrap_or_default();
                let what = format!("`{other}` and `{text}` are both samples of one signal");
                return Err(Problem::new("samples.twice", &self.file, what).hint("leave one of them out of the file"));
            }
        }
        if targets.is_empty() {
            self.unknown.push(text);
        }
        self.known[name] = Some(targets);
        Ok(())
    }
}

impl Iterator for Samples {
    type Item = Result<RecordedSample, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(sample) = self.waiting.pop() {
                return Some(Ok(sample));
            }
            let TableSample { arrival, name, value, quality } = match self.reader.next()? {
                Ok(sample) => sample,
                Err(problem) => return Some(Err(problem)),
            };
            if let Err(problem) = self.meet(name) {
                return Some(Err(problem));
            }
            for Target { place, signal } in self.known[name].iter().flatten() {
                let (place, signal, value) = (*place, *signal, value.clone());
                self.waiting.push(RecordedSample { arrival, place, signal, value, quality });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_for_one_signal_are_refused_and_one_column_may_feed_two_signals() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.csv");
        let bundle = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pump-station/bundle");
        let contract = bundle::check_folder(&bundle).unwrap().contract;
        let read = |text: &str, pairs: &[&str]| {
            std::fs::write(&file, text).unwrap();
            let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            let routes = Routes::of_pairs(&contract, &pairs).unwrap();
            let samples = Samples::new(Reader::open(&file).unwrap(), routes, "x.csv".to_owned());
            samples.collect::<Result<Vec<_>, _>>()
        };
        let problem = read("arrival_us,speed,line/speed\n0,1480,1481\n", &["speed=line/speed"]).unwrap_err();
        assert_eq!(problem.code, "samples.twice");
        let both = read("arrival_us,x\n0,2\n", &["vibration_de=x", "vibration_nde=x"]).unwrap();
        assert_eq!(both.len(), 2);
    }
}
