//! `cargo xtask gen`: files that are made from code, kept in git, and checked for drift. Never made by a build script.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::args::Args;
use crate::paths;
use crate::setup;
use crate::shell::{cargo, npm, output, run, say};

/// A file that no person edits. In order: the last is made from the one before.
struct Generated {
    file: &'static str,
    make: fn() -> Result<String>,
}

const FILES: [Generated; 4] = [
    Generated { file: "docs/reference/site.schema.json", make: || indented(&lastmile(&["schema"])?) },
    Generated { file: "web/src/text/said.json", make: || indented(&lastmile(&["schema", "--sentences"])?) },
    Generated { file: "web/openapi.json", make: || lastmile(&["schema", "--openapi"]) },
    Generated { file: "web/src/api/schema.d.ts", make: typescript },
];

/// `cargo xtask gen [--check]`
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let check = args.flag("--check");
    args.end()?;
    run_all(check, paths::BUILD_LASTMILE)
}

/// Writes every generated file again, or with `check` only says which ones differ. True when none differs.
/// `build` says how the program is built that knows them.
pub(crate) fn run_all(check: bool, build: [&str; 3]) -> Result<bool> {
    setup::web_packages()?;
    run(cargo().args(build))?;
    let mut current = true;
    for generated in FILES {
        let wanted = (generated.make)().with_context(|| generated.file)?;
        let path = paths::root().join(generated.file);
        let same = fs::read_to_string(&path).is_ok_and(|text| text == wanted);
        if same {
            continue;
        }
        if check {
            current = false;
            say(&format!("{}: differs from what the code says; run `cargo xtask gen`", generated.file));
        } else {
            write(&path, &wanted)?;
            say(&format!("gen: wrote {}", generated.file));
        }
    }
    Ok(current)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn lastmile(arguments: &[&str]) -> Result<String> {
    output(std::process::Command::new(paths::lastmile()).args(arguments))
}

/// JSON with a line per value, so that a change can be reviewed.
fn indented(json: &str) -> Result<String> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

/// The types of the web client, from the OpenAPI document as it is in git.
fn typescript() -> Result<String> {
    let fresh = paths::scratch().join("schema.d.ts");
    let mut program = npm();
    program.args(["exec", "--no", "--", "openapi-typescript", "openapi.json", "-o"]).arg(&fresh);
    output(&mut program)?;
    fs::read_to_string(&fresh).with_context(|| format!("cannot read {}", fresh.display()))
}
