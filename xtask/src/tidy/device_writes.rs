//! Only two places may ask a device to write: the guarded stage of the path, and the commissioning verb.

use super::{Finding, SourceFile, Tree};

/// The only two call sites of `Driver::write`.
const PLACES: [&str; 2] = ["crates/edge/src/pipeline/write.rs", "crates/commission/src/write.rs"];
/// Says that a file deals with drivers.
const DRIVER_WORDS: [&str; 3] = ["drivers::", "dyn Driver", "impl Driver"];

pub(super) fn two_places(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs"]) {
        if file.is_test() || PLACES.contains(&file.path.as_str()) || !deals_with_drivers(file) {
            continue;
        }
        for (number, line) in file.lines_without_tests() {
            if !line.trim_start().starts_with("//") && calls_write(line) {
                let what = format!("asks a device to write; only {} may", PLACES.join(" and "));
                findings.push(Finding::new(&file.path, number, what));
            }
        }
    }
    findings
}

/// The drivers themselves are left out: they pass a write on to their own insides.
fn deals_with_drivers(file: &SourceFile) -> bool {
    file.path.starts_with("crates/")
        && !file.path.starts_with("crates/drivers/")
        && DRIVER_WORDS.iter().any(|word| file.text.contains(word))
}

/// `.write(something)`; a lock's `.write()` has nothing in its brackets.
fn calls_write(line: &str) -> bool {
    line.contains("Driver::write")
        || line
            .match_indices(".write(")
            .any(|(at, call)| line.get(at + call.len()..).is_none_or(|rest| !rest.starts_with(')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, line: &str) -> usize {
        let text = format!("//! A.\nuse drivers::Driver;\n{line}\n");
        two_places(&Tree::of(&[(path, &text)])).len()
    }

    #[test]
    fn a_third_place_that_writes_is_found() {
        assert_eq!(found("crates/edge/src/pipeline/device.rs", "driver.write(&address, &value).await?;"), 1);
        assert_eq!(found("crates/edge/src/pipeline/device.rs", "Driver::write(&mut *driver, request)"), 1);
        assert_eq!(found("crates/edge/src/pipeline/write.rs", "driver.write(&address, &value).await?;"), 0);
        assert_eq!(found("crates/commission/src/write.rs", "driver.write("), 0);
    }

    #[test]
    fn locks_comments_and_files_without_drivers_are_left_alone() {
        assert_eq!(found("crates/edge/src/run.rs", "let mut all = latest.write();"), 0);
        assert_eq!(found("crates/edge/src/run.rs", "// never driver.write(x) here"), 0);
        let other = "//! A.\nfile.write(bytes)?;\n";
        assert!(two_places(&Tree::of(&[("crates/store/src/lib.rs", other)])).is_empty());
    }
}
