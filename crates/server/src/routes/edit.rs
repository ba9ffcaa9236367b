//! A small change to the configuration: the document with one part put in or taken out, checked as a whole.

use std::collections::HashMap;

use config::SiteConfig;
use serde::Serialize;
use serde_json::Value;
use state::StateError;

use crate::Shared;
use crate::failure::Failure;

/// A document, and what is put into it, is at most this long: ten thousand tags with all their settings.
pub(crate) const DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

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

    /// The same for many of a list: an index instead of a search for each.
    pub(crate) fn put_all<'a, T: Serialize + 'a>(&mut self, list: &str, items: impl Iterator<Item = (&'a str, &'a T)>) {
        let known = self.list(list);
        let name = |(at, item): (usize, &Value)| Some((item.get("name")?.as_str()?.to_owned(), at));
        let mut places: HashMap<String, usize> = known.iter().enumerate().filter_map(name).collect();
        for (name, item) in items {
            let item = serde_json::to_value(item).unwrap_or_default();
            let at = *places.entry(name.to_owned()).or_insert(known.len());
            match known.get_mut(at) {
                Some(there) => *there = item,
                None => known.push(item),
            }
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
