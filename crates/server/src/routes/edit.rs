//! A small change to the configuration: the document with one part put in or taken out, checked as a whole.

use config::SiteConfig;
use serde::Serialize;
use serde_json::Value;
use state::StateError;

use crate::Shared;
use crate::failure::Failure;

/// The newest document, being edited.
pub(crate) struct SiteEdit {
    document: Value,
    server: Shared,
}

impl SiteEdit {
    pub(crate) async fn of(server: &Shared) -> Result<Self, Failure> {
        let site = server.config().await?;
        let document = serde_json::to_value(&site.config)
            .map_err(|error| StateError::Stored { what: format!("The configuration can't be edited: {error}.") })?;
        Ok(Self { document, server: Shared::clone(server) })
    }

    /// Replaces the item of this name in a list, or adds it at the end.
    pub(crate) fn put(&mut self, list: &str, name: &str, item: &impl Serialize) {
        let item = serde_json::to_value(item).unwrap_or_default();
        let items = self.list(list);
        match items.iter_mut().find(|known| known.get("name").and_then(Value::as_str) == Some(name)) {
            Some(known) => *known = item,
            None => items.push(item),
        }
    }

    /// Takes out every item of a list whose `key` is `value`.
    pub(crate) fn remove(&mut self, list: &str, key: &str, value: &str) {
        self.list(list).retain(|known| known.get(key).and_then(Value::as_str) != Some(value));
    }

    fn list(&mut self, list: &str) -> &mut Vec<Value> {
        static NOTHING: Value = Value::Null;
        if !self.document.get(list).unwrap_or(&NOTHING).is_array() {
            self.document[list] = Value::Array(Vec::new());
        }
        self.document[list].as_array_mut().expect("it was made a list just now")
    }

    /// The whole document as a model, or every problem it has.
    pub(crate) fn checked(&self) -> Result<Box<SiteConfig>, Failure> {
        let addresses = self.server.site.state.addresses();
        config::check_site_json(&self.document, addresses.as_ref()).map(Box::new).map_err(Failure::wrong)
    }
}
