//! One process: its pipes, its deadline, its end. Dropping it kills it.

use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::protocol::{HEADER, Head, Reply};
use super::{WorkerError, WorkerSpec};

/// How much of what a worker writes to standard error is kept: the last of it.
const STDERR_KEPT: usize = 4096;
/// How long an ended worker may take to close its pipes.
const LAST_WORDS: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: tokio::task::JoinHandle<()>,
    id: u32,
    /// A request is out: set while waiting, so that a call that was given up half way is noticed.
    asked: bool,
}

impl Process {
    pub(super) async fn start(spec: &WorkerSpec) -> Result<Self, String> {
        let mut command = Command::new(&spec.program);
        // a group of its own: Ctrl-C at the terminal is for the edge, which then ends its workers in order
        command.args(&spec.args).env_clear().current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = spawn_from_lasting_thread(command).await?;
        let (Some(stdin), Some(stdout), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("it has no pipes".to_owned());
        };
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let stderr_reader = tokio::spawn(keep_the_end(errors, Arc::clone(&stderr)));
        let stdout = BufReader::with_capacity(16 << 10, stdout);
        Ok(Self { child, stdin, stdout, stderr, stderr_reader, id: 0, asked: false })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Alive, and in step with us.
    pub(super) fn usable(&mut self) -> bool {
        !self.asked && matches!(self.child.try_wait(), Ok(None))
    }

    /// Somebody asked it and did not wait for the answer; what it says next would be taken for another answer.
    pub(super) fn given_up(&mut self) -> bool {
        self.asked && matches!(self.child.try_wait(), Ok(None))
    }

    /// The number of the next request.
    pub(super) fn next_id(&mut self) -> u32 {
        self.id = self.id.wrapping_add(1);
        self.id
    }

    /// Sends a frame with the number of [`Process::next_id`] and waits for its answer; with the bytes of the answer.
    pub(super) async fn ask(&mut self, frame: &[u8], deadline: Duration) -> Result<(Reply, usize), WorkerError> {
        self.asked = true;
        let reply = match timeout(deadline, self.exchange(frame)).await {
            Err(_) => return Err(WorkerError::TooSlow(deadline)),
            Ok(reply) => reply?,
        };
        self.asked = false;
        Ok(reply)
    }

    async fn exchange(&mut self, frame: &[u8]) -> Result<(Reply, usize), WorkerError> {
        // a broken pipe means that it died; how it died is asked of the process afterwards
        let died = |error: std::io::Error| WorkerError::Crashed { how: error.to_string(), stderr: String::new() };
        let strange = |error: super::protocol::FrameError| WorkerError::Protocol(error.to_string());
        self.stdin.write_all(frame).await.map_err(died)?;
        let mut header = [0; HEADER];
        self.stdout.read_exact(&mut header).await.map_err(died)?;
        let head = Head::parse(&header).map_err(strange)?;
        if head.id != self.id {
            return Err(WorkerError::Protocol(format!("it answered request {} instead of {}", head.id, self.id)));
        }
        let mut body = vec![0; head.body];
        self.stdout.read_exact(&mut body).await.map_err(died)?;
        let reply = Reply::parse(head.kind, &body).map_err(strange)?;
        Ok((reply, HEADER + body.len()))
    }

    /// After an error: kills the process, and says how it ended when that is the reason.
    pub(super) async fn last_words(mut self, error: WorkerError) -> WorkerError {
        if !matches!(error, WorkerError::Crashed { .. }) {
            self.kill().await;
            return error;
        }
        // it closed its pipes: give it a moment to end by itself, so that its signal can be told
        if timeout(LAST_WORDS, self.child.wait()).await.is_err() {
            self.kill().await;
        }
        self.gone().await
    }

    /// How a process that is no more ended.
    pub(super) async fn gone(mut self) -> WorkerError {
        let how = match timeout(LAST_WORDS, self.child.wait()).await {
            Ok(Ok(status)) => how_it_ended(status),
            _ => "nobody knows how".to_owned(),
        };
        let _ = timeout(LAST_WORDS, &mut self.stderr_reader).await;
        let kept = self.stderr.lock().map(|kept| kept.clone()).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&kept).split_whitespace().collect::<Vec<_>>().join(" ");
        WorkerError::Crashed { how, stderr }
    }

    /// Closes its input, which ends it; kills it when it does not end within a second, and at once when it is busy with
    /// a call that nobody waits for.
    pub(super) async fn stop(mut self) {
        if self.given_up() {
            return self.kill().await;
        }
        drop(self.stdin);
        if timeout(Duration::from_secs(1), self.child.wait()).await.is_err() {
            let _ = timeout(LAST_WORDS, self.child.kill()).await;
        }
    }

    /// Signal 9, also for one that is stopped; waits for its end, but not for one that the kernel itself holds.
    pub(super) async fn kill(&mut self) {
        let _ = timeout(LAST_WORDS, self.child.kill()).await;
    }
}

fn how_it_ended(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(4), _) => "signal 4, illegal instruction".to_owned(),
        (Some(6), _) => "signal 6, it aborted".to_owned(),
        (Some(7), _) => "signal 7, bad memory access".to_owned(),
        (Some(8), _) => "signal 8, arithmetic error".to_owned(),
        (Some(9), _) => "signal 9, somebody or the kernel's memory guard killed it".to_owned(),
        (Some(11), _) => "signal 11, bad memory access".to_owned(),
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "unknown".to_owned(),
    }
}

async fn keep_the_end(mut errors: ChildStderr, kept: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(count) = errors.read(&mut buffer).await {
        if count == 0 {
            break;
        }
        let Ok(mut kept) = kept.lock() else { break };
        kept.extend_from_slice(&buffer[..count]);
        let surplus = kept.len().saturating_sub(STDERR_KEPT);
        kept.drain(..surplus);
    }
}

/// Proportional set size in bytes: its own memory and its share of what it shares with others.
pub(super) fn proportional_set_size(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

struct Order {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<Result<Child, String>>,
}

/// The kernel ends a worker when the *thread* that started it ends (`PR_SET_PDEATHSIG`), and threads of the async
/// runtime come and go. So one thread that lasts as long as the process starts all workers.
async fn spawn_from_lasting_thread(command: Command) -> Result<Child, String> {
    static THREAD: OnceLock<Result<mpsc::Sender<Order>, String>> = OnceLock::new();
    let thread = THREAD.get_or_init(|| {
        let (orders, mut queue) = mpsc::channel::<Order>(16);
        let work = move || {
            while let Some(Order { mut command, runtime, reply }) = queue.blocking_recv() {
                let _context = runtime.enter();
                let child = command.spawn().map_err(|error| error.to_string());
                // nobody waits any more: dropping the child kills it
                let _ = reply.send(child);
            }
        };
        let builder = std::thread::Builder::new().name("workers".to_owned()).stack_size(128 << 10);
        builder.spawn(work).map(|_| orders).map_err(|error| error.to_string())
    });
    let orders = thread.as_ref().map_err(Clone::clone)?;
    let (reply, answer) = oneshot::channel();
    let order = Order { command, runtime: Handle::current(), reply };
    // an edge with many models starts them all at once: they wait for each other here
    let gone = "the starting thread is gone";
    orders.send(order).await.map_err(|_| gone.to_owned())?;
    answer.await.map_err(|_| gone.to_owned())?
}
