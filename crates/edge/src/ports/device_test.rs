//! Trying a device that is being typed: reachable → who is it → how fast → what do the addresses say. Reads only.
//!
//! A device that this edge reads already is asked over its own line, between two scans, so that its budget holds.

use std::time::Duration;

use config::site::Device;
use domain::Problem;
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
            found.step(
                "reachable",
                StepState::Ok,
                "Reachable",
                "this edge reads this line already; asked between two scans",
                None,
            );
            found.not_tried("identity", "not asked again");
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
    let detail = if problem.hint.is_empty() { String::new() } else { problem.hint.clone() };
    found.step("reachable", StepState::Failed, &problem.what, &detail, None);
    for step in ["identity", "speed", "tags"] {
        found.not_tried(step, "");
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
        let problem = error.problem(url.endpoint());
        found.step("reachable", StepState::Failed, &problem.what, &detail(&problem), None);
        for step in ["identity", "speed", "tags"] {
            found.not_tried(step, "");
        }
        return;
    }
    found.step("reachable", StepState::Ok, "Reachable", &url.endpoint(), Some(begun.elapsed()));
    identify(driver.as_mut(), url, limits, found).await;
    if driver.is_connected() || driver.connect(LONGEST).await.is_ok() {
        let begun = Instant::now();
        let answer = driver.read(&mut planned.group).await.map_err(|error| error.problem(url.endpoint()));
        found.took_alone = answer.is_ok().then(|| begun.elapsed());
        found.answered(answer, planned, begun.elapsed());
    } else {
        found.not_tried("speed", "the connection is gone");
        found.not_tried("tags", "");
    }
    driver.close().await;
}

async fn identify(driver: &mut dyn Driver, url: &DeviceUrl, limits: &Limits, found: &mut Found) {
    match driver.identify(url.unit(), limits.timeout).await {
        Ok(identity) if identity.is_empty() => {
            found.step(
                "identity",
                StepState::Ok,
                "It answers, but does not say who it is",
                "many devices do not",
                None,
            );
        }
        Ok(identity) => found.step("identity", StepState::Ok, &who(&identity), &version(&identity), None),
        Err(error) => {
            let problem = error.problem(url.endpoint());
            found.step("identity", StepState::Look, "It does not say who it is", &problem.what, None);
        }
    }
}

fn who(identity: &Identity) -> String {
    let parts = [&identity.vendor, &identity.product, &identity.name];
    let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    format!("It is {}", known.join(" "))
}

fn version(identity: &Identity) -> String {
    identity.version.as_ref().map(|version| format!("version {version}")).unwrap_or_default()
}

fn detail(problem: &Problem) -> String {
    [problem.why.as_str(), problem.hint.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

impl Found {
    fn step(&mut self, step: &str, state: StepState, words: &str, detail: &str, took: Option<Duration>) {
        self.steps.push(TestStep {
            step: step.to_owned(),
            state,
            words: words.to_owned(),
            detail: detail.to_owned(),
            took_ms: took.map(|took| took.as_secs_f64() * 1e3),
        });
    }

    fn not_tried(&mut self, step: &str, detail: &str) {
        self.step(step, StepState::NotTried, "Not tried", detail, None);
    }

    /// Speed and tags, from one reading of all addresses.
    fn answered(&mut self, answer: Result<Vec<Reading>, Problem>, planned: &Planned, took: Duration) {
        let requests = planned.group.blocks().len();
        let count = planned.group.len();
        match answer {
            Ok(_) if count == 0 => {
                self.not_tried("speed", "no address yet");
                self.not_tried("tags", "no address yet");
            }
            Ok(readings) => {
                let detail = format!("{count} tags in {requests} reads, 1 connection");
                self.step("speed", StepState::Ok, "Fast enough", &detail, Some(took));
                let bad = readings.iter().filter(|reading| reading.quality.is_bad()).count();
                let (state, words) = match bad {
                    0 => (StepState::Ok, format!("{count} tags give values")),
                    bad => (StepState::Look, format!("{bad} of {count} tags give no value")),
                };
                self.step("tags", state, &words, "", None);
                self.readings = readings;
            }
            Err(problem) => {
                self.step("speed", StepState::Failed, &problem.what, &detail(&problem), None);
                self.not_tried("tags", "");
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
        step.state = StepState::Look;
        step.words = format!("Too slow for a scan every {} ms: one takes {took:.0} ms", period.as_millis());
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
