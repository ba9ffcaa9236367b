//! The worker program of this crate's tests. `worker` is what production runs; `parent FILE` is an edge that can be
//! killed: it loads FILE in a worker, prints the worker's process id and then runs it without end.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use inference::tensor::Tensor;
use inference::{ModelSource, Worker, WorkerSpec};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["worker"] => inference::worker_main(),
        ["parent", model] => parent(PathBuf::from(model)),
        _ => ExitCode::from(2),
    }
}

fn parent(model: PathBuf) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    runtime.block_on(async {
        let Ok(library) = inference::library_path() else { return ExitCode::FAILURE };
        let spec = WorkerSpec { args: vec![OsString::from("worker")], ..WorkerSpec::this_program(library) };
        let mut worker = Worker::new(spec);
        if worker.load(ModelSource::File(model), None).await.is_err() {
            return ExitCode::FAILURE;
        }
        let Some(pid) = worker.status().pid else { return ExitCode::FAILURE };
        let _ = writeln!(std::io::stdout(), "{pid}");
        let Some(input) = Tensor::from_f32(vec![1, 1], &[1.0]) else { return ExitCode::FAILURE };
        let _ = worker.run(&[("x".to_owned(), input)], &[], Duration::from_hours(1)).await;
        ExitCode::SUCCESS
    })
}
