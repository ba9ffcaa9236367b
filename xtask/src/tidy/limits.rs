//! Size limits: a file has at most 600 lines without its tests, a TypeScript function what fits on a screen or two.
//!
//! Rust functions are clippy's: `too_many_lines` with the threshold in clippy.toml.

use super::{Finding, SourceFile, Tree};

const SOFT_LINES: usize = 400;
const HARD_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;
/// Components hold their markup, which is long but flat.
const COMPONENT_LINES: usize = 150;

pub(super) fn file_lines(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".rs", ".ts", ".tsx", ".mjs", ".css"]) {
        if file.is_test() || is_generated(file) {
            continue;
        }
        let lines = file.lines_without_tests().count();
        if lines > HARD_LINES {
            findings.push(Finding::new(&file.path, HARD_LINES, format!("{lines} lines; at most {HARD_LINES}")));
        } else if lines > SOFT_LINES {
            findings.push(Finding::warning(&file.path, SOFT_LINES, format!("{lines} lines; better {SOFT_LINES}")));
        }
    }
    findings
}

/// Functions that start and end at the left margin, which is where the formatter puts them.
pub(super) fn function_lines(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_ending(&[".ts", ".tsx"]) {
        if file.is_test() || is_generated(file) {
            continue;
        }
        let limit = if file.is("tsx") { COMPONENT_LINES } else { FUNCTION_LINES };
        let mut open: Option<usize> = None;
        for (number, line) in file.lines() {
            if starts_function(line) {
                open = Some(number);
            } else if line.starts_with('}')
                && let Some(start) = open.take()
            {
                let lines = number - start + 1;
                if lines > limit {
                    findings.push(Finding::new(
                        &file.path,
                        start,
                        format!("function of {lines} lines; at most {limit}"),
                    ));
                }
            }
        }
    }
    findings
}

fn starts_function(line: &str) -> bool {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let line = line.strip_prefix("default ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.starts_with("function ") || (line.starts_with("const ") && line.ends_with("=> {"))
}

fn is_generated(file: &SourceFile) -> bool {
    file.path.contains("generated") || file.path.ends_with(".d.ts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_at_the_end_of_a_file_do_not_count() {
        let long = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(10), "y\n".repeat(700));
        assert!(file_lines(&Tree::of(&[("crates/a/src/lib.rs", &long)])).is_empty());
    }

    #[test]
    fn four_hundred_lines_warn_and_six_hundred_fail() {
        let found = |lines: usize| file_lines(&Tree::of(&[("crates/a/src/lib.rs", &"x\n".repeat(lines))]));
        assert!(found(400).is_empty());
        assert!(found(401).first().unwrap().warning);
        assert!(!found(601).first().unwrap().warning);
    }

    #[test]
    fn a_long_typescript_function_is_named_by_its_first_line() {
        let text = format!("const a = 1;\nexport function long() {{\n{}}}\n", "  x();\n".repeat(80));
        let found = function_lines(&Tree::of(&[("web/src/a.ts", &text)]));
        assert_eq!(found.first().map(|finding| finding.line), Some(2));
        assert!(function_lines(&Tree::of(&[("web/src/a.tsx", &text)])).is_empty());
    }
}
