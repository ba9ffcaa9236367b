//! Licences, sources and banned crates, judged by `deny.toml` from what cargo knows about every package.
//!
//! Used where `cargo-deny` is not installed, which takes minutes; reads the same file and is no wider than it.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::paths;
use crate::shell::{cargo, output, say};
use crate::spdx;

/// The part of `deny.toml` that this check knows.
struct Policy {
    allowed: Vec<String>,
    /// Further licences by crate name.
    exceptions: HashMap<String, Vec<String>>,
    banned: HashMap<String, String>,
}

/// One package of the build.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    source: Option<String>,
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Prints every finding. True when there is none.
pub(crate) fn check() -> Result<bool> {
    let policy = Policy::read(&fs::read_to_string(paths::root().join("deny.toml")).context("cannot read deny.toml")?)?;
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let packages = packages(&metadata)?;
    let findings: Vec<String> = packages.iter().flat_map(|package| policy.judge(package)).collect();
    for finding in &findings {
        say(&format!("deny.toml: {finding}"));
    }
    say(&format!("deny: {} packages judged by deny.toml, {} findings", packages.len(), findings.len()));
    Ok(findings.is_empty())
}

impl Policy {
    fn read(text: &str) -> Result<Self> {
        let file: toml::Table = text.parse().context("deny.toml")?;
        let list = |section: &str, key: &str| -> Vec<toml::Value> {
            let array = file.get(section).and_then(|section| section.get(key)).and_then(toml::Value::as_array);
            array.cloned().unwrap_or_default()
        };
        let text_of = |value: &toml::Value, key: &str| -> Option<String> {
            value.get(key).and_then(toml::Value::as_str).map(str::to_owned)
        };
        let texts = |values: &[toml::Value]| -> Vec<String> {
            values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        };
        let mut exceptions = HashMap::new();
        for entry in list("licenses", "exceptions") {
            if let (Some(name), Some(allow)) =
                (text_of(&entry, "crate"), entry.get("allow").and_then(toml::Value::as_array))
            {
                exceptions.insert(name, texts(allow));
            }
        }
        let mut banned = HashMap::new();
        for entry in list("bans", "deny") {
            if let Some(name) = text_of(&entry, "crate") {
                banned.insert(name, text_of(&entry, "reason").unwrap_or_default());
            }
        }
        Ok(Self { allowed: texts(&list("licenses", "allow")), exceptions, banned })
    }

    fn judge(&self, package: &Package) -> Vec<String> {
        let Package { name, version, licence, source } = package;
        let mut findings = Vec::new();
        if let Some(reason) = self.banned.get(name) {
            findings.push(format!("{name} {version} is banned: {reason}"));
        }
        if let Some(source) = source
            && source != CRATES_IO
        {
            findings.push(format!("{name} {version} comes from {source}, not from crates.io"));
        }
        let none = Vec::new();
        let more = self.exceptions.get(name).unwrap_or(&none);
        let allowed = |licence: &str| self.allowed.iter().chain(more).any(|allowed| allowed == licence);
        match licence {
            Some(licence) if spdx::is_allowed(licence, &allowed) => {}
            Some(licence) => findings.push(format!("{name} {version} is under {licence}, which is not allowed")),
            None => findings.push(format!("{name} {version} names no licence")),
        }
        findings
    }
}

fn packages(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata")?;
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata names no packages")?;
    Ok(packages
        .iter()
        .map(|package| Package {
            name: text(package, "name").unwrap_or_default(),
            version: text(package, "version").unwrap_or_default(),
            licence: text(package, "license"),
            source: text(package, "source"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "special", allow = ["MPL-2.0"] }]
        [bans]
        deny = [{ crate = "openssl", reason = "C" }]
    "#;

    fn findings(name: &str, licence: Option<&str>, source: Option<&str>) -> Vec<String> {
        let package = Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
        };
        Policy::read(POLICY).unwrap().judge(&package)
    }

    #[test]
    fn only_allowed_licences_pass_and_an_exception_holds_for_its_crate_alone() {
        assert!(findings("plain", Some("MIT"), Some(CRATES_IO)).is_empty());
        assert!(findings("special", Some("MPL-2.0"), None).is_empty());
        assert_eq!(findings("other", Some("MPL-2.0"), None).len(), 1);
        assert_eq!(findings("other", None, None).len(), 1);
    }

    #[test]
    fn a_banned_crate_and_a_foreign_source_are_both_named() {
        let found = findings("openssl", Some("MIT"), Some("git+https://example.org/openssl"));
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
