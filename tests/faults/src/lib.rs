//! The seeded fault suite of the edge: a schedule of faults drawn from a seed, the real program under them, and promises
//! that are checked all the time.
//!
//! `schedule.rs` draws what goes wrong and when; `plant.rs` are the machines, whose values say where and when they were
//! read; `live.rs` looks at the running edge as its users do; `kept.rs` remembers what was acknowledged and looks for it in
//! history; `run.rs` puts one run together.

mod acts;
mod kept;
mod live;
mod plant;
mod promise;
mod run;
mod schedule;
mod stamp;

pub use kept::Kept;
pub use live::{Live, Look};
pub use plant::{Device, Lie, PERIOD, Plant, Shape, TIMEOUT, VARIABLE};
pub use promise::{Findings, Promise};
pub use run::{Settings, kills, run};
pub use schedule::{Clock, Edit, Event, Fault, Kill, LinkFault, Schedule, WorkerFault};
pub use stamp::Stamp;
