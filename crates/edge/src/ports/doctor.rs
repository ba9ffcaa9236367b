//! How the box itself is: health for machines, findings for people.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::said::backup;
use domain::said::doctor as said;
use domain::{Problem, Said};
use server::api::device::DeviceStateKind;
use server::api::health::{DoctorLine, DoctorState, Health, StreamHealth};
use server::ports::{self, Devices as _};
use state::{State, StateError};

use super::devices::Devices;
use crate::clock::Clock;
use crate::deploy::Deploys;
use crate::pipeline::history::HistoryReport;
use crate::uplink::seen::Seen;

/// A backup that is older is worth a look.
const OLD: Duration = Duration::from_hours(24 * 31);

/// See the module.
pub(crate) struct Doctor {
    /// What the record says of backups.
    pub state: State,
    /// The time of the path.
    pub clock: Arc<Clock>,
    /// When the process started.
    pub started: tokio::time::Instant,
    /// The data folder.
    pub data: PathBuf,
    /// The log.
    pub history: Arc<HistoryReport>,
    /// Models.
    pub deploys: Arc<Deploys>,
    /// Devices.
    pub devices: Arc<Devices>,
    /// The uplink.
    pub link: Arc<Seen>,
}

#[async_trait]
impl ports::Doctor for Doctor {
    fn health(&self) -> Health {
        let devices = self.devices.devices();
        let reading = devices
            .iter()
            .filter(|device| matches!(device.state.kind, DeviceStateKind::Reading | DeviceStateKind::Partly));
        let reading = count(reading.count());
        let mut words: Vec<String> = self.history.problem().iter().map(|problem| problem.what.clone()).collect();
        let silent = devices.iter().filter(|device| device.state.kind == DeviceStateKind::NotAnswering);
        words.extend(silent.map(|device| device.state.words.clone()));
        let (first, newest) = self.deploys.predictions_seen();
        let now = self.clock.now();
        let log = self.history.synced().into_iter();
        Health {
            status: if words.is_empty() { "ok" } else { "degraded" }.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            role: "site".to_owned(),
            up_s: self.started.elapsed().as_secs_f64(),
            log: log
                .map(|(stream, synced_seq)| (stream.to_owned(), StreamHealth { synced_seq }))
                .collect::<BTreeMap<_, _>>(),
            first_prediction_s: first.map(|first| first.as_secs_f64()),
            prediction_age_s: newest.map(|newest| now.since(newest).as_secs_f64()),
            devices_reading: reading,
            devices: count(devices.len()),
            words,
            hub: None,
        }
    }

    async fn look(&self) -> Vec<DoctorLine> {
        let data = self.data.clone();
        let looked = tokio::task::spawn_blocking(move || crate::doctor::look(&data)).await;
        let mut lines = looked.unwrap_or_default();
        if let Some(problem) = self.history.problem() {
            lines.push(wrong(&problem));
        }
        if !self.devices.site.borrow().history.on {
            lines.push(crate::doctor::line("history.off", DoctorState::Look, said::HISTORY_OFF.plain()));
        }
        let damaged = self.history.damaged();
        if damaged > 0 {
            let said = said::DAMAGED.say([("count", damaged.into())]);
            lines.push(crate::doctor::line("history.damaged", DoctorState::Wrong, said));
        }
        if self.clock.era() > 1 {
            let said = said::CLOCK_STEPS.say([("count", u64::from(self.clock.era() - 1).into())]);
            lines.push(crate::doctor::line("clock.step", DoctorState::Look, said));
        }
        lines.extend(super::link::finding(&self.link.now()));
        match self.backup_lines().await {
            Ok(more) => lines.extend(more),
            Err(error) => lines.push(wrong(&error.problem())),
        }
        lines
    }
}

impl Doctor {
    /// That this edge was restored, until somebody has read it; and how old the newest backup is.
    async fn backup_lines(&self) -> Result<Vec<DoctorLine>, StateError> {
        let restored = self.state.restored().await?;
        let mut lines: Vec<DoctorLine> = restored
            .map(|restored| crate::doctor::line("backup.restored", DoctorState::Look, restored.said()))
            .into_iter()
            .collect();
        let now = self.clock.now();
        let line = match self.state.last_backup().await? {
            None => crate::doctor::line("backup.last", DoctorState::Look, backup::NEVER.plain()),
            Some(last) => {
                let ago = now.since(last);
                let (state, sentence) =
                    if ago > OLD { (DoctorState::Look, backup::OLD) } else { (DoctorState::Ok, backup::LAST) };
                crate::doctor::line("backup.last", state, sentence.say([("ago_ms", ago.into())]))
            }
        };
        lines.push(line);
        Ok(lines)
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A problem as a finding.
pub(crate) fn wrong(problem: &Problem) -> DoctorLine {
    DoctorLine {
        code: problem.code.clone(),
        state: DoctorState::Wrong,
        words: problem.what.clone(),
        hint: problem.hint.clone(),
        said: Some(Said::from(problem).into()),
    }
}
