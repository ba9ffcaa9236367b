//! JSON without a tree: values and texts straight into the bytes of a message.

use domain::Value;

/// A text with its quotes.
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value as JSON; none is `null`.
pub(super) fn write_value(out: &mut Vec<u8>, value: Option<&Value>) {
    let Some(value) = value else { return out.extend_from_slice(b"null") };
    // writing into memory cannot fail, and every value has a JSON form
    let _written = serde_json::to_writer(out, value);
}
