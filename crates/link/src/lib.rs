//! What passes between a site and its hub, as state machines without I/O: no sockets, no files, no clock, no randomness. Time,
//! ids, random bits and keys come in as arguments.

pub mod ask;
pub mod desired;
mod digest;
pub mod enrol;
pub mod envelope;
pub mod key;
pub mod parcel;
pub mod request;
mod stream;
pub mod up;
pub mod wire;
pub mod witness;

pub use digest::Digest;
pub use envelope::Envelope;
pub use stream::{PerStream, Stream};
