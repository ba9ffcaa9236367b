//! For tests only: peers that nobody here wrote, faulty links, disks and clocks, and suites that every implementation of
//! a contract has to pass.

pub mod broker;
pub mod driver;
pub mod link;
pub mod peer;
pub mod preload;

pub use broker::Broker;
pub use link::FaultyLink;
pub use peer::{Peer, Pty};
pub use preload::Preload;
