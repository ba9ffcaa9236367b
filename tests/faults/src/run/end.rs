//! The end of a run: everything is healed, the edge started once more, and all that was promised is looked for.

use std::time::Duration;

use anyhow::{Context, Result};
use scenarios::{SCORE, Sample, processes_below, say};
use tokio::time::Instant;

use super::{SOON, Story, gone};
use crate::kept::Kept;
use crate::live::{Look, check_history};
use crate::plant::{Device, PERIOD};
use crate::promise::{Findings, Promise};
use crate::schedule::{Clock, Kill};
use crate::stamp::Stamp;

/// All faults are over: how long a debug build on a busy machine may take until all is well.
const RECOVERY: Duration = Duration::from_mins(3);
/// What an edge may miss of a healthy device without a reason that we know: scans.
const SLACK: u32 = 4;

impl Story {
    /// Everything is healed, the edge started once more, and all that is left is looked at.
    pub(super) async fn end(mut self) -> Result<Findings> {
        self.heal(Instant::now() + Duration::from_hours(1)).await?;
        self.heal(Instant::now() + Duration::from_hours(2)).await?;
        self.set_clock(Clock::Right)?;
        self.kill(Kill::Program).await?;
        self.recovered().await?;
        let end = self.plant.now();
        let history = self.history().await?;
        let mut findings = std::mem::take(&mut self.live.findings);
        for kept in &self.live.kept {
            kept.check(&history, &mut findings);
        }
        check_history(&history, &mut findings);
        self.healthy_was_read(&history, end, &mut findings);
        self.acts.check(&self.edge, self.folder.path(), &mut findings).await?;
        let pid = self.edge.program().pid().context("it ended")?;
        let workers = processes_below(pid);
        let stopped = self.edge.stop(SOON).await?;
        findings.check(Promise::Recovers, stopped.success(), || format!("it ended with {stopped}"));
        gone(&workers, &mut findings).await;
        let slowest = self.restarts.iter().max().copied().unwrap_or_default();
        let kept: Vec<usize> = self.live.kept.iter().map(Kept::count).collect();
        say(&format!(
            "faults: seed {}: {} looks, {} unanswered while the disk failed, {} restarts, the slowest {slowest:.2?}; \
             {kept:?} samples seen and acknowledged, {} in history; {} acts acknowledged; {:?}; {} MB at most",
            self.seed,
            self.live.looks,
            self.unanswered,
            self.restarts.len(),
            history.len(),
            self.acts.count(),
            self.preload.counts()?,
            self.live.memory_mb,
        ));
        Ok(findings)
    }

    /// Waits until everything is well; what is not is a finding.
    async fn recovered(&mut self) -> Result<()> {
        // an act without an answer may have left it off
        self.acts.set_mode("advise");
        let devices = Device::HEALTHY.into_iter().chain(Device::FAULTY);
        let mut wanted: Vec<String> = devices.flat_map(Device::tags).collect();
        wanted.push(SCORE.to_owned());
        let end = Instant::now() + RECOVERY;
        loop {
            let findings = self.acts.heard(false).await;
            self.live.findings.add(findings);
            let (before, asked) = (self.plant.now(), Instant::now());
            let look = Look::take(self.edge.http(), &self.plant).await?;
            self.took(before, asked.elapsed());
            self.live.check(&look, self.edge.program().pid().context("it ended")?);
            let missing: Vec<&String> = wanted.iter().filter(|tag| !look.is_good(tag)).collect();
            if missing.is_empty() && !self.acts.busy() {
                return Ok(());
            }
            if Instant::now() > end {
                let told = self.edge.http().get("/api/v1/deployments").await?;
                self.live
                    .findings
                    .broken(Promise::Recovers, format!("not good: {missing:?}; {}; {told}", look.words()));
                return Ok(());
            }
            self.rest().await;
        }
    }

    async fn history(&self) -> Result<Vec<Sample>> {
        let mut tags: Vec<String> = Device::HEALTHY.into_iter().chain(Device::FAULTY).flat_map(Device::tags).collect();
        tags.push(SCORE.to_owned());
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        self.edge.history(&tags).await
    }

    /// Gaps between the stamps of healthy devices are explained by kills and failing disks, and by nothing else.
    fn healthy_was_read(&self, history: &[Sample], end: u32, findings: &mut Findings) {
        let most = i64::try_from((PERIOD * SLACK).as_millis()).unwrap_or(i64::MAX);
        for device in Device::HEALTHY {
            let tag = device.stamp_tag(0);
            let stamps =
                history.iter().filter(|sample| sample.tag == tag).filter_map(|sample| Stamp::read(&sample.value));
            let mut ages: Vec<i64> = stamps.map(|stamp| stamp.age(end)).collect();
            ages.sort_unstable_by(|one, other| other.cmp(one));
            for pair in ages.windows(2) {
                let &[from, to] = pair else { continue };
                let unexplained = from - to - self.disturbed_between(from, to, end);
                findings.check(Promise::HealthyGoesOn, unexplained <= most, || {
                    format!(
                        "{tag} has nothing for {} ms, {from} ms before the end; {unexplained} ms without reason",
                        from - to
                    )
                });
            }
            findings.check(Promise::HealthyGoesOn, ages.len() > 10, || format!("{tag} has {} samples", ages.len()));
        }
    }

    /// How much of a time is disturbed, ms. Times are ages at `end`.
    fn disturbed_between(&self, from: i64, to: i64, end: u32) -> i64 {
        let age = |moment: u32| i64::from(end.wrapping_sub(moment).cast_signed());
        let mut parts: Vec<(i64, i64)> =
            self.disturbed.iter().map(|(begin, over)| (age(*begin).min(from), age(*over).max(to))).collect();
        parts.sort_unstable_by(|one, other| other.cmp(one));
        let (mut all, mut done) = (0, from);
        for (begin, over) in parts {
            all += (begin.min(done) - over).max(0);
            done = done.min(over);
        }
        all
    }
}
