//! Runs drawn from seeds: `LASTMILE_FAULTS_SEED` is the first, `LASTMILE_FAULTS_SEEDS` how many, `LASTMILE_FAULTS_SECONDS` how
//! long each.

use std::time::Duration;

use anyhow::Result;
use faults::{Settings, run};

use crate::setting;

#[tokio::test]
async fn every_promise_holds_whatever_a_seed_brings() -> Result<()> {
    let first = setting("LASTMILE_FAULTS_SEED").unwrap_or(1);
    let seeds = setting("LASTMILE_FAULTS_SEEDS").unwrap_or(1);
    let length = Duration::from_secs(setting("LASTMILE_FAULTS_SECONDS").unwrap_or(40));
    for seed in first..first + seeds {
        run(Settings { seed, length }).await?;
    }
    Ok(())
}
