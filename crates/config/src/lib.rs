//! Files for people: TOML with positions, every problem at once, in words; the model of a site; its JSON schema.
//!
//! No I/O beyond text in and text out. What a device URL or an address means is known by the drivers, which live
//! higher: they come in as an [`AddressCheck`].

pub mod near;
pub mod node;
pub mod quantity;
pub mod reading;
mod schema;
pub mod site;

use domain::Problems;

pub use node::Document;
pub use quantity::{ByteSize, TimeSpan};
pub use schema::schema;
pub use site::SiteConfig;
pub use site::check::{AddressCheck, AddressFacts, AnyAddress, Span};
pub use site::differences::differences;
pub use site::export::{part_to_toml, to_toml};

use reading::{Findings, Reading};

/// Reads site.toml and checks it; all problems at once, with places such as `site.toml:12:8`.
///
/// `file_name` is what those places call the file.
pub fn check_site(text: &str, file_name: &str, outside: &dyn AddressCheck) -> Result<SiteConfig, Problems> {
    check_document(&Document::toml(text, file_name)?, outside)
}

/// Reads the same model as JSON and checks it; places are names such as `tag line-2/speed`.
pub fn check_site_json(value: &serde_json::Value, outside: &dyn AddressCheck) -> Result<SiteConfig, Problems> {
    check_document(&Document::json(value), outside)
}

/// Checks a model that is already one; places are names such as `tag line-2/speed`. Empty when nothing is wrong.
pub fn check_model(config: &SiteConfig, outside: &dyn AddressCheck) -> Problems {
    site::check::findings(config, outside).into_problems()
}

fn check_document(document: &Document, outside: &dyn AddressCheck) -> Result<SiteConfig, Problems> {
    let reading = Reading::new(document, "site");
    let config = site::read::site_config(&reading);
    let checks =
        if document.has_syntax_errors() { Findings::default() } else { site::check::findings(&config, outside) };
    reading.finish(checks).into_result(config)
}
