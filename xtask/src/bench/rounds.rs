//! Contenders in turn, round after round, and what came out of it.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{Stopwatch, output, say, words};

/// What one run gave: the name of each measure and its number.
pub(crate) type Figures = BTreeMap<String, f64>;

/// One thing that is measured.
pub(crate) struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut(usize) -> Result<Figures> + 'a>,
}

impl<'a> Contender<'a> {
    /// `run` gets the number of the round, from 0, and measures once.
    pub(crate) fn new(name: &'static str, run: impl FnMut(usize) -> Result<Figures> + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Runs every contender once per round. Every second round goes the other way round, so that nobody always runs after the
/// same other one.
pub(crate) fn interleave(contenders: &mut [Contender<'_>], rounds: usize) -> Result<Results> {
    let mut results = Results::default();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        let mut figures = BTreeMap::new();
        for number in order {
            let contender = &mut contenders[number];
            let clock = Stopwatch::start();
            let found = (contender.run)(round).with_context(|| format!("{} in round {}", contender.name, round + 1))?;
            say(&format!("round {} of {rounds}: {} ({})", round + 1, contender.name, clock.text()));
            figures.insert(contender.name, found);
        }
        results.rounds.push(figures);
    }
    Ok(results)
}

/// Runs a program whose last line on standard output is a JSON object; its numbers are the figures. Yes and no are 1 and 0.
pub(crate) fn figures_of(command: &mut Command) -> Result<Figures> {
    let text = output(command)?;
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    figures_in(last).with_context(|| format!("{} did not end with a line of figures", words(command)))
}

fn figures_in(line: &str) -> Result<Figures> {
    let object: BTreeMap<String, serde_json::Value> = serde_json::from_str(line)?;
    let number =
        |value: &serde_json::Value| value.as_f64().or_else(|| value.as_bool().map(|yes| f64::from(u8::from(yes))));
    Ok(object.into_iter().filter_map(|(name, value)| Some((name, number(&value)?))).collect())
}

/// What all rounds gave.
#[derive(Debug, Default)]
pub(crate) struct Results {
    rounds: Vec<BTreeMap<&'static str, Figures>>,
}

impl Results {
    /// One measure of one contender. None when no round has it.
    pub(crate) fn spread(&self, contender: &str, measure: &str) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(|round| round.get(contender)?.get(measure).copied()).collect())
    }

    /// One measure of `of`, divided by that of `to` in the same round: what the machine did besides mostly cancels.
    pub(crate) fn ratio(&self, measure: &str, of: &str, to: &str) -> Option<Spread> {
        let ratio =
            |round: &BTreeMap<&'static str, Figures>| Some(round.get(of)?.get(measure)? / round.get(to)?.get(measure)?);
        Spread::of(self.rounds.iter().filter_map(ratio).collect())
    }
}

/// The middle of some runs, and the lowest and highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) runs: usize,
}

impl Spread {
    /// None without runs. The median of an even number of runs is the mean of the two in the middle.
    pub(crate) fn of(mut runs: Vec<f64>) -> Option<Self> {
        runs.sort_by(f64::total_cmp);
        let (low, high) = (*runs.first()?, *runs.last()?);
        let middle = runs.len() / 2;
        let median = if runs.len() % 2 == 1 { runs[middle] } else { f64::midpoint(runs[middle - 1], runs[middle]) };
        Some(Self { median, low, high, runs: runs.len() })
    }

    /// `median (low–high)`, or only the number when all runs gave the same.
    pub(crate) fn text(&self) -> String {
        let (median, low, high) = (number(self.median), number(self.low), number(self.high));
        if low == high { median } else { format!("{median} ({low}–{high})") }
    }
}

/// Three figures that count, thousands apart.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size < 0.1 => 4,
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let plain = format!("{value:.digits$}");
    let whole = plain.find('.').unwrap_or(plain.len());
    let mut text = String::new();
    for (place, letter) in plain.chars().enumerate() {
        let left = whole.saturating_sub(place);
        if place > 0 && left > 0 && left % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(value: f64) -> Figures {
        Figures::from([("speed".to_owned(), value)])
    }

    #[test]
    fn the_median_is_the_middle_and_the_ratio_is_of_the_same_round() {
        let mut contenders = [
            Contender::new("ours", |round| Ok(figures([10.0, 30.0, 20.0][round]))),
            Contender::new("theirs", |round| Ok(figures([5.0, 10.0, 20.0][round]))),
        ];
        let results = interleave(&mut contenders, 3).unwrap();
        assert_eq!(results.spread("ours", "speed"), Some(Spread { median: 20.0, low: 10.0, high: 30.0, runs: 3 }));
        assert_eq!(results.ratio("speed", "ours", "theirs").unwrap().text(), "2.00 (1.00–3.00)");
        assert_eq!(results.spread("ours", "weight"), None);
    }

    #[test]
    fn every_second_round_goes_the_other_way() {
        let order = std::cell::RefCell::new(Vec::new());
        let note = |name: &'static str| {
            let order = &order;
            Contender::new(name, move |_| {
                order.borrow_mut().push(name);
                Ok(figures(1.0))
            })
        };
        interleave(&mut [note("a"), note("b")], 2).unwrap();
        assert_eq!(*order.borrow(), ["a", "b", "b", "a"]);
    }

    #[test]
    fn a_failed_run_is_an_error_and_says_whose() {
        let error = interleave(&mut [Contender::new("ours", |_| anyhow::bail!("no"))], 1).unwrap_err();
        assert_eq!(format!("{error:#}"), "ours in round 1: no");
    }

    #[test]
    fn the_last_line_of_a_program_holds_its_figures() {
        let found = figures_of(Command::new("printf").arg("hello\n{\"ms\": 1.5, \"ok\": true, \"name\": \"x\"}\n"));
        assert_eq!(found.unwrap(), Figures::from([("ms".into(), 1.5), ("ok".into(), 1.0)]));
        assert!(figures_of(Command::new("echo").arg("nothing")).is_err());
    }

    #[test]
    fn numbers_show_what_counts() {
        let texts = [0.0, 0.012_34, 0.456, 3.456, 34.56, 345.6, 1_234_567.8, -1234.0].map(number);
        assert_eq!(texts, ["0", "0.0123", "0.456", "3.46", "34.6", "346", "1,234,568", "-1,234"]);
    }
}
