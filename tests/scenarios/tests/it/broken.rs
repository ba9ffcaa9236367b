//! Broken files: every problem is printed at once, in words with place and hint, and nothing is changed.
//!
//! The files, and what a person should read about them, belong to the tests of `config` and `bundle`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, packed_pump, pump_site, workspace};
use serde_json::Value;
use tempfile::TempDir;

const SOON: Duration = Duration::from_mins(1);

const GOOD_SITE: &str = r#"
[site]
name = "Plant North"
accept_unsigned = true

[[place]]
path = "line-2"
name = "Line 2"
level = "line"

[[device]]
name = "plc-2"
url = "modbus-tcp://127.0.0.1:1/1"
place = "line-2"

[[tag]]
name = "line-2/speed"
device = "plc-2"
address = "holding:0:float32:cdab"
unit = "mm/s"
range = [0.0, 25.0]
"#;

const BROKEN_SITES: [&str; 5] = ["logic", "names", "numbers", "syntax", "typing"];
const BROKEN_BUNDLES: [&str; 5] = ["files", "logic", "names", "numbers", "typing"];

/// Place in the file with the sentence that stands there.
type Said = BTreeSet<(String, String)>;

/// What the file's own test expects: the kept text behind its head.
fn expected(snapshot: &Path) -> Result<Said> {
    let text = fs::read_to_string(snapshot).with_context(|| format!("cannot read {}", snapshot.display()))?;
    let (_, text) = text.trim_start_matches("---").split_once("---\n").context("no head")?;
    let found: Said = text.lines().filter(|line| !line.starts_with(' ')).filter_map(position).collect();
    ensure!(found.len() >= 3, "only {} problems in {}", found.len(), snapshot.display());
    Ok(found)
}

/// `/folder/site.toml:12:9: what` → (`site.toml:12:9`, `what`); a file may be named otherwise than in its test.
fn position(line: &str) -> Option<(String, String)> {
    let (place, what) = line.split_once(": ")?;
    let place = place.rsplit('/').next().unwrap_or_default();
    let place =
        if place.contains("contract.toml") { place } else { place.split_once(".toml").map_or(place, |(_, at)| at) };
    Some((place.to_owned(), what.to_owned()))
}

/// All problems of an answer in JSON; each has its code, its place, a sentence and a hint.
fn problems(finished: &Finished) -> Result<Said> {
    let answer = finished.json()?;
    let all = answer.get("problems").and_then(Value::as_array).context("no problems in the answer")?;
    let text = |problem: &Value, key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut found = Said::new();
    for problem in all {
        for key in ["code", "place", "what", "hint"] {
            ensure!(!text(problem, key).is_empty(), "`{key}` is empty in {problem}");
        }
        found.extend(position(&format!("{}: {}", text(problem, "place"), text(problem, "what"))));
    }
    Ok(found)
}

/// In words, on the error stream, nothing else on standard output.
fn in_words(finished: &Finished, expected: &Said) -> Result<()> {
    ensure!(finished.stdout.trim().is_empty(), "{}", finished.stdout);
    ensure!(finished.stderr.contains("hint: "), "no hint\n{}", finished.stderr);
    for (place, what) in expected {
        let line = format!("{place}: {what}");
        ensure!(finished.stderr.contains(&line), "`{line}` is not in\n{}", finished.stderr);
    }
    Ok(())
}

fn places(said: &Said) -> BTreeSet<&String> {
    said.iter().map(|(place, _)| place).collect()
}

fn all_in<T: Ord + std::fmt::Debug>(name: &str, expected: &BTreeSet<T>, found: &BTreeSet<T>) -> Result<()> {
    let missing: Vec<_> = expected.difference(found).collect();
    ensure!(missing.is_empty(), "{name}: not said:\n{missing:#?}\nof what was said:\n{found:#?}");
    Ok(())
}

#[tokio::test]
async fn five_broken_sites_print_all_problems_and_change_nothing() -> Result<()> {
    let folder = TempDir::new()?;
    let good = folder.path().join("site.toml");
    fs::write(&good, GOOD_SITE)?;
    let edge = Edge::start(&folder.path().join("data"), Some(&good)).await?;
    let before = [edge.http().get("/api/v1/site").await?, edge.http().get("/api/v1/changes").await?];
    let files = workspace().join("crates/config/tests/it/broken");
    for name in BROKEN_SITES {
        let file = files.join(format!("{name}.toml"));
        let file = file.to_str().context("a path in UTF-8")?;
        let expected = expected(&files.join(format!("{name}.snap")))?;
        for verb in [&["apply", file][..], &["apply", file, "--dry-run"][..]] {
            let answer = edge.lastmile(&[&["--json"], verb].concat()).await?.exit(1)?;
            let found = problems(&answer)?;
            // of URLs and addresses the drivers speak in their own words
            all_in(name, &places(&expected), &places(&found))?;
            in_words(&edge.lastmile(verb).await?.exit(1)?, &found).with_context(|| name.to_owned())?;
        }
    }
    let after = [edge.http().get("/api/v1/site").await?, edge.http().get("/api/v1/changes").await?];
    ensure!(before == after, "{before:#?}\n{after:#?}");
    edge.lastmile(&["apply"]).await?.exit(2)?;
    edge.stop(SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_dry_run_judges_bundles_that_are_not_there_yet_and_says_what_applying_will_do() -> Result<()> {
    let folder = TempDir::new()?;
    let edge = Edge::start(&folder.path().join("data"), None).await?;
    let file = folder.path().join("site.toml");
    let path = file.to_str().context("a path in UTF-8")?.to_owned();
    fs::write(&file, pump_site(1, &packed_pump(folder.path()).await?)?)?;
    let before = edge.http().get("/api/v1/changes").await?;
    let would = edge.lastmile(&["--json", "apply", &path, "--dry-run"]).await?.exit(0)?.json()?;
    ensure!(would["applied"] == false && would["differences"][0] == "Bundle pump-bearing 1.0.0 is new", "{would}");
    let wrong = folder.path().join("wrong.toml");
    let unmapped = fs::read_to_string(&file)?.replace("map = { vibration_de =", "map = { vibration =");
    fs::write(&wrong, unmapped)?;
    let wrong = wrong.to_str().context("a path in UTF-8")?;
    for verb in [&["apply", wrong][..], &["apply", wrong, "--dry-run"][..]] {
        let said = edge.lastmile(verb).await?.exit(1)?;
        ensure!(said.stderr.contains("vibration_de"), "{}", said.stderr);
    }
    let nothing = (edge.http().get("/api/v1/changes").await?, edge.http().get("/api/v1/bundles").await?);
    ensure!(nothing == (before, serde_json::json!([])), "{nothing:#?}");
    let did = edge.lastmile(&["--json", "apply", &path]).await?.exit(0)?.json()?;
    ensure!(did["applied"] == true && did["differences"] == would["differences"], "{did}\n{would}");
    let again = edge.lastmile(&["--json", "apply", &path, "--dry-run"]).await?.exit(0)?.json()?;
    ensure!(again["differences"] == serde_json::json!([]), "{again}");
    edge.stop(SOON).await?;
    Ok(())
}

#[tokio::test]
async fn five_broken_bundles_print_all_problems_and_are_not_packed() -> Result<()> {
    let folder = TempDir::new()?;
    for name in BROKEN_BUNDLES {
        let bundle: PathBuf = workspace().join("crates/bundle/tests/it/broken").join(name);
        let expected = expected(&bundle.join("printed.snap"))?;
        let bundle = bundle.to_str().context("a path in UTF-8")?;
        let expected: Said =
            expected.into_iter().map(|(place, what)| (place, what.replace("FOLDER", bundle))).collect();
        let check = Finished::lastmile(&["--json", "bundle", "check", bundle], SOON).await?.exit(1)?;
        all_in(name, &expected, &problems(&check)?)?;
        let check = Finished::lastmile(&["bundle", "check", bundle], SOON).await?.exit(1)?;
        in_words(&check, &expected).with_context(|| name.to_owned())?;
        let packed = folder.path().join("packed.tar");
        let out = packed.to_str().context("a path in UTF-8")?;
        Finished::lastmile(&["bundle", "pack", bundle, "--out", out], SOON).await?.exit(1)?;
        ensure!(!packed.exists(), "the broken bundle {name} was packed");
    }
    Finished::lastmile(&["bundle", "check"], SOON).await?.exit(2)?;
    Ok(())
}
