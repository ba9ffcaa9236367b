//! `kill -9` and power cuts, again and again, under load: every acknowledged second is there once, and it starts again.
//! `LASTMILE_FAULTS_KILLS` says how often.

use std::time::Duration;

use anyhow::Result;
use faults::kills;

use crate::setting;

#[tokio::test]
async fn kills_and_power_cuts_in_turn_lose_nothing_acknowledged() -> Result<()> {
    let rounds = setting("LASTMILE_FAULTS_KILLS").unwrap_or(4);
    let seed = setting("LASTMILE_FAULTS_SEED").unwrap_or(1);
    kills(seed, rounds, Duration::from_secs(3)).await
}
