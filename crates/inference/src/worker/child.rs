//! The worker's own side: takes on its limits, loads one model, answers until its input ends. No async runtime, one thread.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal};
use sha2::{Digest, Sha256};

use super::protocol::{FrameError, HEADER, Head, Reply, Request};
use super::{Limits, Loaded, Refusal};
use crate::engine::Engine;

/// Entry of the worker process; the program calls it for its argument `worker` and returns what it gives.
pub fn worker_main() -> ExitCode {
    // when the edge dies, so does the worker; should the edge have died before this line, its end of the pipe is
    // closed and the first read says so
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "worker: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Our answers go out on a copy of standard output; whatever a library prints there goes to standard error instead.
fn private_stdout() -> std::io::Result<File> {
    let ours = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    Ok(ours)
}

fn serve() -> std::io::Result<()> {
    let mut answers = private_stdout()?;
    let mut requests = std::io::stdin().lock();
    let mut worker = State::default();
    loop {
        let mut header = [0; HEADER];
        match requests.read_exact(&mut header) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let head = Head::parse(&header).map_err(std::io::Error::other)?;
        let mut body = vec![0; head.body];
        requests.read_exact(&mut body)?;
        let reply = match Request::parse(head.kind, &body) {
            Ok(request) => worker.answer(request),
            Err(error) => return Err(std::io::Error::other(error)),
        };
        drop(body);
        let frame = match reply.frame(head.id) {
            Ok(frame) => frame,
            Err(error) => refused_frame(head.id, &error)?,
        };
        answers.write_all(&frame)?;
    }
}

fn refused_frame(id: u32, error: &FrameError) -> std::io::Result<Vec<u8>> {
    Reply::Refused(Refusal::Run, format!("what it gave is too large: {error}")).frame(id).map_err(std::io::Error::other)
}

#[derive(Default)]
struct State {
    library: String,
    engine: Option<Engine>,
}

impl State {
    fn answer(&mut self, request: Request) -> Reply {
        match request {
            Request::Hello { limits, library } => {
                self.library = library;
                match take_on(limits) {
                    Ok(()) => Reply::Ready,
                    Err(error) => Reply::Refused(Refusal::Library, format!("limits cannot be set: {error}")),
                }
            }
            Request::LoadFile(path) => match std::fs::read(&path) {
                Ok(bytes) => self.load(&bytes),
                Err(error) => Reply::Refused(Refusal::Model, format!("{path} cannot be read: {error}")),
            },
            Request::LoadBytes(bytes) => self.load(&bytes),
            Request::Run { inputs, wanted } => {
                let begun = now();
                match self.engine.as_mut().map(|engine| engine.run(&inputs, &wanted)) {
                    Some(Ok(outputs)) => Reply::Outputs { took: begun.elapsed(), outputs },
                    Some(Err((refusal, what))) => Reply::Refused(refusal, what),
                    None => Reply::Refused(Refusal::Input, "no model is loaded".to_owned()),
                }
            }
        }
    }

    fn load(&mut self, bytes: &[u8]) -> Reply {
        if self.engine.is_some() {
            return Reply::Refused(Refusal::Model, "a worker loads one model only".to_owned());
        }
        match Engine::load(&self.library, bytes) {
            Ok(engine) => {
                let digest = format!("sha256:{:x}", Sha256::digest(bytes));
                let (inputs, outputs) = (engine.inputs.clone(), engine.outputs.clone());
                let loaded = Loaded { digest, runtime: engine.runtime.clone(), inputs, outputs };
                self.engine = Some(engine);
                Reply::Loaded(loaded)
            }
            Err((refusal, what)) => Reply::Refused(refusal, what),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a call took is only told; nothing is decided by it")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Before anything of the model is read. There is no limit on CPU time: a worker may run for years.
fn take_on(limits: Limits) -> std::io::Result<()> {
    let limit = Rlimit { current: Some(limits.address_space), maximum: Some(limits.address_space) };
    rustix::process::setrlimit(Resource::As, limit)?;
    // no core file of a plant's data, and when memory runs out the kernel takes the worker first
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(Resource::Core, none)?;
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    let _ = rustix::process::nice(i32::try_from(limits.niceness.min(19)).unwrap_or(19));
    Ok(())
}
