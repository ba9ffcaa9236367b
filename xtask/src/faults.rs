//! `cargo xtask faults`: the long form of the fault suite, drawn from seeds; each failing seed can be run again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::args::Args;
use crate::part::{Part, announce_skipped};
use crate::paths;
use crate::setup::{self, For};
use crate::shell::{cargo, run, say};
use crate::suite::Suite;

/// Peers of other tests.
const UNUSED: [Part; 4] = [Part::Postgres, Part::Mosquitto, Part::Socat, Part::Browser];
const DAY: Duration = Duration::from_hours(24);

/// What was asked for, as the variables that the tests read.
struct Asked {
    settings: Vec<(&'static str, String)>,
    release: bool,
    again: String,
}

/// `cargo xtask faults [--seed N] [--seeds COUNT] [--minutes M] [--kills COUNT] [--release] [--short] [--without PART]…`
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let without = args.without()?;
    let asked = asked(&mut args)?;
    args.end()?;
    setup::run(For::Test, &[UNUSED.as_slice(), &without].concat())?;
    let program = if asked.release {
        run(cargo().args(["build", "--release", "--package", "lastmile"]))?;
        paths::lastmile_release()
    } else {
        run(cargo().args(paths::BUILD_LASTMILE))?;
        paths::lastmile()
    };
    let suite = Suite::alone(without.clone());
    let passed = suite.faults(&program, &asked.settings);
    if passed.is_err() {
        say(&format!("run it again: {}", asked.again));
    }
    passed?;
    Ok(announce_skipped(&without))
}

fn asked(args: &mut Args) -> Result<Asked> {
    let mut number = |name: &str, otherwise: u64| -> Result<u64> {
        let given = args.values(name)?;
        given.last().map_or(Ok(otherwise), |text| text.parse().with_context(|| format!("`{name}` takes a number")))
    };
    let (seed, seeds) = (number("--seed", today()?)?, number("--seeds", 3)?);
    let (minutes, kills) = (number("--minutes", 3)?, number("--kills", 100)?);
    let release = args.flag("--release");
    let again = format!(
        "cargo xtask faults --seed {seed} --seeds {seeds} --minutes {minutes} --kills {kills}{}",
        if release { " --release" } else { "" }
    );
    if args.flag("--short") {
        return Ok(Asked { settings: Vec::new(), release, again: "cargo xtask faults --short".to_owned() });
    }
    let settings = vec![
        ("LASTMILE_FAULTS_SEED", seed.to_string()),
        ("LASTMILE_FAULTS_SEEDS", seeds.to_string()),
        ("LASTMILE_FAULTS_SECONDS", (minutes * 60).to_string()),
        ("LASTMILE_FAULTS_KILLS", kills.to_string()),
    ];
    Ok(Asked { settings, release, again })
}

/// Another seed each day, and the same all day.
#[expect(clippy::disallowed_methods, reason = "where the first seed comes from; it is printed")]
fn today() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(since.as_secs() / DAY.as_secs())
}
