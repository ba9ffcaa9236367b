//! A worker may crash, hang or be killed; its edge lives on and gets it back.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use inference::tensor::{Named, Tensor};
use inference::{ModelSource, Patience, Worker, WorkerError, WorkerSpec};

use crate::peers;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);

/// What the hostile models take: they harm with 1, those named `…_sometimes` with 1 only.
fn number(number: f32) -> Vec<Named> {
    vec![("x".to_owned(), Tensor::from_f32(vec![1, 1], &[number]).unwrap())]
}

fn one() -> Vec<Named> {
    number(1.0)
}

fn row() -> Vec<Named> {
    vec![("x".to_owned(), Tensor::from_f32(vec![1, 6], &[0.5; 6]).unwrap())]
}

fn source(model: &Path) -> ModelSource {
    ModelSource::File(model.to_owned())
}

fn kill(pid: u32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// Whether a process runs (one that is dead and not yet waited for does not).
fn alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with('Z'));
    // its first thread may be gone while others are still ending: then nobody can be told yet how it ended
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    !is_zombie || threads > 1
}

async fn until_gone(pid: u32) {
    for _ in 0..200 {
        if !alive(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("process {pid} is still there");
}

#[tokio::test]
async fn a_loaded_model_tells_its_inputs_outputs_digest_and_memory() {
    let mut worker = Worker::new(peers::spec());
    let loaded = worker.load(source(&peers::ordinary("mlp").model), None).await.unwrap();
    assert_eq!(loaded.inputs[0].kind, "f32[?, 6]");
    assert_eq!(loaded.outputs[0].name, "score");
    assert!(loaded.digest.starts_with("sha256:") && loaded.digest.len() == 71);
    let memory = worker.status().memory().unwrap();
    assert!(memory > 1 << 20 && memory < 200 << 20, "{memory}");
    let again = Worker::new(peers::spec()).load(source(&peers::ordinary("mlp").model), Some(loaded.digest)).await;
    again.unwrap();
    let other = Some("sha256:00".to_owned());
    let wrong = Worker::new(peers::spec()).load(source(&peers::ordinary("mlp").model), other).await;
    assert!(matches!(wrong, Err(WorkerError::Digest { .. })), "{wrong:?}");
}

#[tokio::test]
async fn bytes_load_like_a_file() {
    let bytes = std::fs::read(&peers::ordinary("mlp").model).unwrap();
    let mut worker = Worker::new(peers::spec());
    worker.load(ModelSource::Bytes(bytes.into()), None).await.unwrap();
    let outputs = worker.run(&row(), &["score".to_owned()], LONG).await.unwrap();
    assert_eq!(outputs[0].1.shape(), [1, 1]);
}

#[tokio::test]
async fn a_crash_is_told_by_its_signal_and_the_next_call_gets_a_new_process() {
    let mut worker = Worker::new(peers::spec());
    worker.load(source(&peers::ordinary("mlp").model), None).await.unwrap();
    let pid = worker.status().pid.unwrap();
    kill(pid, "-ILL");
    until_gone(pid).await;
    let before = worker.run(&row(), &[], LONG).await.unwrap();
    let status = worker.status();
    assert_eq!(status.restarts, 1);
    assert!(status.last_failure.unwrap().contains("signal 4, illegal instruction"));
    assert_ne!(status.pid, Some(pid));
    assert_eq!(worker.run(&row(), &[], LONG).await.unwrap(), before);
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_call_is_told() {
    let mut worker = Worker::new(peers::spec());
    worker.load(source(&peers::hostile("endless_loop").model), None).await.unwrap();
    let pid = worker.status().pid.unwrap();
    let killer = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        kill(pid, "-ABRT");
    };
    let input = one();
    let (result, ()) = tokio::join!(worker.run(&input, &[], LONG), killer);
    let error = result.unwrap_err();
    assert!(error.to_string().contains("signal 6, it aborted"), "{error}");
}

#[tokio::test]
async fn a_hang_is_killed_at_the_deadline_and_leaves_no_process() {
    let mut worker = Worker::new(peers::spec());
    worker.load(source(&peers::hostile("endless_loop").model), None).await.unwrap();
    let pid = worker.status().pid.unwrap();
    let error = worker.run(&one(), &[], SHORT).await.unwrap_err();
    assert_eq!(error, WorkerError::TooSlow(SHORT));
    until_gone(pid).await;
}

#[tokio::test]
async fn a_call_that_was_given_up_does_not_disturb_the_next() {
    let mut worker = Worker::new(peers::spec());
    worker.load(source(&peers::hostile("endless_loop").model), None).await.unwrap();
    let pid = worker.status().pid.unwrap();
    let given_up = tokio::time::timeout(SHORT, worker.run(&one(), &[], LONG)).await;
    assert!(given_up.is_err());
    assert_eq!(worker.ready().await.unwrap().outputs[0].name, "y");
    assert_eq!(worker.status().failures, 0);
    until_gone(pid).await;
    worker.load(source(&peers::ordinary("mlp").model), None).await.unwrap();
    worker.run(&row(), &[], LONG).await.unwrap();
    until_gone(pid).await;
}

#[tokio::test]
async fn a_huge_allocation_fails_and_the_worker_lives() {
    let mut worker = Worker::new(peers::spec());
    worker.load(source(&peers::hostile("huge_sometimes").model), None).await.unwrap();
    let pid = worker.status().pid;
    let error = worker.run(&one(), &[], LONG).await.unwrap_err();
    assert!(matches!(error, WorkerError::Memory { .. }), "{error}");
    assert!(worker.run(&number(0.0), &[], LONG).await.is_ok());
    assert_eq!(worker.status().pid, pid);
}

#[tokio::test]
async fn a_model_that_crashes_on_some_inputs_says_how_and_runs_on_others() {
    let mut worker = Worker::with_model(peers::spec(), source(&peers::hostile("crash_sometimes").model), None);
    for round in 1..=2 {
        let error = worker.run(&one(), &[], LONG).await.unwrap_err();
        assert!(error.to_string().contains("signal 8, arithmetic error"), "{error}");
        assert!(worker.run(&number(0.0), &[], LONG).await.is_ok());
        assert_eq!(worker.status().failures, round);
    }
}

#[tokio::test]
async fn who_parts_takes_the_failures_along_and_leaves_a_clean_slate() {
    let patience = Patience { first_wait: Duration::from_hours(1), ..Patience::default() };
    let spec = WorkerSpec { patience, ..peers::spec() };
    let mut shared = Worker::with_model(spec, source(&peers::hostile("crash_sometimes").model), None);
    shared.run(&one(), &[], LONG).await.unwrap_err();
    let mut own = shared.part();
    assert!(matches!(own.run(&number(0.0), &[], LONG).await, Err(WorkerError::Resting { failures: 1, .. })));
    assert!(shared.run(&number(0.0), &[], LONG).await.is_ok());
    assert_eq!(shared.status().failures, 0);
    assert!(own.loaded().is_some());
}

#[tokio::test]
async fn a_worker_that_fails_again_and_again_is_left_alone_for_a_while() {
    let spec = WorkerSpec {
        patience: Patience { first_wait: Duration::from_hours(1), ..Patience::default() },
        ..peers::spec()
    };
    let mut worker = Worker::new(spec);
    worker.load(source(&peers::hostile("endless_loop").model), None).await.unwrap();
    worker.run(&one(), &[], SHORT).await.unwrap_err();
    let resting = worker.run(&one(), &[], SHORT).await.unwrap_err();
    assert!(matches!(&resting, WorkerError::Resting { failures: 1, .. }), "{resting}");
    assert!(resting.to_string().contains("too slow"), "{resting}");

    let spec = WorkerSpec {
        patience: Patience { open_after: 2, first_wait: Duration::ZERO, ..Patience::default() },
        ..peers::spec()
    };
    let mut worker = Worker::new(spec);
    worker.load(source(&peers::hostile("endless_loop").model), None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(worker.run(&one(), &[], SHORT).await.unwrap_err(), WorkerError::TooSlow(SHORT));
    }
    assert!(matches!(worker.run(&one(), &[], SHORT).await, Err(WorkerError::Resting { failures: 2, .. })));
    assert!(worker.status().breaker_open);
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_told_apart() {
    let start = async |program: &str, args: &[&str]| {
        let args = args.iter().map(OsString::from).collect();
        let spec = WorkerSpec { program: PathBuf::from(program), args, load_deadline: SHORT, ..peers::spec() };
        Worker::new(spec).load(source(Path::new("/nowhere")), None).await.unwrap_err()
    };
    assert!(matches!(start("/nowhere/lastmile", &[]).await, WorkerError::Start(_)));
    assert!(matches!(start("/bin/false", &[]).await, WorkerError::Crashed { .. }));
    assert!(matches!(start("/bin/cat", &[]).await, WorkerError::Protocol(_)));
    assert!(matches!(start("/bin/sleep", &["60"]).await, WorkerError::TooSlow(_)));
}

#[tokio::test]
async fn a_missing_library_is_said_in_words() {
    let spec = WorkerSpec { library: PathBuf::from("/nowhere/libonnxruntime.so"), ..peers::spec() };
    let error = Worker::new(spec).load(source(&peers::ordinary("mlp").model), None).await.unwrap_err();
    assert!(matches!(&error, WorkerError::Library(what) if what.contains("/nowhere/libonnxruntime.so")), "{error}");
}

#[tokio::test]
async fn a_worker_dies_with_its_parent_even_while_it_hangs() {
    let model = &peers::hostile("endless_loop").model;
    let mut parent = Command::new(env!("CARGO_BIN_EXE_inference-test-worker"))
        .args([OsString::from("parent"), model.into()])
        .env(inference::LIBRARY_VARIABLE, peers::library())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pid: u32 = line.trim().parse().unwrap();
    assert!(alive(pid));
    parent.kill().unwrap();
    parent.wait().unwrap();
    until_gone(pid).await;
}

#[tokio::test]
async fn stopping_and_dropping_end_the_process() {
    let mut worker = Worker::new(peers::spec());
    worker.load(source(&peers::ordinary("mlp").model), None).await.unwrap();
    let pid = worker.status().pid.unwrap();
    worker.stop().await;
    until_gone(pid).await;
    worker.run(&row(), &[], LONG).await.unwrap();
    let pid = worker.status().pid.unwrap();
    drop(worker);
    until_gone(pid).await;
}
