//! The report of an import: sentences about what did not become a tag, and about what was assumed.

use std::collections::BTreeMap;

use serde::Serialize;

/// More remarks of one kind than a person reads are counted, not kept.
const MAX_REMARKS: usize = 300;

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkKind {
    /// Something in the text that should be a tag did not become one.
    NotTaken,
    /// A tag was taken, and something about it had to be assumed.
    Assumed,
    /// Something in the text has no counterpart here, or none is wanted.
    LeftAside,
}

/// One sentence of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// How much it matters.
    pub kind: RemarkKind,
    /// Stable name, `noun.cause`; screens say it in the reader's language with `words`.
    pub code: &'static str,
    /// The line of the text, from 1; none where lines mean nothing or it is about all of them.
    pub line: Option<u32>,
    /// What it is about: the tag, the node, the column.
    pub about: String,
    /// What was found, one sentence.
    pub what: String,
    /// What to do about it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in the sentence: names and numbers.
    pub words: BTreeMap<&'static str, String>,
}

impl Remark {
    pub(super) fn not_taken(code: &'static str, about: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(RemarkKind::NotTaken, code, about, what)
    }

    pub(super) fn assumed(code: &'static str, about: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(RemarkKind::Assumed, code, about, what)
    }

    pub(super) fn left_aside(code: &'static str, about: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(RemarkKind::LeftAside, code, about, what)
    }

    fn new(kind: RemarkKind, code: &'static str, about: impl Into<String>, what: impl Into<String>) -> Self {
        let (line, hint, words) = (None, String::new(), BTreeMap::new());
        Self { kind, code, line, about: about.into(), what: what.into(), hint, words }
    }

    pub(super) fn line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers hand over what they made for it")]
    pub(super) fn word(mut self, name: &'static str, word: impl ToString) -> Self {
        self.words.insert(name, word.to_string());
        self
    }
}

/// All remarks, those that matter most first, each kind in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The sentences.
    pub remarks: Vec<Remark>,
    /// So many more were not kept.
    pub more: usize,
    #[serde(skip)]
    beyond: usize,
    #[serde(skip)]
    kept: [usize; 3],
}

impl Report {
    pub(super) fn push(&mut self, remark: Remark) {
        let Some(kept) = self.kept.get_mut(remark.kind as usize) else { return };
        *kept += 1;
        if *kept <= MAX_REMARKS {
            self.remarks.push(remark);
        } else {
            self.more += 1;
        }
    }

    /// One tag was beyond the most that are taken.
    pub(super) fn count_beyond(&mut self) {
        self.beyond += 1;
    }

    /// So many remarks say that something was not taken.
    pub fn not_taken(&self) -> usize {
        self.kept[RemarkKind::NotTaken as usize]
    }

    pub(super) fn finish(&mut self, most: usize) {
        if self.beyond > 0 {
            let what = format!("the text has {} tags more than the {most} that are taken at once", self.beyond);
            let remark = Remark::not_taken("import.too-many", "text", what).word("n", self.beyond).word("most", most);
            self.push(remark.hint("split it by device or by area"));
        }
        self.remarks.sort_by_key(|remark| remark.kind as usize);
    }
}
