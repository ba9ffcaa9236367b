//! Window to prediction: pure cores, the engine and its worker process.
//!
//! The cores (`align`, `window`, `condition`, `features`, `rule`) do no I/O and read no clock. [`Scorer`] is the one way
//! through them; the live edge and [`replay`](fn@replay) drive it alike, so equal samples give equal scores:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use domain::unit::Conversion;
//! # use domain::{Quality, Timestamp, Value};
//! # use inference::{ModelSource, PlaceInput, Scorer, Setup, Worker, WorkerSpec, predict};
//! # async fn live(contract: Arc<bundle::Contract>, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! // once per bundle digest: the worker (share it behind a mutex between deployments of the same bundle)
//! let mut worker = Worker::new(WorkerSpec::this_program(inference::library_path()?));
//! let loaded = worker.load(ModelSource::File("/data/blobs/sha256/ab12".into()), Some("sha256:ab12".into())).await?;
//!
//! // once per deployment
//! let signals = contract.signals.len();
//! let place = PlaceInput { title: "Pump 7".into(), conversions: vec![Conversion::IDENTITY; signals], raised: false };
//! let setup = Setup { places: vec![place], begin: Some(now), language: "de".into(), ..Setup::default() };
//! let mut scorer = Scorer::new(contract, setup)?;
//! scorer.fit(&loaded)?;
//!
//! // at start: the last `history_needed()` of samples from the log through the same `push`; nothing that ends before
//! // `begin` is given out, but windows, conditions and triggers are as if the edge had never stopped
//! let _from = now.minus(scorer.history_needed());
//!
//! // for each scan: push its samples by place and signal index, in the tag's unit …
//! scorer.push(0, 0, now, Some(&Value::Bool(true)), Quality::GOOD);
//! // … and once everything up to a watermark is in, take what is due (until nothing is) and predict
//! loop {
//!     let jobs = scorer.due(now);
//!     if jobs.is_empty() {
//!         break;
//!     }
//!     for row in predict(&mut scorer, &mut worker, jobs).await {
//!         // row.outputs → a scan of the prediction group at row.end; row.decided → raise or clear an advisory
//!         println!("{:?} {:?} {:?}", row.end, row.outputs, row.why);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A watermark for `every`: the grid point g, once a scan later than g came from every mapped group or g + 250 ms passed.
//! For `scan` with all signals in one group: the scan's own arrival, at once.

pub mod align;
pub mod condition;
mod engine;
pub mod features;
mod golden;
mod model;
mod once;
mod plan;
mod replay;
pub mod rule;
mod scorer;
pub mod tensor;
pub mod track;
mod why;
mod window;
pub mod worker;

pub use engine::{LIBRARY_VARIABLE, library_path};
pub use golden::{GoldenResult, golden};
pub use model::{Model, predict};
pub use once::{RanOnce, run_once};
pub use replay::{DecisionLine, Line, PredictionLine, RecordedSample, ReplayError, Summary, lines_of, replay};
pub use rule::Decided;
pub use scorer::{CallResult, Job, PlaceInput, Predicted, PredictionRow, Scorer, Setup};
pub use why::{Reason, Why};
pub use window::Window;
pub use worker::{
    LastCall, Limits, Loaded, ModelSource, Patience, Port, Refusal, Worker, WorkerError, WorkerSpec, WorkerStatus,
    worker_main,
};
