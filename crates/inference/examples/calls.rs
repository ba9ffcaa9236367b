//! How long a call of a model takes through its worker, and what the worker adds to the model's own time, beside a bare pipe
//! between two processes that carries as many bytes: once with nothing to do at its other end, once with as much to do as the
//! model has, which is what lets a processor fall asleep in between. For `cargo xtask bench inference`.
//!
//!     calls MANIFEST CALLS NAME…
//!
//! MANIFEST is what `tests/peers/onnx/make_models.py` wrote; of each model named, the first row of its inputs is run CALLS
//! times. Ends with one line of JSON: per model the medians `NAME.call_us`, `NAME.call_p99_us`, `NAME.model_us`,
//! `NAME.added_us`, `NAME.pipe_us`, `NAME.busy_pipe_us` (less the work), and the bytes `NAME.sent` and `NAME.received`. Calls and
//! round trips come in turn, a block of each, so that a busy moment of the machine hits all.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures real time, and prints what it measured"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use inference::tensor::{Named, Tensor};
use inference::{ModelSource, Worker, WorkerSpec};
use serde_json::Value as Json;

type Failed = Box<dyn Error + Send + Sync>;

const BLOCKS: usize = 20;
const WARM_UP: usize = 200;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["worker"] => return inference::worker_main(),
        ["pipe", takes, gives, work] => pipe(takes, gives, work),
        [manifest, calls, names @ ..] if !names.is_empty() => measure(Path::new(manifest), calls, names),
        _ => Err("calls MANIFEST CALLS NAME…".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The other end of the bare pipe: takes so many bytes, works so many nanoseconds, gives so many bytes, until its input ends.
fn pipe(takes: &str, gives: &str, work: &str) -> Result<(), Failed> {
    let (mut taken, given) = (vec![0; takes.parse()?], vec![0; gives.parse()?]);
    let work = Duration::from_nanos(work.parse()?);
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    while input.read_exact(&mut taken).is_ok() {
        let begun = Instant::now();
        while begun.elapsed() < work {
            std::hint::spin_loop();
        }
        // nothing in it looks like the end of a line, so this is one write
        output.write_all(&given)?;
        output.flush()?;
    }
    Ok(())
}

struct Pipe {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    sends: Vec<u8>,
    takes: Vec<u8>,
    work: Duration,
}

impl Pipe {
    fn start(sent: usize, received: usize, work: Duration) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["pipe", &sent.to_string(), &received.to_string(), &work.as_nanos().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no pipe")?;
        let output = child.stdout.take().ok_or("no pipe")?;
        Ok(Self { child, input, output, sends: vec![0; sent], takes: vec![0; received], work })
    }

    /// Less the work at the other end.
    fn round_trip(&mut self) -> std::io::Result<Duration> {
        let begun = Instant::now();
        self.input.write_all(&self.sends)?;
        self.output.read_exact(&mut self.takes)?;
        Ok(begun.elapsed().saturating_sub(self.work))
    }

    fn end(mut self) -> std::io::Result<()> {
        drop(self.input);
        self.child.wait().map(drop)
    }
}

#[derive(Default)]
struct Times {
    call: Vec<Duration>,
    model: Vec<Duration>,
    added: Vec<Duration>,
    pipe: Vec<Duration>,
    busy_pipe: Vec<Duration>,
}

fn measure(manifest: &Path, calls: &str, names: &[&str]) -> Result<(), Failed> {
    let calls: usize = calls.parse()?;
    let said: Json = serde_json::from_str(&std::fs::read_to_string(manifest)?)?;
    let folder = manifest.parent().ok_or("no folder")?;
    // as the product has it: several threads, and the call made by a task on one of them
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut figures = BTreeMap::new();
    for name in names {
        let case = said["zoo"].as_array().and_then(|all| all.iter().find(|one| one["name"] == **name));
        let case = case.ok_or_else(|| format!("no model {name}"))?;
        let model = folder.join(case["model"].as_str().ok_or("no file")?);
        one_model(&runtime, name, model, &case["inputs"], calls, &mut figures)?;
    }
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

fn one_model(
    runtime: &tokio::runtime::Runtime,
    name: &str,
    model: PathBuf,
    inputs: &Json,
    calls: usize,
    figures: &mut BTreeMap<String, f64>,
) -> Result<(), Failed> {
    let spec = WorkerSpec::this_program(inference::library_path().map_err(|problem| problem.to_string())?);
    let spec = WorkerSpec { args: vec![OsString::from("worker")], ..spec };
    let mut worker = Worker::with_model(spec, ModelSource::File(model), None);
    let inputs = runtime.block_on(first_row(&mut worker, inputs))?;
    let (mut worker, mut warm) = runtime.block_on(block(runtime, worker, &inputs, WARM_UP, Times::default()))?;
    let last = worker.last_call();
    let mut pipe = Pipe::start(last.sent, last.received, Duration::ZERO)?;
    let mut busy_pipe = Pipe::start(last.sent, last.received, median(&mut warm.model))?;
    for _ in 0..WARM_UP {
        pipe.round_trip()?;
        busy_pipe.round_trip()?;
    }
    let mut times = Times::default();
    for _ in 0..BLOCKS {
        (worker, times) = runtime.block_on(block(runtime, worker, &inputs, calls.div_ceil(BLOCKS), times))?;
        for _ in 0..calls.div_ceil(BLOCKS) {
            times.pipe.push(pipe.round_trip()?);
        }
        for _ in 0..calls.div_ceil(BLOCKS) {
            times.busy_pipe.push(busy_pipe.round_trip()?);
        }
    }
    pipe.end()?;
    busy_pipe.end()?;
    runtime.block_on(worker.stop());
    let mut note = |what: &str, value: f64| figures.insert(format!("{name}.{what}"), value);
    note("call_us", quantile(&mut times.call, 0.5));
    note("call_p99_us", quantile(&mut times.call, 0.99));
    note("model_us", quantile(&mut times.model, 0.5));
    note("added_us", quantile(&mut times.added, 0.5));
    note("pipe_us", quantile(&mut times.pipe, 0.5));
    note("busy_pipe_us", quantile(&mut times.busy_pipe, 0.5));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand bytes")]
    for (what, bytes) in [("sent", last.sent), ("received", last.received)] {
        note(what, bytes as f64);
    }
    Ok(())
}

/// So many calls by a task of the runtime.
async fn block(
    runtime: &tokio::runtime::Runtime,
    mut worker: Worker,
    inputs: &[Named],
    calls: usize,
    mut times: Times,
) -> Result<(Worker, Times), Failed> {
    let inputs = inputs.to_vec();
    let task = runtime.spawn(async move {
        let deadline = worker.run_deadline();
        for _ in 0..calls {
            let begun = Instant::now();
            worker.run(&inputs, &[], deadline).await?;
            let took = begun.elapsed();
            let model = worker.last_call().model;
            times.call.push(took);
            times.model.push(model);
            times.added.push(took.saturating_sub(model));
        }
        Ok::<_, Failed>((worker, times))
    });
    task.await?
}

/// The first row of each input.
async fn first_row(worker: &mut Worker, inputs: &Json) -> Result<Vec<Named>, Failed> {
    let loaded = worker.ready().await?;
    let mut first = Vec::new();
    for port in &loaded.inputs {
        let mut json = inputs[&port.name].clone();
        let rows = json["shape"][0].as_u64().and_then(|rows| usize::try_from(rows).ok()).unwrap_or(1).max(1);
        if let Some(data) = json["data"].as_array_mut() {
            data.truncate(data.len() / rows);
        }
        json["shape"][0] = Json::from(1);
        let dtype = port.dtype.ok_or("an input is no tensor")?;
        first.push((port.name.clone(), Tensor::from_json(&json, dtype)?));
    }
    Ok(first)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// In microseconds.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into a list"
)]
fn quantile(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    let at = ((times.len().saturating_sub(1)) as f64 * part) as usize;
    times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}
