//! The units of a file's numbers: the metadata `lastmile.units` of a Parquet file, the file `NAME.csv.units.json` beside a
//! CSV file, whose rows have no room for them. Both hold one JSON object, name → unit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use domain::Problem;

use super::file_problem;

/// Name of a tag or signal → its unit as people write it. What has none is left out.
pub type Units = BTreeMap<String, String>;

/// The metadata of a Parquet file that holds them.
pub(super) const KEY: &str = "lastmile.units";

/// Where the units of a CSV file stand: `x.csv` → `x.csv.units.json`.
pub fn file_beside(csv: &Path) -> PathBuf {
    let mut name = csv.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".units.json");
    csv.with_file_name(name)
}

/// What stands beside a CSV file; nothing when there is no such file.
pub(super) fn beside(csv: &Path) -> Result<Units, Problem> {
    let file = file_beside(csv);
    let place = file.display().to_string();
    match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text, &place),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Units::default()),
        Err(error) => Err(file_problem(&place, "the units of the samples cannot be read", &error)),
    }
}

/// As they are written.
pub fn text(units: &Units) -> String {
    serde_json::to_string_pretty(units).unwrap_or_default()
}

pub(super) fn parse(text: &str, place: &str) -> Result<Units, Problem> {
    serde_json::from_str(text).map_err(|error| {
        file_problem(place, "the units of the samples cannot be read", &error)
            .hint("units are written as one JSON object, {\"line-2/pump-7/pressure\": \"bar(g)\"}")
    })
}
