//! What `history export` writes, read by hand: the program under test is not asked to read its own files.

use std::path::Path;

use anyhow::{Context, Result, ensure};

/// One row of a long CSV file.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Arrival, µs since 1970.
    pub arrival_us: i64,
    /// Whose.
    pub tag: String,
    /// As written; empty when there is none.
    pub value: String,
    /// The OPC UA name.
    pub quality: String,
}

impl Sample {
    /// Whether the quality says that the value may be used.
    pub fn is_good(&self) -> bool {
        self.quality == "Good"
    }
}

/// Reads `arrival_us,tag,value,quality`.
pub fn samples(file: &Path) -> Result<Vec<Sample>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    ensure!(head == "arrival_us,tag,value,quality", "the file begins with `{head}`");
    lines.map(sample).collect()
}

fn sample(line: &str) -> Result<Sample> {
    let fields: Vec<&str> = line.split(',').collect();
    let [arrival, tag, value, quality] = fields.as_slice() else { anyhow::bail!("not four fields: {line}") };
    Ok(Sample {
        arrival_us: arrival.parse().with_context(|| line.to_owned())?,
        tag: (*tag).to_owned(),
        value: (*value).to_owned(),
        quality: (*quality).to_owned(),
    })
}
