//! Trying a device that is being typed: reachable → who is it → how fast → what do the addresses say. Reads only.
//!
//! A device that this edge reads already is asked over its own line, between two scans, so that its budget holds.

use std::time::Duration;

use config::site::Device;
use domain::said::device as said;
use domain::{Problem, Said};
use drivers::{DeviceUrl, Driver, Identity, Limits, Planned, Reading};
use server::api::device::{DeviceTest, StepState, TestDevice, TestStep};
use tokio::time::Instant;

use super::devices::{Devices, address_values, ask, blocks};
use super::scan_time::{Typed, scan_time};

/// Connecting and each request end within this, whatever was typed.
const LONGEST: Duration = Duration::from_secs(2);
/// Addresses read at most.
const ADDRESSES: usize = 500;

/// What was found so far.
#[derive(Default)]
struct Found {
    steps: Vec<TestStep>,
    readings: Vec<Reading>,
    /// How long the reading took, when nobody else was on the line.
    took_alone: Option<Duration>,
}

/// Runs the test. What fails is a step, not an error.
pub(super) async fn run(devices: &Devices, test: TestDevice) -> DeviceTest {
    let addresses: Vec<String> = test.addresses.iter().take(ADDRESSES).cloned().collect();
    let (device, url) = match understood(&test) {
        Ok(understood) => understood,
        Err(problem) => return unreadable(&problem),
    };
    let limits = Limits { timeout: device.timeout.get().min(LONGEST), ..crate::plan::limits(&device) };
    let mut planned = url.plan(&addresses, &limits);
    let mut found = Found::default();
    match devices.on_line(&url) {
        Some(running) => {
            let begun = Instant::now();
            let answer = ask(&running, planned.group.clone()).await;
            found.step("reachable", StepState::Ok, said::REACHABLE.plain(), Some(said::SHARED_LINE.plain()), None);
            found.not_tried("identity", Some(said::NOT_ASKED_AGAIN.plain()));
            found.answered(answer, &planned, begun.elapsed());
        }
        None => try_alone(&url, &limits, &mut planned, &mut found).await,
    }
    let running = devices.lines.devices();
    let took = found.took_alone.map(|took| (&planned, took));
    let typed = Typed { device: &device, url: &url, limits: &limits, addresses: &addresses, took };
    let scan_time = scan_time(&typed, &running, devices.clock.now());
    DeviceTest { scan_time, ..finish(found, &addresses, &planned, &device, devices) }
}

fn understood(test: &TestDevice) -> Result<(Device, DeviceUrl), Problem> {
    let mut settings = test.device.clone();
    if settings.name.is_empty() {
        "new device".clone_into(&mut settings.name);
    }
    let json = serde_json::to_value(&settings).unwrap_or_default();
    let device: Device = serde_json::from_value(json)
        .map_err(|error| Problem::new("device.malformed", settings.name.clone(), error.to_string()))?;
    let url: DeviceUrl = device.url.parse().map_err(|problems: domain::Problems| {
        let first = problems.0.into_iter().next();
        first.unwrap_or_else(|| Problem::new("url.malformed", device.url.clone(), "this is no device URL"))
    })?;
    Ok((device, url))
}

fn unreadable(problem: &Problem) -> DeviceTest {
    let mut found = Found::default();
    found.failed("reachable", problem);
    for step in ["identity", "speed", "tags"] {
        found.not_tried(step, None);
    }
    DeviceTest {
        ok: false,
        steps: found.steps,
        values: Vec::new(),
        blocks: Vec::new(),
        budget_percent: None,
        scan_time: None,
    }
}

async fn try_alone(url: &DeviceUrl, limits: &Limits, planned: &mut Planned, found: &mut Found) {
    let mut driver = url.open();
    let begun = Instant::now();
    if let Err(error) = driver.connect(LONGEST).await {
        found.failed("reachable", &error.problem(url.endpoint()));
        for step in ["identity", "speed", "tags"] {
            found.not_tried(step, None);
        }
        return;
    }
    found.step("reachable", StepState::Ok, said::REACHABLE.plain(), None, Some(begun.elapsed()));
    found.detail(&url.endpoint());
    identify(driver.as_mut(), url, limits, found).await;
    if driver.is_connected() || driver.connect(LONGEST).await.is_ok() {
        let begun = Instant::now();
        let answer = driver.read(&mut planned.group).await.map_err(|error| error.problem(url.endpoint()));
        found.took_alone = answer.is_ok().then(|| begun.elapsed());
        found.answered(answer, planned, begun.elapsed());
    } else {
        found.not_tried("speed", Some(said::CONNECTION_GONE.plain()));
        found.not_tried("tags", None);
    }
    driver.close().await;
}

async fn identify(driver: &mut dyn Driver, url: &DeviceUrl, limits: &Limits, found: &mut Found) {
    match driver.identify(url.unit(), limits.timeout).await {
        Ok(identity) if identity.is_empty() => {
            found.step("identity", StepState::Ok, said::SAYS_NOT_WHO.plain(), Some(said::MANY_DO_NOT.plain()), None);
        }
        Ok(identity) => found.step("identity", StepState::Ok, who(&identity), version(&identity), None),
        Err(error) => {
            found.step("identity", StepState::Look, said::WHO_UNKNOWN.plain(), Some(error.said()), None);
        }
    }
}

fn who(identity: &Identity) -> Said {
    let parts = [&identity.vendor, &identity.product, &identity.name];
    let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    said::WHO.say([("who", known.join(" ").into())])
}

fn version(identity: &Identity) -> Option<Said> {
    identity.version.as_ref().map(|version| said::VERSION.say([("version", version.as_str().into())]))
}

impl Found {
    fn step(&mut self, step: &str, state: StepState, said: Said, detail: Option<Said>, took: Option<Duration>) {
        self.steps.push(TestStep {
            step: step.to_owned(),
            state,
            words: said.words(),
            said: Some(said.into()),
            detail: detail.as_ref().map(Said::words).unwrap_or_default(),
            said_detail: detail.map(Into::into),
            took_ms: took.map(|took| took.as_secs_f64() * 1e3),
        });
    }

    /// What stands under the last step in every language alike: an address, what the system says.
    fn detail(&mut self, detail: &str) {
        if let Some(last) = self.steps.last_mut() {
            detail.clone_into(&mut last.detail);
        }
    }

    fn not_tried(&mut self, step: &str, detail: Option<Said>) {
        self.step(step, StepState::NotTried, said::NOT_TRIED.plain(), detail, None);
    }

    /// A step that failed: its problem, why, and what to do.
    fn failed(&mut self, step: &str, problem: &Problem) {
        self.steps.push(TestStep {
            step: step.to_owned(),
            state: StepState::Failed,
            words: problem.what.clone(),
            said: Some(Said::from(problem).into()),
            detail: String::new(),
            said_detail: None,
            took_ms: None,
        });
        let parts = [problem.why.as_str(), problem.hint.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        self.detail(&parts.join("; "));
    }

    /// Speed and tags, from one reading of all addresses.
    fn answered(&mut self, answer: Result<Vec<Reading>, Problem>, planned: &Planned, took: Duration) {
        let requests = planned.group.blocks().len();
        let count = planned.group.len();
        match answer {
            Ok(_) if count == 0 => {
                self.not_tried("speed", Some(said::NO_ADDRESS.plain()));
                self.not_tried("tags", Some(said::NO_ADDRESS.plain()));
            }
            Ok(readings) => {
                let reads = said::READS.say([("count", count.into()), ("requests", requests.into())]);
                self.step("speed", StepState::Ok, said::FAST_ENOUGH.plain(), Some(reads), Some(took));
                let bad = readings.iter().filter(|reading| reading.quality.is_bad()).count();
                let (state, said) = match bad {
                    0 => (StepState::Ok, said::ALL_VALUES.say([("count", count.into())])),
                    bad => (StepState::Look, said::SOME_VALUES.say([("bad", bad.into()), ("count", count.into())])),
                };
                self.step("tags", state, said, None, None);
                self.readings = readings;
            }
            Err(problem) => {
                self.failed("speed", &problem);
                self.not_tried("tags", None);
            }
        }
    }
}

fn finish(mut found: Found, addresses: &[String], planned: &Planned, device: &Device, devices: &Devices) -> DeviceTest {
    let period = device.period.get();
    let took = found.steps.iter().find(|step| step.step == "speed").and_then(|step| step.took_ms);
    if let Some(took) = took.filter(|took| *took > period.as_secs_f64() * 1e3)
        && let Some(step) = found.steps.iter_mut().find(|step| step.step == "speed")
    {
        let said = said::TOO_SLOW.say([("period_ms", period.into()), ("took_ms", took.round().into())]);
        step.state = StepState::Look;
        step.words = said.words();
        step.said = Some(said.into());
    }
    let requests = planned.group.blocks().len() as f64 / period.as_secs_f64().max(1e-3);
    let values = if found.readings.is_empty() { &[] } else { found.readings.as_slice() };
    let answered = !values.is_empty();
    DeviceTest {
        ok: found.steps.iter().all(|step| matches!(step.state, StepState::Ok)),
        values: if answered || !planned.problems.is_empty() {
            address_values(addresses, planned, values, devices.clock.now())
        } else {
            Vec::new()
        },
        blocks: blocks(&planned.group.blocks(), period, addresses),
        budget_percent: Some(requests / device.budget.requests_per_second.max(1e-9) * 100.0),
        steps: found.steps,
        scan_time: None,
    }
}
