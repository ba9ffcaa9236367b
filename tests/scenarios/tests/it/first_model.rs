//! The page `docs/how-to/first-model.md`, command by command and file by file as it stands there, with one real Modbus
//! server in place of the plant.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Finished, Program, free_port, lastmile_program, python, say, workspace};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

const SOON: Duration = Duration::from_mins(1);
/// The whole page on a busy machine.
const PAGE: Duration = Duration::from_mins(10);

/// What every shell of a reader has: the program and Python. The edge takes a free port, and what comes after waits for
/// it as a person does: until it answers, and in the end until it kept something.
const SHELL: &str = r#"set -euo pipefail
edge=
trap '[ -z "$edge" ] || { kill "$edge"; wait "$edge" || true; }' EXIT
python() { "$PYTHON" "$@"; }
program() { "$LASTMILE_BIN" "$@"; }
ready() { for _ in $(seq 600); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done; echo "never ready: $*"; return 1; }
lastmile() {
    case "$1" in
        edge) exec "$LASTMILE_BIN" "$@" --listen "127.0.0.1:$PORT" ;;
        apply | mode | off | export) program "$@" --at "http://127.0.0.1:$PORT" ;;
        history) ready kept; program "$@" --at "http://127.0.0.1:$PORT" ;;
        *) program "$@" ;;
    esac
}
kept() {
    program history export --tags line-2/pump-7/speed --from 0 --to 4102444800000000 --at "http://127.0.0.1:$PORT" kept.csv
    [ "$(wc -l < kept.csv)" -gt 5 ]
}
"#;

/// A fenced block of a page: its language and its lines.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (None, Some((_, text))) => *text = format!("{text}{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

/// One script that does what a reader does: saves the files, types the commands.
fn script(page: &str) -> String {
    let mut script = SHELL.to_owned();
    for (language, text) in blocks(page) {
        let piece = match language.as_str() {
            "python" => format!("cat > export.py <<'END'\n{text}END\n"),
            "toml" => format!("cat >> site.toml <<'END'\n{text}\nEND\n"),
            _ => text.lines().map(command).collect(),
        };
        script.push_str(&piece);
    }
    script
}

/// A command as it is typed; what runs on is ended with the script, and waited for.
fn command(line: &str) -> String {
    let typed = line.split(" #").next().unwrap_or_default().trim_end();
    match typed.strip_suffix('&') {
        Some(runs_on) => format!("{runs_on} > edge.log 2>&1 &\nedge=$!\nready lastmile export\n"),
        None => format!("echo '$ {}'\n{typed}\n", typed.replace('\'', "")),
    }
}

/// A pump that runs for six minutes and wears out in the last one, a sample each second.
fn last_month(folder: &Path) -> Result<()> {
    let rows = (0..360).map(|second| {
        let vibration = if second < 300 { 2.6 } else { 9.0 };
        format!("{},{vibration},1480\n", 1_767_225_600_000_000_i64 + second * 1_000_000)
    });
    Ok(fs::write(folder.join("last-month.csv"), format!("arrival_us,vibration,speed\n{}", rows.collect::<String>()))?)
}

#[tokio::test]
async fn the_page_for_a_first_model_works_as_it_is_written() -> Result<()> {
    let folder = TempDir::new()?;
    last_month(folder.path())?;
    let mut plc = Program::peer("modbus/server.py", &["tcp"])?;
    let ready: Value = serde_json::from_str(&plc.line_with("\"port\"", SOON).await?)?;
    let port = ready.get("port").and_then(Value::as_u64).context("the Modbus server says its port")?;
    let page = fs::read_to_string(workspace().join("docs/how-to/first-model.md"))?;
    let here = page.replace("10.20.2.17:502", &format!("127.0.0.1:{port}"));
    let here = here
        .replace("2026-11-01T00:00:00Z", "2000-01-01T00:00:00Z")
        .replace("2026-11-22T00:00:00Z", "2100-01-01T00:00:00Z");
    fs::write(folder.path().join("page.sh"), script(&here))?;
    let mut bash = Command::new("bash");
    bash.arg("page.sh").current_dir(folder.path()).env("PORT", free_port()?.to_string());
    bash.env("PYTHON", python())
        .env("LASTMILE_BIN", lastmile_program()?)
        .env("LASTMILE_ONNXRUNTIME", scenarios::onnxruntime());
    let typed = Finished::of(bash, PAGE).await?.good()?;
    let said = |part: &str| typed.stdout.contains(part);
    ensure!(said("\"decision\":\"raise\""), "a worn bearing raises nothing:\n{}", typed.stdout);
    ensure!(said("2600") && said("1480"), "the machine was not read:\n{}", typed.stdout);
    let replayed = typed.stdout.rsplit("$ ").next().unwrap_or_default();
    ensure!(replayed.contains("\"output\":\"score\""), "nothing was replayed:\n{replayed}");
    say(&format!("first model: {} commands of the page work", typed.stdout.matches("$ ").count()));
    Ok(())
}
