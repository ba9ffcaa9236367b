//! Words by code: what a screen may show is a sentence of the catalogue (`crates/domain/src/said.rs`), so that it is said in every
//! language; or its code is on a short list with the reason why it is said in English only.

use super::{Finding, SourceFile, Tree};

/// What answers a screen.
const ANSWERING: [&str; 4] =
    ["crates/access/src/", "crates/state/src/", "crates/server/src/", "crates/edge/src/ports/"];

/// Codes that are said in English only, each with the reason.
const ENGLISH: [(&str, &str); 20] = [
    ("record.broken", "the command line verifies a file; System and Changes have words of their own"),
    ("record.unreadable", "the command line verifies a file"),
    ("listen.failed", "said on the console before there is a page"),
    ("listen.not-loopback", "said on the console before there is a page"),
    ("route.unknown", "a program asked for what is not there; pages do not"),
    ("request.method", "a program asked in a way that is not there; pages do not"),
    ("request.malformed", "a program sent what cannot be read; pages do not"),
    ("request.other-site", "read by whoever writes the other site"),
    ("site.one-document", "a program sent both forms; pages send one"),
    ("import.failed", "a fault of this program"),
    ("server.failed", "a fault of this program"),
    ("device.settings", "a fault of this program"),
    ("tag.settings", "a fault of this program"),
    ("history.failed", "what the store says of a damaged disk"),
    ("bundle.unwritable", "what the system says of a full or broken disk"),
    ("place.invalid", "what the reader of site.toml says; its problems are said in English"),
    ("tag.invalid", "what the reader of site.toml says; its problems are said in English"),
    ("url.invalid", "what the reader of device URLs says; its problems are said in English"),
    ("url.malformed", "what the reader of device URLs says; its problems are said in English"),
    ("device.malformed", "what the reader of site.toml says; its problems are said in English"),
];

const MADE: &str = "Problem::new(";

pub(super) fn by_code(tree: &Tree) -> Vec<Finding> {
    let answering =
        |file: &&SourceFile| ANSWERING.iter().any(|folder| file.path.starts_with(folder)) && !file.is_test();
    tree.files.iter().filter(answering).flat_map(in_file).collect()
}

fn in_file(file: &SourceFile) -> Vec<Finding> {
    let lines: Vec<(usize, &str)> = file.lines_without_tests().collect();
    let mut findings = Vec::new();
    for (index, (number, line)) in lines.iter().enumerate() {
        let Some((_, after)) = line.split_once(MADE).filter(|_| !line.trim_start().starts_with("//")) else { continue };
        let next = lines.get(index + 1).map_or("", |(_, next)| next.trim());
        let code = literal(after).or_else(|| literal(next));
        if !code.is_some_and(|code| ENGLISH.iter().any(|(known, _)| *known == code)) {
            let what = format!(
                "{} is said in English only: make it a sentence of `crates/domain/src/said` and give it its German",
                code.map_or_else(|| "this problem".to_owned(), |code| format!("`{code}`"))
            );
            findings.push(Finding::new(&file.path, *number, what));
        }
    }
    findings
}

/// The text between the first quotes, when it begins with them.
fn literal(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, line: &str) -> usize {
        by_code(&Tree::of(&[(path, &format!("//! A.\n{line}\n"))])).len()
    }

    #[test]
    fn a_problem_with_words_of_its_own_is_found_where_screens_are_answered() {
        assert_eq!(
            found("crates/state/src/act.rs", "return Err(Problem::new(\"pump.gone\", \"x\", \"It is gone.\"));"),
            1
        );
        assert_eq!(found("crates/state/src/act.rs", "Problem::new(\n    \"pump.gone\",\n    \"x\""), 1);
        assert_eq!(found("crates/state/src/act.rs", "Problem::new(code, place, what)"), 1);
        assert_eq!(found("crates/store/src/act.rs", "Problem::new(\"pump.gone\", \"x\", \"It is gone.\")"), 0);
    }

    #[test]
    fn listed_codes_sentences_and_comments_are_left_alone() {
        assert_eq!(found("crates/server/src/a.rs", "Problem::new(\"route.unknown\", path, what)"), 0);
        assert_eq!(found("crates/server/src/a.rs", "said::ACCOUNT_TAKEN.problem(\"name\", [])"), 0);
        assert_eq!(found("crates/server/src/a.rs", "// never Problem::new(\"pump.gone\", …)"), 0);
    }
}
