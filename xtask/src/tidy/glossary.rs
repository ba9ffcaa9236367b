//! Every noun is explained once, in `docs/GLOSSARY.md`, under the name that code, pages and metrics use.

use super::{Finding, Tree};

const GLOSSARY: &str = "docs/GLOSSARY.md";
const DOMAIN: &str = "crates/domain/src/lib.rs";

/// The words of the product. The modules of `domain` are asked for besides.
const NOUNS: [&str; 59] = [
    "Place",
    "Site",
    "Edge",
    "Hub",
    "Device",
    "Budget",
    "Tag",
    "Series",
    "Scan group",
    "Scan",
    "Local variable",
    "Sample",
    "Arrival time",
    "Source time",
    "Acknowledged",
    "Quality",
    "Stale",
    "Log",
    "History",
    "Bundle",
    "Contract",
    "Signal",
    "Mapping",
    "Condition",
    "Baseline",
    "Tunable",
    "Golden data",
    "Window",
    "Trigger",
    "Key",
    "Feature",
    "Prediction",
    "Not applicable",
    "Decision",
    "Advisory",
    "Alarm",
    "Write",
    "Deployment",
    "Revision",
    "Mode",
    "In use",
    "Candidate",
    "Act",
    "Change",
    "Record",
    "Keep",
    "Mailbox",
    "Parcel",
    "Stream",
    "Mark",
    "Owed",
    "Life",
    "Desired state",
    "Ask",
    "Claim",
    "Checkpoint",
    "Ring",
    "Call",
    "Verdict",
];

pub(super) fn nouns(tree: &Tree) -> Vec<Finding> {
    let Some(glossary) = tree.file(GLOSSARY) else {
        return vec![Finding::new(GLOSSARY, 1, "does not exist")];
    };
    let explained: Vec<String> = glossary.lines().filter_map(|(_, line)| entry(line)).collect();
    let mut findings = Vec::new();
    for noun in NOUNS {
        if !explained.contains(&noun.to_lowercase()) {
            findings.push(Finding::new(GLOSSARY, 1, format!("lacks an entry `**{noun}**`")));
        }
    }
    if let Some(domain) = tree.file(DOMAIN) {
        for (number, line) in domain.lines() {
            let Some(module) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) else { continue };
            let noun = module.replace('_', " ");
            if !explained.contains(&noun) {
                findings.push(Finding::new(DOMAIN, number, format!("`{noun}` is not explained in {GLOSSARY}")));
            }
        }
    }
    findings
}

/// The noun of a line `**Noun** …`, in small letters. Several may share a line: `**Edge**, **site**` counts the first.
fn entry(line: &str) -> Option<String> {
    let rest = line.strip_prefix("- ").unwrap_or(line).strip_prefix("**")?;
    let (noun, _) = rest.split_once("**")?;
    Some(noun.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_of_the_domain_needs_an_entry_of_its_name() {
        let all = NOUNS.map(|noun| format!("- **{noun}**: …\n")).concat();
        let found = |domain: &str| nouns(&Tree::of(&[(GLOSSARY, &all), (DOMAIN, domain)]));
        assert!(found("pub mod tag;\npub mod scan;\n").is_empty());
        let missing = found("pub mod tag;\npub mod log_record;\n");
        assert_eq!(missing.first().map(|finding| finding.line), Some(2));
    }

    #[test]
    fn a_noun_that_nobody_explains_is_named() {
        assert_eq!(nouns(&Tree::of(&[(GLOSSARY, "- **Place**: …\n")])).len(), NOUNS.len() - 1);
    }
}
