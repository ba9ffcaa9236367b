//! `cargo xtask bench inference`: a call of a model through its worker, beside a bare pipe between two processes and beside
//! onnxruntime's own Python package within one process.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Bound, Contender, Effort, Figures, Measure, Page, figures_of, interleave, programs};
use crate::part::Part;
use crate::paths;
use crate::setup::{self, For};
use crate::shell::run_logged;

const WORKER: &str = "lastmile";
const PIPE: &str = "bare pipe";
const BUSY_PIPE: &str = "bare pipe, other end busy";
const PYTHON: &str = "onnxruntime Python";
/// What a worker may add to a model, in round trips of a bare pipe.
const MOST_ADDED: f64 = 1.5;

/// A model of the zoo: its name there, and its measures.
struct Kind {
    name: &'static str,
    call: Measure,
    slow_call: Measure,
    model: Measure,
    added: Measure,
}

/// The names of measures are known when the program is built.
macro_rules! kind {
    ($name:literal, $title:literal) => {
        Kind {
            name: $name,
            call: Measure { key: concat!($name, ".call_us"), title: $title, more_is_better: false },
            slow_call: Measure { key: concat!($name, ".call_p99_us"), title: $title, more_is_better: false },
            model: Measure { key: concat!($name, ".model_us"), title: $title, more_is_better: false },
            added: Measure { key: concat!($name, ".added_us"), title: $title, more_is_better: false },
        }
    };
}

const KINDS: [Kind; 12] = [
    kind!("mlp", "network of two layers"),
    kind!("autoencoder", "autoencoder"),
    kind!("lstm", "LSTM, 20 steps of 3 signals"),
    kind!("gru", "GRU, 20 steps of 3 signals"),
    kind!("conv1d", "Conv1D, 64 steps of 3 signals"),
    kind!("tcn", "TCN, 64 steps of 3 signals"),
    kind!("vibration_dft", "DFT of 128 samples"),
    kind!("pca_logreg", "PCA and logistic regression"),
    kind!("svr", "support vector regression"),
    kind!("random_forest_regressor", "random forest, 20 trees"),
    kind!("xgboost_regressor", "XGBoost, 30 trees"),
    kind!("lightgbm_regressor", "LightGBM, 30 trees"),
];

/// See the module.
pub(super) fn run(effort: Effort) -> Result<bool> {
    setup::run(For::Test, &[Part::Web, Part::Postgres, Part::Mosquitto, Part::Socat, Part::Browser])?;
    let calls = programs::example("inference", "calls")?;
    let zoo = paths::scratch().join("bench/zoo");
    let mut making = Command::new(paths::python());
    run_logged(
        "bench-zoo",
        "making the models",
        making.arg(paths::root().join("tests/peers/onnx/make_models.py")).arg(&zoo).arg("zoo"),
    )?;
    let manifest = zoo.join("manifest.json");
    let count = effort.of(4000, 200);
    let measured = |program: &mut Command| figures_of(arguments(program, &manifest, count));
    // the bare pipe is measured within the same run of the same program, block by block: its contender only looks it up
    let worker = Shared::new(|| measured(Command::new(&calls).env("LASTMILE_ONNXRUNTIME", paths::onnxruntime())));
    let mut contenders = [
        Contender::new(WORKER, |round| worker.of(round)),
        Contender::new(PIPE, |round| Ok(as_added(&worker.of(round)?, ".pipe_us"))),
        Contender::new(BUSY_PIPE, |round| Ok(as_added(&worker.of(round)?, ".busy_pipe_us"))),
        Contender::new(PYTHON, |_| {
            measured(Command::new(paths::python()).arg(programs::python_peer("onnxruntime_calls.py")))
        }),
    ];
    let results = interleave(&mut contenders, effort.rounds)?;
    page(effort, count, &results)
}

fn arguments<'a>(program: &'a mut Command, manifest: &Path, calls: usize) -> &'a mut Command {
    program.arg(manifest).arg(calls.to_string()).args(KINDS.iter().map(|kind| kind.name))
}

fn page(effort: Effort, calls: usize, results: &super::Results) -> Result<bool> {
    let mut page = Page::new(
        "inference",
        effort,
        "A call of a model",
        &format!(
            "A model runs in a process of its own, so that nothing it does harms acquisition. This is what that costs: one row \
             of inputs, one thread, {calls} calls in a row, medians in microseconds. The models are those of `tests/peers/onnx`."
        ),
    );
    let rows = |of: fn(&Kind) -> Measure| KINDS.iter().map(of).collect::<Vec<_>>();
    page.part("What the worker adds");
    page.say(
        "A call, less the time that the model itself took in its process; beside it a round trip of as many bytes through two \
         bare pipes to another process, measured in turn with the calls. That process answers at once, or works first for as \
         long as the model, which is taken off again: then the processor of whoever waits goes to sleep, as it does in a call.",
    );
    page.table(&rows(|kind| kind.added), &[WORKER, PIPE, BUSY_PIPE], results);
    page.part("The whole call");
    page.say("Beside onnxruntime's Python package, which runs the model in the process that asks.");
    page.table(&rows(|kind| kind.call), &[WORKER, PYTHON], results);
    page.say("One call in a hundred takes longer than this:");
    page.table(&rows(|kind| kind.slow_call), &[WORKER, PYTHON], results);
    page.say("Of the call, the model itself, with its inputs taken in and its outputs handed out:");
    page.table(&rows(|kind| kind.model), &[WORKER], results);
    for kind in &KINDS {
        let words = format!("{}: added by the worker, of a bare pipe's round trip", kind.added.title);
        page.goal(&words, results.ratio(kind.added.key, WORKER, PIPE), Bound::AtMost(MOST_ADDED));
    }
    for kind in &KINDS {
        let words = format!("{}: the same, of a pipe whose other end works as long as the model", kind.added.title);
        page.goal(&words, results.ratio(kind.added.key, WORKER, BUSY_PIPE), Bound::AtMost(MOST_ADDED));
    }
    page.finish()
}

/// One run per round, for whoever asks for it first.
struct Shared<F> {
    run: F,
    last: RefCell<Option<(usize, Figures)>>,
}

impl<F: Fn() -> Result<Figures>> Shared<F> {
    fn new(run: F) -> Self {
        Self { run, last: RefCell::new(None) }
    }

    fn of(&self, round: usize) -> Result<Figures> {
        if let Some((known, figures)) = &*self.last.borrow()
            && *known == round
        {
            return Ok(figures.clone());
        }
        let figures = (self.run)()?;
        *self.last.borrow_mut() = Some((round, figures.clone()));
        Ok(figures)
    }
}

/// A pipe's round trips under the name of what they are compared with.
fn as_added(figures: &Figures, suffix: &str) -> Figures {
    let pipes = figures.iter().filter_map(|(key, value)| Some((key.strip_suffix(suffix)?, value)));
    pipes.map(|(name, value)| (format!("{name}.added_us"), *value)).collect()
}
