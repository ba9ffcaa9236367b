//! Entries of the record.

use state::ChangeLine;

use crate::api::change::Change;
use crate::api::trend::ChangeMark;

pub(crate) fn change(line: ChangeLine) -> Change {
    let ChangeLine { entry, digest, who, said } = line;
    Change {
        number: entry.number,
        at_ms: entry.at.millis(),
        who,
        authority: entry.authority.as_str().to_owned(),
        act: entry.act,
        words: said.words(),
        said: Some(said.into()),
        place: entry.place.to_string(),
        from: entry.from,
        to: entry.to,
        because: entry.because,
        digest,
    }
}

pub(crate) fn mark(line: ChangeLine) -> ChangeMark {
    ChangeMark {
        at_ms: line.entry.at.millis(),
        number: line.entry.number,
        who: line.who,
        words: line.said.words(),
        said: Some(line.said.into()),
        because: line.entry.because,
    }
}

/// Whether an entry is about people and not about the plant: a sign-in is no mark under a trend.
pub(crate) fn is_about_people(act: &str) -> bool {
    matches!(
        act,
        "sign-in" | "sign-out" | "first-owner" | "add-account" | "set-password" | "make-login-code" | "enrol-terminal"
    )
}
