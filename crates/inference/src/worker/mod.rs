//! The worker process that runs one model: started, fed, watched, killed and started again from here.
//!
//! A model may crash, hang or ask for all the memory of the machine; it does so in a process of its own, with a limit on
//! its address space and a deadline per call. Acquisition never notices. Nothing here knows about windows or tags.

mod breaker;
mod child;
mod error;
mod process;
mod protocol;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::breaker::Breaker;
pub use self::breaker::Patience;
pub use self::child::worker_main;
pub use self::error::WorkerError;
use self::process::Process;
use self::protocol::{Reply, Request};
use crate::tensor::{Dtype, Named};

/// What a worker takes on before it loads anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of address space.
    pub address_space: u64,
    /// Added to the process's niceness, so that acquisition goes first (0 to 19).
    pub niceness: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { address_space: 2 << 30, niceness: 5 }
    }
}

/// How to start a worker.
#[derive(Clone, Debug)]
pub struct WorkerSpec {
    /// The program that calls [`worker_main`].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The ONNX Runtime library; see [`crate::library_path`].
    pub library: PathBuf,
    /// What it may use.
    pub limits: Limits,
    /// How long starting and loading may take.
    pub load_deadline: Duration,
    /// How long one call may take, for [`crate::Model`].
    pub run_deadline: Duration,
    /// How patient to be with one that fails.
    pub patience: Patience,
}

impl WorkerSpec {
    /// This program with the argument `worker`, as production does. `library` is what [`crate::library_path`] found.
    pub fn this_program(library: PathBuf) -> Self {
        Self {
            // follows the program that runs now, even when its file was replaced meanwhile
            program: PathBuf::from("/proc/self/exe"),
            args: vec![OsString::from("worker")],
            library,
            limits: Limits::default(),
            load_deadline: Duration::from_mins(1),
            run_deadline: Duration::from_secs(5),
            patience: Patience::default(),
        }
    }
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum ModelSource {
    /// The worker reads this file itself.
    File(PathBuf),
    /// These bytes, at most 64 MiB.
    Bytes(Arc<[u8]>),
}

/// An input or an output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its ONNX name.
    pub name: String,
    /// Type and shape in words: `f32[?, 4]`.
    pub kind: String,
    /// None when it is no tensor of a type that we carry.
    pub dtype: Option<Dtype>,
    /// The type of its tensors when it is a list of them.
    pub list_of: Option<Dtype>,
    /// Lengths of its dimensions, negative where free.
    pub shape: Vec<i64>,
}

impl Port {
    /// Whether it is something that travels to the worker and back.
    pub fn is_carried(&self) -> bool {
        self.dtype.or(self.list_of).is_some()
    }
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// `sha256:…` of the bytes that were really loaded.
    pub digest: String,
    /// Version of the ONNX Runtime library, empty when its name does not tell.
    pub runtime: String,
    /// What it takes.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
}

/// Why a worker said no, and lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// The ONNX Runtime library cannot be used.
    Library = 1,
    /// The model is no good.
    Model = 2,
    /// The inputs do not fit the model.
    Input = 3,
    /// Not enough memory within its limit.
    Memory = 4,
    /// The model failed while it ran.
    Run = 5,
}

impl Refusal {
    fn from_code(code: u8) -> Option<Self> {
        [Self::Library, Self::Model, Self::Input, Self::Memory, Self::Run].into_iter().find(|one| *one as u8 == code)
    }
}

/// How a worker is doing, for screens and metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerStatus {
    /// The process, while there is one.
    pub pid: Option<u32>,
    /// Failures in a row that are not forgiven yet.
    pub failures: u32,
    /// Failed so often that it rests for long.
    pub breaker_open: bool,
    /// Processes started after the first.
    pub restarts: u64,
    /// The last failure in words.
    pub last_failure: Option<String>,
}

impl WorkerStatus {
    /// Proportional set size of the process in bytes, now. The kernel walks all its memory for it: ask when somebody
    /// looks, not with every call.
    pub fn memory(&self) -> Option<u64> {
        self.pid.and_then(process::proportional_set_size)
    }
}

/// What one call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastCall {
    /// The model itself, in its process.
    pub model: Duration,
    /// Bytes sent to the process.
    pub sent: usize,
    /// Bytes that it answered.
    pub received: usize,
}

/// The edge's side of one worker process and its model. One caller at a time; share it behind a mutex.
#[derive(Debug)]
pub struct Worker {
    spec: WorkerSpec,
    breaker: Breaker,
    process: Option<Process>,
    model: Option<(ModelSource, Option<String>)>,
    loaded: Option<Loaded>,
    starts: u64,
    last_failure: Option<String>,
    last_call: LastCall,
}

impl Worker {
    /// Nothing is started before a model is loaded.
    pub fn new(spec: WorkerSpec) -> Self {
        let breaker = Breaker::new(spec.patience);
        Self {
            spec,
            breaker,
            process: None,
            model: None,
            loaded: None,
            starts: 0,
            last_failure: None,
            last_call: LastCall::default(),
        }
    }

    /// With a model that is loaded when it is first needed; `digest` as in [`Worker::load`].
    pub fn with_model(spec: WorkerSpec, source: ModelSource, digest: Option<String>) -> Self {
        Self { model: Some((source, digest)), ..Self::new(spec) }
    }

    /// A worker of one's own with the same model, for the one among several users whose calls kill the process. It takes
    /// the failures along, so that the others need not wait for what they did not do.
    #[must_use]
    pub fn part(&mut self) -> Self {
        let breaker = std::mem::replace(&mut self.breaker, Breaker::new(self.spec.patience));
        Self {
            breaker,
            model: self.model.clone(),
            loaded: self.loaded.clone(),
            starts: 1,
            last_failure: self.last_failure.take(),
            ..Self::new(self.spec.clone())
        }
    }

    /// Loads a model in a fresh process; `digest` (`sha256:…`) is what it must be, if known. A process that ran before
    /// is ended. After an error the next [`Worker::run`] tries again when its back-off is over.
    pub async fn load(&mut self, source: ModelSource, digest: Option<String>) -> Result<Loaded, WorkerError> {
        self.process = None;
        self.loaded = None;
        self.model = Some((source, digest));
        self.bring_up().await?;
        self.loaded.clone().ok_or(WorkerError::NothingLoaded)
    }

    /// Sees to it that the process runs with the model in it, as each call does; within the load deadline.
    pub async fn ready(&mut self) -> Result<&Loaded, WorkerError> {
        self.bring_up().await?;
        self.loaded.as_ref().ok_or(WorkerError::NothingLoaded)
    }

    /// How long one call may take, as the spec says.
    pub fn run_deadline(&self) -> Duration {
        self.spec.run_deadline
    }

    /// What the last call that went well took.
    pub fn last_call(&self) -> LastCall {
        self.last_call
    }

    /// What is loaded, also while the process is down.
    pub fn loaded(&self) -> Option<&Loaded> {
        self.loaded.as_ref()
    }

    /// One inference, killed when it is not done within `deadline`. Starts the process again when it is down and its
    /// back-off is over; that takes the load deadline at most and does not count. Empty `wanted` = all outputs.
    pub async fn run(
        &mut self,
        inputs: &[Named],
        wanted: &[String],
        deadline: Duration,
    ) -> Result<Vec<Named>, WorkerError> {
        self.bring_up().await?;
        let frame = |id| protocol::run_frame(id, inputs, wanted);
        match self.ask(frame, deadline).await? {
            Reply::Outputs { took, outputs } => {
                self.breaker.went_well(Instant::now());
                self.last_call.model = took;
                Ok(outputs)
            }
            Reply::Refused(refusal, what) => Err(self.refused(refusal, what)),
            other => Err(self.failed(WorkerError::Protocol(format!("it answered a run with {other:?}")))),
        }
    }

    /// How it is doing.
    pub fn status(&self) -> WorkerStatus {
        WorkerStatus {
            pid: self.process.as_ref().and_then(Process::pid),
            failures: self.breaker.failures(),
            breaker_open: self.breaker.open(),
            restarts: self.starts.saturating_sub(1),
            last_failure: self.last_failure.clone(),
        }
    }

    /// Ends the process: asks first, kills after a second.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// A running process with the model in it.
    async fn bring_up(&mut self) -> Result<(), WorkerError> {
        if self.process.as_mut().is_some_and(Process::usable) {
            return Ok(());
        }
        if let Some(mut process) = self.process.take() {
            if process.given_up() {
                // nobody waits for its answer any more; that was not its fault
                process.kill().await;
            } else {
                // it died between two calls
                let error = process.gone().await;
                self.note(&error);
            }
        }
        let Some((source, digest)) = self.model.clone() else { return Err(WorkerError::NothingLoaded) };
        if let Some(wait) = self.breaker.wait(Instant::now()) {
            let last = self.last_failure.clone().unwrap_or_default();
            return Err(WorkerError::Resting { failures: self.breaker.failures(), wait, last });
        }
        let deadline = Instant::now() + self.spec.load_deadline;
        self.starts += 1;
        let started = Process::start(&self.spec).await;
        self.process = Some(started.map_err(|what| self.note_and_give(WorkerError::Start(what)))?);
        let library = self.spec.library.display().to_string();
        let hello = Request::Hello { limits: self.spec.limits, library };
        let left = deadline.saturating_duration_since(Instant::now());
        match self.ask(|id| hello.frame(id), left).await? {
            Reply::Ready => {}
            other => return Err(self.failed(WorkerError::Protocol(format!("it greeted with {other:?}")))),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let load = |id| match &source {
            ModelSource::File(path) => Request::LoadFile(path.display().to_string()).frame(id),
            ModelSource::Bytes(bytes) => protocol::load_frame(id, bytes),
        };
        let loaded = match self.ask(load, left).await? {
            Reply::Loaded(loaded) => loaded,
            Reply::Refused(refusal, what) => {
                let error = self.refused(refusal, what);
                return Err(self.failed(error));
            }
            other => return Err(self.failed(WorkerError::Protocol(format!("it answered a load with {other:?}")))),
        };
        if let Some(expected) = digest.filter(|expected| *expected != loaded.digest) {
            return Err(self.failed(WorkerError::Digest { expected, found: loaded.digest }));
        }
        self.loaded = Some(loaded);
        Ok(())
    }

    async fn ask(
        &mut self,
        frame: impl FnOnce(u32) -> Result<Vec<u8>, protocol::FrameError>,
        deadline: Duration,
    ) -> Result<Reply, WorkerError> {
        let Some(process) = self.process.as_mut() else { return Err(WorkerError::NothingLoaded) };
        let frame = match frame(process.next_id()) {
            Ok(frame) => frame,
            Err(error) => return Err(WorkerError::Input(format!("what is sent to the model is too large: {error}"))),
        };
        match process.ask(&frame, deadline).await {
            Ok((reply, received)) => {
                (self.last_call.sent, self.last_call.received) = (frame.len(), received);
                Ok(reply)
            }
            Err(error) => {
                // the process is not to be trusted any more: dropping it kills it
                let error = match self.process.take() {
                    Some(process) => process.last_words(error).await,
                    None => error,
                };
                Err(self.note_and_give(error))
            }
        }
    }

    fn refused(&self, refusal: Refusal, what: String) -> WorkerError {
        match refusal {
            Refusal::Library => WorkerError::Library(what),
            Refusal::Model => WorkerError::Refused(what),
            Refusal::Input => WorkerError::Input(what),
            Refusal::Memory => WorkerError::Memory { limit: self.spec.limits.address_space, what },
            Refusal::Run => WorkerError::Failed(what),
        }
    }

    /// The process cannot be used: kills it and counts.
    fn failed(&mut self, error: WorkerError) -> WorkerError {
        self.process = None;
        self.note_and_give(error)
    }

    fn note_and_give(&mut self, error: WorkerError) -> WorkerError {
        self.note(&error);
        error
    }

    fn note(&mut self, error: &WorkerError) {
        tracing::warn!(code = error.code(), %error, "worker failed");
        self.breaker.failed(Instant::now());
        self.last_failure = Some(error.to_string());
    }
}
