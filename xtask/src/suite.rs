//! `cargo xtask test` and `cargo xtask scenario`: every test there is, with the peers that they talk to.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::part::{Part, announce_skipped};
use crate::paths;
use crate::postgres::Postgres;
use crate::setup::{self, For};
use crate::shell::{Stopwatch, cargo, duration_text, npm, run, say};

/// The workspace member that holds the whole-system tests, and the name of its one test program.
const SCENARIOS: &str = "scenarios";
/// The same for the fault suite.
const FAULTS: &str = "faults";

/// `cargo xtask test [CRATE] [--without PART]…`
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let without = args.without()?;
    let only = args.next();
    args.end()?;
    if let Some(name) = only {
        return one_crate(&name, without);
    }
    let wanted = |part| !without.contains(&part);
    let mut report = Report::default();
    report.must("set up", || setup::run(For::Test, &without))?;
    // once, for all that follows, with the same features for every package
    report.must("build", || run(cargo().args(paths::BUILD_ALL)))?;
    let postgres = if wanted(Part::Postgres) { Some(Postgres::start()?) } else { None };
    let suite = Suite { postgres, without: without.clone() };
    report.step("Rust tests", || {
        run(suite.on(cargo().args([
            "test",
            "--workspace",
            "--exclude",
            SCENARIOS,
            "--exclude",
            FAULTS,
            "--no-fail-fast",
        ])))
    });
    if wanted(Part::Web) {
        report.step("web types", || run(npm().args(["run", "check"])));
        report.step("web unit tests", || run(npm().args(["run", "test"])));
    }
    if wanted(Part::Scenarios) {
        report.step("scenarios", || suite.scenarios(None));
    }
    if wanted(Part::Faults) {
        report.step("faults, short", || suite.faults(&paths::lastmile(), &[]));
    }
    if wanted(Part::Web) && wanted(Part::Browser) {
        report.step("page tests in a browser", || run(suite.on(npm().args(["run", "e2e"]))));
    }
    drop(suite);
    report.print();
    let complete = announce_skipped(&without);
    Ok(report.all_passed() && complete)
}

/// The tests of one crate, with the peers they may need.
fn one_crate(name: &str, without: Vec<Part>) -> Result<bool> {
    setup::run(For::Test, &without)?;
    let postgres = if without.contains(&Part::Postgres) { None } else { Some(Postgres::start()?) };
    let suite = Suite { postgres, without };
    run(suite.on(cargo().args(["test", "--package", name])))?;
    Ok(announce_skipped(&suite.without))
}

/// `cargo xtask scenario NAME|all`
pub(crate) fn scenario(mut args: Args) -> Result<bool> {
    let name = args.next().context("which scenario? Each file of tests/scenarios/tests/it is one, or `all`")?;
    args.end()?;
    let name = known_scenario(&name)?;
    setup::run(For::Test, &[Part::Postgres, Part::Mosquitto, Part::Browser])?;
    run(cargo().args(paths::BUILD_LASTMILE))?;
    let suite = Suite::alone(Vec::new());
    suite.scenarios((name != "all").then_some(name.as_str()))?;
    Ok(true)
}

/// The name of a file of scenarios, or `all`; a hyphen may be typed for an underscore. A name without a file would run
/// nothing and pass.
fn known_scenario(name: &str) -> Result<String> {
    let name = name.replace('-', "_");
    let mut known = vec!["all".to_owned()];
    for file in fs::read_dir(paths::root().join("tests/scenarios/tests/it"))? {
        let file = file?.path();
        known.extend(file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).filter(|stem| stem != "main"));
    }
    if !known.contains(&name) {
        known.sort();
        bail!("there is no scenario `{name}`; there are {}", known.join(", "));
    }
    Ok(name)
}

/// What the tests find in their environment.
pub(crate) struct Suite {
    postgres: Option<Postgres>,
    without: Vec<Part>,
}

impl Suite {
    /// One scenario or all, one after the other: they measure times, and two cores are soon full.
    fn scenarios(&self, name: Option<&str>) -> Result<()> {
        let mut tests = cargo();
        // of the whole workspace, so that the parts they share with it are not built again with other features
        tests.args(["test", "--workspace", "--test", SCENARIOS, "--"]);
        tests.args(name.map(|name| format!("{name}::"))).args(["--nocapture", "--test-threads=1"]);
        run(self.on(&mut tests))
    }

    /// The fault suite; without settings its short form. Two tests at a time: they wait more than they work.
    pub(crate) fn faults(&self, program: &Path, settings: &[(&str, String)]) -> Result<()> {
        let mut tests = cargo();
        tests.args(["test", "--workspace", "--test", FAULTS, "--", "--nocapture", "--test-threads=2"]);
        if self.without.contains(&Part::Namespaces) {
            tests.args(["--skip", "full_disk::"]);
        }
        self.on(&mut tests).env("LASTMILE_BIN", program);
        run(tests.envs(settings.iter().map(|(name, value)| (name, value))))
    }

    /// Of a command of its own, which needs no database.
    pub(crate) fn alone(without: Vec<Part>) -> Self {
        Self { postgres: None, without }
    }

    /// `command` with the environment that tests rely on.
    fn on<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LASTMILE_BIN", paths::lastmile())
            .env("LASTMILE_ONNXRUNTIME", paths::onnxruntime())
            .env("LASTMILE_PYTHON", paths::python());
        if let Some(postgres) = &self.postgres {
            command.env("LASTMILE_TEST_POSTGRES", postgres.url());
        }
        if let Some(browser) = setup::browser() {
            command.env("LASTMILE_BROWSER", browser);
        }
        if !self.without.is_empty() {
            let names: Vec<&str> = self.without.iter().map(|part| part.name()).collect();
            command.env("LASTMILE_WITHOUT", names.join(","));
        }
        command
    }
}

/// What ran, how it went, how long it took.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(String, bool, Duration)>,
}

impl Report {
    /// Runs one step; a failure is noted and the next step still runs.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        if let Err(error) = self.must(name, work) {
            say(&format!("FAILED {name}: {error:#}"));
        }
    }

    /// Runs one step without which the rest makes no sense.
    pub(crate) fn must(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        say(&format!("── {name}"));
        let clock = Stopwatch::start();
        let result = work();
        self.rows.push((name.to_owned(), result.is_ok(), clock.elapsed()));
        result
    }

    pub(crate) fn all_passed(&self) -> bool {
        self.rows.iter().all(|(_, passed, _)| *passed)
    }

    pub(crate) fn print(&self) {
        say("");
        for (name, passed, took) in &self.rows {
            let word = if *passed { "passed" } else { "FAILED" };
            say(&format!("{word}  {:>12}  {name}", duration_text(*took)));
        }
        let total = self.rows.iter().map(|(_, _, took)| *took).sum();
        say(&format!("        {:>12}  in total", duration_text(total)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_report_and_the_next_still_runs() {
        let mut report = Report::default();
        let mut reached = false;
        report.step("first", || anyhow::bail!("no"));
        report.step("second", || {
            reached = true;
            Ok(())
        });
        assert!(reached);
        assert!(!report.all_passed());
    }
}
