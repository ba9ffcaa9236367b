//! The bundles of the examples do what their pages say: short forms of the checks that write those pages.

use std::time::Duration;

use anyhow::Result;
use scenarios::{Finished, lastmile_program, python, say, workspace};
use tokio::process::Command;

/// On a busy machine, and when the simulator's example has to be built first.
const CHECK: Duration = Duration::from_mins(10);

#[tokio::test]
async fn the_pump_station_advises_on_a_worn_bearing_and_on_nothing_else() -> Result<()> {
    let lastmile = lastmile_program()?;
    let mut check = Command::new(python());
    check.arg(workspace().join("examples/pump-station/check.py")).arg("--lastmile").arg(&lastmile);
    check.args(["--no-train", "--hours", "1"]);
    let history = lastmile.with_file_name("examples").join(format!("pump_history{}", std::env::consts::EXE_SUFFIX));
    if history.is_file() {
        check.env("LASTMILE_PUMP_HISTORY", history);
    }
    say(&Finished::of(check, CHECK).await?.good()?.stdout);
    Ok(())
}
