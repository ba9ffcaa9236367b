//! Messages of an outlet in a form of one's own: a topic and a JSON text with tags in it, written once for many.
//!
//! `{line-2/pump-7/speed}` stands for the tag's value, `{…:quality}` and `{…:time}` for its quality and arrival time. A
//! name of `each` in braces stands for one of its values, also inside of another pair of braces.

use std::collections::BTreeMap;

use domain::TagPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So many messages may one outlet have, after repeating.
pub const MAX_MESSAGES: usize = 20_000;

/// A message, or one form for many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// What it is repeated over: every combination of one value of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Each>,
    /// The tag whose scan sends it. The other tags are those of the same scan: the same arrival time.
    pub on: String,
    /// Where it goes.
    pub topic: String,
    /// JSON with tags in braces.
    pub payload: String,
    /// What becomes of a tag without a good value.
    #[serde(default)]
    pub missing: Missing,
}

/// The values of one name of `each`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Each {
    /// Whole numbers: `"0 to 99"`, both included.
    Range(String),
    /// Texts.
    List(Vec<String>),
}

/// What becomes of a tag without a good value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// It is `null`.
    #[default]
    Null,
    /// The message is not sent.
    Skip,
}

/// One message after repeating.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Single {
    /// The tag whose scan sends it.
    pub on: TagPath,
    /// Where it goes.
    pub topic: String,
    /// What it says.
    pub pieces: Vec<Piece>,
    /// What becomes of a tag without a good value.
    pub missing: Missing,
}

/// A piece of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// Something of a tag.
    Tag(TagPath, Aspect),
}

/// What of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aspect {
    /// Its value.
    Value,
    /// Its quality, by name.
    Quality,
    /// Its arrival time, ISO 8601 in UTC.
    Time,
}

/// What is wrong with a message: the key, the sentence, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// `each`, `on`, `topic` or `payload`.
    pub key: &'static str,
    /// One sentence.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Each {
    fn values(&self) -> Result<Vec<String>, String> {
        let Self::Range(text) = self else {
            let Self::List(values) = self else { return Ok(Vec::new()) };
            return Ok(values.clone());
        };
        let whole = |part: &str| part.trim().parse::<u32>().ok();
        let ends = text.split_once(" to ").and_then(|(first, last)| Some((whole(first)?, whole(last)?)));
        match ends {
            Some((first, last)) if first <= last && (last - first) as usize <= MAX_MESSAGES => {
                Ok((first..=last).map(|number| number.to_string()).collect())
            }
            _ => Err(format!("`{text}` is no range of whole numbers")),
        }
    }
}

impl Message {
    /// All messages it stands for, or the first thing that is wrong.
    pub fn singles(&self) -> Result<Vec<Single>, Wrong> {
        self.combinations()?.iter().map(|values| self.single(values)).collect()
    }

    fn combinations(&self) -> Result<Vec<Vec<(&str, String)>>, Wrong> {
        let mut all: Vec<Vec<(&str, String)>> = vec![Vec::new()];
        for (name, each) in &self.each {
            let hint = "write a list, [\"line-1/pump-7\", \"line-1/pump-8\"], or a range, \"0 to 99\"".to_owned();
            let wrong = |what: String| Wrong { key: "each", what, hint: hint.clone() };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(wrong(format!("`{name}` is no name for something repeated")));
            }
            let values = each.values().map_err(wrong)?;
            if values.is_empty() {
                return Err(wrong(format!("`{name}` repeats over nothing")));
            }
            if all.len().saturating_mul(values.len()) > MAX_MESSAGES {
                return Err(wrong(format!("it stands for more than {MAX_MESSAGES} messages")));
            }
            let mut longer = Vec::with_capacity(all.len() * values.len());
            for so_far in &all {
                for value in &values {
                    longer.push(so_far.iter().cloned().chain([(name.as_str(), value.clone())]).collect());
                }
            }
            all = longer;
        }
        Ok(all)
    }

    fn single(&self, values: &[(&str, String)]) -> Result<Single, Wrong> {
        let filled = |text: &str| {
            values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        let on = filled(&self.on);
        let on = on.parse().map_err(|what| Wrong {
            key: "on",
            what,
            hint: "write the tag that is read or predicted last: \"line-2/pump-7/speed\"".to_owned(),
        })?;
        let topic = filled(&self.topic);
        if let Some(what) = topic_problem(&topic) {
            let hint = "write levels with `/` between them; names in braces come from `each`".to_owned();
            return Err(Wrong { key: "topic", what, hint });
        }
        let pieces = pieces(&filled(&self.payload))?;
        Ok(Single { on, topic, pieces, missing: self.missing })
    }
}

/// Why nothing can be published under a topic (MQTT 3.1.1 §4.7).
pub fn topic_problem(topic: &str) -> Option<String> {
    const MAX_BYTES: usize = 1024;
    if topic.is_empty() {
        return Some("a topic is empty".to_owned());
    }
    if topic.len() > MAX_BYTES {
        return Some(format!("a topic has at most {MAX_BYTES} bytes"));
    }
    if topic.starts_with('$') {
        return Some(format!("`{topic}` begins with `$`, which belongs to the broker"));
    }
    let wrong = topic.chars().find(|c| "+#{}".contains(*c) || c.is_control())?;
    Some(format!("`{wrong}` in the topic `{topic}` is not allowed"))
}

/// Takes a payload apart. In JSON a `{` is followed by `"`, `}` or white space; where a name follows, it is a tag.
fn pieces(payload: &str) -> Result<Vec<Piece>, Wrong> {
    let wrong = |what: String, hint: &str| Wrong { key: "payload", what, hint: hint.to_owned() };
    let mut pieces = Vec::new();
    let (mut text, mut in_text, mut rest) = (String::new(), false, payload);
    while let Some(next) = rest.chars().next() {
        let after = rest.get(next.len_utf8()..).unwrap_or_default();
        let begins_tag = next == '{' && after.starts_with(|c: char| c.is_alphanumeric() || "-_.".contains(c));
        if !begins_tag {
            text.push(next);
            rest = after;
            match next {
                // the character behind a backslash is none of ours
                '\\' if in_text => {
                    text.extend(rest.chars().next());
                    rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                }
                '"' => in_text = !in_text,
                _ => {}
            }
            continue;
        }
        let Some((inside, behind)) = after.split_once('}') else {
            return Err(wrong("a `{` has no `}`".to_owned(), "close the braces: {line-2/pump-7/speed}"));
        };
        if in_text {
            let what = format!("`{{{inside}}}` stands inside of quotes");
            return Err(wrong(
                what,
                "take the quotes away: a text brings its own; names of `each` may stand in quotes",
            ));
        }
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(
            tag_piece(inside).map_err(|what| wrong(what, "write {line-2/pump-7/speed}, {…:quality} or {…:time}"))?,
        );
        rest = behind;
    }
    pieces.push(Piece::Text(text));
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    let sample: String = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text } else { "0" }).collect();
    match serde_json::from_str::<serde::de::IgnoredAny>(&sample) {
        Ok(_) => Ok(pieces),
        Err(error) => {
            let what = format!("the payload is not JSON: {error}");
            Err(wrong(what, "write it like {\"speed\": {line-2/pump-7/speed}, \"id\": 7}"))
        }
    }
}

fn tag_piece(inside: &str) -> Result<Piece, String> {
    let (tag, aspect) = match inside.split_once(':') {
        None => (inside, Aspect::Value),
        Some((tag, "quality")) => (tag, Aspect::Quality),
        Some((tag, "time")) => (tag, Aspect::Time),
        Some((_, other)) => return Err(format!("a tag has no `{other}`")),
    };
    tag.parse().map(|tag| Piece::Tag(tag, aspect))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &str) -> Message {
        let each = serde_json::json!({"b": "0 to 1", "g": ["x", "y"]});
        let message =
            serde_json::json!({"each": each, "on": "p/b{b}/{g}/score", "topic": "t/{b}/{g}", "payload": payload});
        serde_json::from_value(message).unwrap()
    }

    #[test]
    fn one_form_stands_for_every_combination() {
        let singles = message(r#"{"b":{b},"g":"{g}","y":{p/b{b}/{g}/score},"q":{p/b{b}/{g}/score:quality}}"#).singles();
        let singles = singles.unwrap();
        let topics: Vec<&str> = singles.iter().map(|single| single.topic.as_str()).collect();
        assert_eq!(topics, ["t/0/x", "t/0/y", "t/1/x", "t/1/y"]);
        assert_eq!(singles[3].on.as_str(), "p/b1/y/score");
        let tag = || "p/b1/y/score".parse().unwrap();
        let text = |text: &str| Piece::Text(text.to_owned());
        let expected = vec![
            text(r#"{"b":1,"g":"y","y":"#),
            Piece::Tag(tag(), Aspect::Value),
            text(r#","q":"#),
            Piece::Tag(tag(), Aspect::Quality),
            text("}"),
        ];
        assert_eq!(singles[3].pieces, expected);
    }

    #[test]
    fn what_is_no_json_or_hides_a_tag_in_quotes_is_refused() {
        for wrong in [r#"{"a":"#, r#"{"a":"{p/x}"}"#, r#"{"a":{p/x}"#, r#"{"a":{p/x:colour}}"#, r#"{"a" {p/x}}"#] {
            assert_eq!(message(wrong).singles().unwrap_err().key, "payload", "{wrong}");
        }
        let fine = message(r#"{"a": "say \"{\" and {", "list":[{p/x},{"in":{}}]}"#);
        assert!(fine.singles().is_ok(), "{:?}", fine.singles());
    }

    #[test]
    fn a_range_that_is_none_or_has_no_end_is_refused() {
        for range in ["9 to 1", "a to b", "0..9", "0 to 4000000000"] {
            let mut one = message("1");
            one.each.insert("b".to_owned(), Each::Range(range.to_owned()));
            assert_eq!(one.singles().unwrap_err().key, "each", "{range}");
        }
        let mut many = message("1");
        many.each.insert("c".to_owned(), Each::Range("0 to 9999".to_owned()));
        assert_eq!(many.singles().unwrap_err().key, "each");
    }
}
