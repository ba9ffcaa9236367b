//! Files for people: TOML with positions, every problem at once, in words; the model of a site; its JSON schema.
//!
//! No I/O beyond text in and text out. What a device URL or an address means is known by the drivers, which live
//! higher: they come in as an [`AddressCheck`].

pub mod quantity;
mod schema;
pub mod site;

pub use quantity::{ByteSize, TimeSpan};
pub use schema::schema;
pub use site::SiteConfig;
