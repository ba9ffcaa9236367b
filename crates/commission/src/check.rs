//! `device check`: is it reachable, who is it, how fast does it answer, and how long does a scan of it take.

use std::time::Duration;

use domain::{Problem, Problems};
use drivers::modbus::line_time::{self, ASSUMED_TURNAROUND};
use drivers::modbus::{LineShare, LineTime};
use drivers::{DeviceUrl, Driver, Identity, ReadGroup};
use serde::Serialize;
use tokio::time::Instant;

use crate::target::{ANSWER, CONNECT, limits};

/// How often it is asked to learn how fast it is.
const ROUNDS: usize = 5;

/// What was found, step by step. A step that could not be taken is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The URL in full, with what was left out.
    pub url: String,
    /// Whether a connection was made.
    pub reachable: bool,
    /// How long that took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
    /// Whether the unit answered anything at all, a refusal included.
    pub answers: bool,
    /// Who it says it is; none when it does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// How fast it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Speed>,
    /// What one scan of the addresses takes; none without addresses, and when neither the line's speed nor the device's is
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanTime>,
    /// What failed, and what to do about it.
    pub problems: Problems,
}

/// How long answers took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// The quickest.
    pub fastest_ms: f64,
    /// The one in the middle.
    pub median_ms: f64,
    /// The slowest.
    pub slowest_ms: f64,
    /// Out of so many.
    pub rounds: usize,
}

/// What one scan takes, alone on its line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScanTime {
    /// Requests it takes.
    pub requests: u32,
    /// All of it.
    pub takes_ms: f64,
    /// The shortest period it can be read at.
    pub keeps_ms: f64,
    /// Bits a second, on a serial line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// How long the device takes from a request to its answer.
    pub turnaround_ms: f64,
    /// It was measured just now; else it is assumed.
    pub measured: bool,
}

impl Check {
    /// Nothing failed.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Connects, asks who is there, and measures answers: of `addresses` when given, else of the identification.
/// A URL that cannot be understood is an error; everything else is part of the result.
pub async fn check(url: &str, addresses: &[String]) -> Result<Check, Problems> {
    let url: DeviceUrl = url.parse()?;
    let mut check = Check {
        url: url.to_string(),
        reachable: false,
        connect_ms: None,
        answers: false,
        identity: None,
        answer: None,
        scan: None,
        problems: Problems::default(),
    };
    let group = url.plan(addresses, &limits()).group;
    check.scan = scan_time(&url, &group, None);
    let mut driver = url.open();
    let begun = Instant::now();
    if let Err(error) = driver.connect(CONNECT).await {
        check.problems.push(error.problem(url.to_string()));
        return Ok(check);
    }
    check.reachable = true;
    check.connect_ms = Some(millis(begun.elapsed()));
    match measure(&url, driver.as_mut(), addresses).await {
        Ok(speed) => {
            check.answers = true;
            check.answer = Some(speed);
            check.scan = scan_time(&url, &group, Some(Duration::from_secs_f64(speed.median_ms / 1e3)));
        }
        Err(problem) => check.problems.push(problem),
    }
    if check.answers {
        // last, because a device that does not know the question may stay silent, which proves nothing against it
        let identity = driver.identify(url.unit(), ANSWER).await.unwrap_or_default();
        check.identity = Some(identity).filter(|identity| !identity.is_empty());
    }
    driver.close().await;
    Ok(check)
}

/// Computed from the line's speed, with the device's own from a reading of `group` that `took` so long.
fn scan_time(url: &DeviceUrl, group: &ReadGroup, took: Option<Duration>) -> Option<ScanTime> {
    if group.is_empty() {
        return None;
    }
    let measured = took.and_then(|took| line_time::turnaround(url, group, &limits(), took));
    let cost = line_time::scan_cost(url, group, &limits(), measured);
    let takes = cost.takes?;
    let alone = LineTime::of(&[LineShare { takes, period: takes, timeout: ANSWER }]);
    Some(ScanTime {
        requests: cost.requests,
        takes_ms: millis(takes),
        keeps_ms: millis(alone.keeps),
        baud: match url {
            DeviceUrl::ModbusRtu(line) => Some(line.baud),
            DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) => None,
        },
        turnaround_ms: millis(measured.unwrap_or(ASSUMED_TURNAROUND)),
        measured: measured.is_some(),
    })
}

async fn measure(url: &DeviceUrl, driver: &mut dyn Driver, addresses: &[String]) -> Result<Speed, Problem> {
    let mut planned = url.plan(addresses, &limits());
    if let Some(first) = planned.problems.pop() {
        return Err(first.problem);
    }
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let asked = if planned.group.is_empty() {
            driver.identify(url.unit(), ANSWER).await.map(|_| ())
        } else {
            driver.read(&mut planned.group).await.map(|_| ())
        };
        asked.map_err(|error| error.problem(url.to_string()))?;
        times.push(millis(begun.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    Ok(Speed { fastest_ms: at(0), median_ms: at(ROUNDS / 2), slowest_ms: at(ROUNDS - 1), rounds: ROUNDS })
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}
