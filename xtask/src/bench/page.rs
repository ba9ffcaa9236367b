//! One Markdown page per bench: what was measured, on what, and whether the goals are met.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use super::rounds::{Results, Spread, number};
use super::{Effort, machine};
use crate::paths;
use crate::shell::say;

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// Its name in the figures.
    pub(crate) key: &'static str,
    /// In words, with the unit.
    pub(crate) title: &'static str,
    /// Larger is better.
    pub(crate) more_is_better: bool,
}

/// What a goal asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Page {
    name: &'static str,
    effort: Effort,
    text: String,
    goals: Vec<(String, bool)>,
}

impl Page {
    /// `name` is the bench's: the page becomes `docs/bench/NAME.md`. `about` says in plain words what is compared.
    pub(crate) fn new(name: &'static str, effort: Effort, title: &str, about: &str) -> Self {
        let runs = match effort.rounds {
            1 => "One run of each.".to_owned(),
            rounds => format!(
                "Runs in turn, {rounds} of each; shown are the median and, in brackets, the lowest and highest. Ratios are of \
                 the same round."
            ),
        };
        let text = format!(
            "# {title}\n\nWritten by `cargo xtask bench {name}`; never edited by hand.\n\n{about}\n\n{runs}\n\nMeasured on \
             {}.\n",
            machine::facts()
        );
        Self { name, effort, text, goals: Vec::new() }
    }

    /// A heading.
    pub(crate) fn part(&mut self, title: &str) {
        let _ = write!(self.text, "\n## {title}\n");
    }

    /// A paragraph.
    pub(crate) fn say(&mut self, text: &str) {
        let _ = write!(self.text, "\n{text}\n");
    }

    /// A row per measure, a column per contender; the best of each row is bold. `—` is not measured.
    pub(crate) fn table(&mut self, measures: &[Measure], contenders: &[&str], results: &Results) {
        let _ =
            write!(self.text, "\n| | {} |\n| --- |{}\n", contenders.join(" | "), " ---: |".repeat(contenders.len()));
        for measure in measures {
            let cells: Vec<Option<Spread>> =
                contenders.iter().map(|contender| results.spread(contender, measure.key)).collect();
            let better = |a: f64, b: f64| if measure.more_is_better { a.max(b) } else { a.min(b) };
            let best = cells.iter().flatten().map(|spread| spread.median).reduce(better);
            let alone = cells.iter().flatten().count() < 2;
            let cell = |spread: &Option<Spread>| match spread {
                None => "—".to_owned(),
                Some(spread) if !alone && Some(spread.median) == best => format!("**{}**", spread.text()),
                Some(spread) => spread.text(),
            };
            let row: Vec<String> = cells.iter().map(cell).collect();
            let _ = writeln!(self.text, "| {} | {} |", measure.title, row.join(" | "));
        }
    }

    /// A goal; the median counts. Nothing measured is not met.
    pub(crate) fn goal(&mut self, words: &str, found: Option<Spread>, bound: Bound) {
        let met = found.is_some_and(|found| match bound {
            Bound::AtLeast(least) => found.median >= least,
            Bound::AtMost(most) => found.median <= most,
        });
        let bound = match bound {
            Bound::AtLeast(least) => format!("≥ {}", number(least)),
            Bound::AtMost(most) => format!("≤ {}", number(most)),
        };
        let found = found.map_or("not measured".to_owned(), |found| found.text());
        let word = if met { "met" } else { "**missed**" };
        self.goals.push((format!("| {words} | {bound} | {found} | {word} |"), met));
    }

    /// Prints the page, and writes it unless the run was short. True when every goal is met.
    pub(crate) fn finish(mut self) -> Result<bool> {
        if !self.goals.is_empty() {
            self.text.push_str("\n## Goals\n\n| goal | bound | found | |\n| --- | ---: | ---: | --- |\n");
            for (line, _) in &self.goals {
                self.text.push_str(line);
                self.text.push('\n');
            }
        }
        say(&self.text);
        if !self.effort.short {
            let folder = paths::root().join("docs/bench");
            fs::create_dir_all(&folder)?;
            let file = folder.join(format!("{}.md", self.name));
            fs::write(&file, &self.text).with_context(|| format!("cannot write {}", file.display()))?;
            say(&format!("written: {}", file.display()));
        }
        Ok(self.goals.iter().all(|(_, met)| *met))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounds::{Contender, Figures, interleave};
    use super::*;

    fn results() -> Results {
        let run = |value: f64| move |_| Ok(Figures::from([("ms".to_owned(), value)]));
        interleave(&mut [Contender::new("ours", run(2.0)), Contender::new("theirs", run(3.0))], 1).unwrap()
    }

    #[test]
    fn the_best_of_a_row_is_bold_and_what_is_missing_is_a_dash() {
        let mut page = Page::new("x", Effort { short: true, rounds: 1 }, "X", "About x.");
        let measures = [Measure { key: "ms", title: "a call, ms", more_is_better: false }];
        page.table(&measures, &["ours", "theirs", "nobody"], &results());
        assert!(page.text.ends_with("| a call, ms | **2.00** | 3.00 | — |\n"), "{}", page.text);
    }

    #[test]
    fn one_missed_goal_fails_the_bench() {
        let mut page = Page::new("x", Effort { short: true, rounds: 1 }, "X", "About x.");
        page.goal("calls", results().spread("ours", "ms"), Bound::AtMost(2.0));
        assert!(page.goals.iter().all(|(_, met)| *met));
        page.goal("ratio", results().ratio("ms", "ours", "theirs"), Bound::AtLeast(0.9));
        page.goal("nothing", None, Bound::AtLeast(0.0));
        assert_eq!(page.goals.iter().filter(|(_, met)| *met).count(), 1);
        assert!(!page.finish().unwrap());
    }
}
