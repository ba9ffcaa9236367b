//! Broken files: every problem is printed at once, in words with place and hint, and nothing is changed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use scenarios::{Finished, Program};
use serde_json::Value;
use tempfile::TempDir;

const SOON: Duration = Duration::from_mins(1);

const HEAD: &str = r#"
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

/// What is wrong with each of them, and how many problems were planted.
const BROKEN_SITES: [(&str, usize, &str); 5] = [
    (
        "a key that does not exist, a device that does not exist, a unit that does not exist",
        3,
        r#"
[history]
kepp = "90d"
[[tag]]
name = "line-2/level"
device = "plc-3"
address = "holding:2:float32"
[[tag]]
name = "line-2/flow"
device = "plc-2"
address = "holding:4:float32"
unit = "furlong/fortnight"
"#,
    ),
    (
        "the same name twice, a range the wrong way round, a scale between equal ends",
        3,
        r#"
[[tag]]
name = "line-2/speed"
device = "plc-2"
address = "holding:2:float32"
[[tag]]
name = "line-2/flow"
device = "plc-2"
address = "holding:4:float32"
range = [10.0, 1.0]
[[tag]]
name = "line-2/level"
device = "plc-2"
address = "holding:6:int16"
scale = { raw = [100, 100], to = [0.0, 16.0] }
"#,
    ),
    (
        "a protocol nobody speaks, an address without sense, a time without a unit",
        3,
        r#"
[[device]]
name = "plc-4"
url = "telepathy://10.0.0.1/1"
place = "line-2"
[[device]]
name = "plc-5"
url = "modbus-tcp://10.0.0.1:502/1"
place = "line-2"
timeout = "soon"
[[tag]]
name = "line-2/flow"
device = "plc-2"
address = "holding:abc:float32"
"#,
    ),
    (
        "a level that is none, a picture of nothing, a value that is nowhere",
        3,
        r#"
[[place]]
path = "line-2/pump-7"
name = "Pump 7"
level = "floor"
[[place]]
path = "line-2/pump-8"
name = "Pump 8"
level = "cell"
picture = "spaceship"
[[place]]
path = "line-2/pump-9"
name = "Pump 9"
level = "cell"
key_tags = ["line-2/pump-9/nothing"]
"#,
    ),
    (
        "a bundle that is not there, a mode that is none, a tag that nobody has",
        3,
        r#"
[[deployment]]
name = "one"
place = "line-2"
bundle = "bundles/nowhere.tar"
mode = "watch"
map = { a = "line-2/speed" }
[[deployment]]
name = "two"
place = "line-2"
bundle = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
mode = "shadow"
map = { a = "line-2/speed" }
[[deployment]]
name = "three"
place = "line-2"
bundle = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
mode = "watch"
map = { a = "line-2/ghost" }
"#,
    ),
];

const CONTRACT: &str = r#"format = 1
name = "broken"
version = "1.0.0"
title = { en = "Broken" }
model = "model.onnx"
[trigger]
kind = "every"
period = "1s"
[window]
length = "20s"
step = "1s"
[[signal]]
name = "speed"
title = { en = "Speed" }
unit = "1/min"
rate = "1s"
[[feature]]
name = "speed_mean"
signal = "speed"
op = "mean"
[tensor]
input = "x"
layout = "features"
[[output]]
name = "score"
tensor = "score"
title = { en = "Score" }
"#;

/// What is replaced in the contract by what, and how many problems that makes.
const BROKEN_BUNDLES: [(&[(&str, &str)], usize); 5] = [
    (&[("format = 1", "format = 7"), ("1.0.0", "one"), ("\"every\"", "\"sometimes\"")], 3),
    (
        &[("unit = \"1/min\"", "unit = \"bananas\""), ("rate = \"1s\"", "rate = \"often\""), ("\"mean\"", "\"guess\"")],
        3,
    ),
    (&[("signal = \"speed\"\nop", "signal = \"spede\"\nop"), ("length = \"20s\"", "length = \"20500ms\"")], 2),
    (
        &[
            ("op = \"mean\"", "op = \"band\"\nhz = [0.1, 5.0]"),
            ("[[output]]\nname", "[[output]]\ncolour = \"red\"\nname"),
        ],
        2,
    ),
    (&[("title = { en = \"Score\" }", "title = { de = \"Wert\" }\nrange = [5.0, 1.0]")], 2),
];

/// All problems in what a command printed with `--json`, each with its code, its place, a sentence and a hint.
fn problems(finished: &Finished) -> Result<usize> {
    let answer = finished.json()?;
    let problems = answer.get("problems").and_then(Value::as_array).context("no problems in the answer")?;
    for problem in problems {
        for key in ["code", "place", "what", "hint"] {
            let text = problem.get(key).and_then(Value::as_str).unwrap_or_default();
            assert!(!text.is_empty(), "`{key}` is empty in {problem}");
        }
    }
    Ok(problems.len())
}

#[tokio::test]
async fn five_broken_sites_print_all_problems_and_change_nothing() -> Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().join("data");
    let good = folder.path().join("site.toml");
    fs::write(&good, HEAD)?;
    let data = data.to_str().context("a path in UTF-8")?;
    let good = good.to_str().context("a path in UTF-8")?;
    let mut edge = Program::lastmile(&["edge", "--data", data, "--listen", "127.0.0.1:0", "--site", good])?;
    let url = url_in(&edge.line_with("http://", SOON).await?)?;
    let export = ["export", "--at", &url, "--data", data];
    let before = Finished::lastmile(&export, SOON).await?.good()?.stdout;
    for (name, planted, rest) in BROKEN_SITES {
        let file = folder.path().join("broken.toml");
        fs::write(&file, format!("{HEAD}{rest}"))?;
        let file = file.to_str().context("a path in UTF-8")?;
        let apply = Finished::lastmile(&["--json", "apply", file, "--at", &url, "--data", data], SOON).await?;
        assert!(!apply.status.success(), "{name}: {apply:?}");
        let found = problems(&apply).with_context(|| name.to_owned())?;
        assert!(found >= planted, "{name}: {found} of {planted}\n{}", apply.stdout);
    }
    let after = Finished::lastmile(&export, SOON).await?.good()?.stdout;
    assert_eq!(before, after);
    edge.stop(SOON).await?;
    Ok(())
}

#[tokio::test]
async fn five_broken_bundles_print_all_problems_and_are_not_packed() -> Result<()> {
    for (changes, planted) in BROKEN_BUNDLES {
        let folder = TempDir::new()?;
        let mut contract = CONTRACT.to_owned();
        for (from, to) in changes {
            assert!(contract.contains(from), "{from}");
            contract = contract.replace(from, to);
        }
        fs::write(folder.path().join("contract.toml"), contract)?;
        fs::write(folder.path().join("model.onnx"), b"this is not a model, and nobody looks")?;
        let bundle = folder.path().to_str().context("a path in UTF-8")?;
        let check = Finished::lastmile(&["--json", "bundle", "check", bundle], SOON).await?;
        assert!(!check.status.success(), "{changes:?}: {check:?}");
        let found = problems(&check).with_context(|| format!("{changes:?}"))?;
        assert!(found >= planted, "{changes:?}: {found} of {planted}\n{}", check.stdout);
        let packed = folder.path().join("packed.tar");
        let out = packed.to_str().context("a path in UTF-8")?;
        let pack = Finished::lastmile(&["bundle", "pack", bundle, "--out", out], SOON).await?;
        assert!(!pack.status.success(), "{pack:?}");
        assert!(!Path::new(out).exists(), "a broken bundle was packed");
    }
    Ok(())
}

/// The address in a line such as `… http://127.0.0.1:41234/ …`.
fn url_in(line: &str) -> Result<String> {
    let at = line.find("http://").context("no address in this line")?;
    let rest = line.get(at..).unwrap_or_default();
    Ok(rest.split_whitespace().next().unwrap_or_default().trim_end_matches(['/', '.', ',']).to_owned())
}
