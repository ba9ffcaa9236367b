//! The floors: a crate may depend on lower floors only. And one list of versions, and a code map that is true.

use super::{Finding, Tree};

/// Every crate with its floor. `docs/ARCHITECTURE.md` shows the same table with what each crate is for.
const FLOORS: [(&str, u8); 21] = [
    ("domain", 1),
    ("access", 2),
    ("backup", 2),
    ("config", 2),
    ("governance", 2),
    ("bundle", 3),
    ("drivers", 3),
    ("link", 3),
    ("store", 3),
    ("call", 4),
    ("expose", 4),
    ("inference", 4),
    ("state", 4),
    ("commission", 5),
    ("server", 5),
    ("simulator", 5),
    ("edge", 6),
    ("hub", 6),
    ("demo", 7),
    ("lastmile", 8),
    // for tests only: it may know everybody, and nobody's product code may know it
    ("testkit", 9),
];

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
/// The two programs' insides never know each other, not even in tests.
const STRANGERS: [[&str; 2]; 2] = [["edge", "hub"], ["hub", "edge"]];

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// The manifests of our crates: name, path, text, parsed.
fn manifests(tree: &Tree) -> impl Iterator<Item = (&str, &str, &str, toml::Table)> {
    tree.files.iter().filter_map(|file| {
        let name = file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        Some((name, file.path.as_str(), file.text.as_str(), file.text.parse().ok()?))
    })
}

/// One dependency as it stands in a manifest.
struct Dependency {
    name: String,
    dev: bool,
    from_workspace: bool,
}

fn dependencies(manifest: &toml::Table) -> Vec<Dependency> {
    let mut tables = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let Some(entries) = table.get(section).and_then(toml::Value::as_table) else { continue };
            found.extend(entries.iter().map(|(name, value)| Dependency {
                name: name.clone(),
                dev: section == "dev-dependencies",
                from_workspace: value.get("workspace").and_then(toml::Value::as_bool) == Some(true),
            }));
        }
    }
    found
}

fn line_of(text: &str, name: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(name)).map_or(1, |index| index + 1)
}

pub(super) fn dependencies_point_down(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, path, text, manifest) in manifests(tree) {
        let Some(own) = floor(name) else {
            findings.push(Finding::new(
                path,
                1,
                format!("`{name}` has no floor; give it one in xtask/src/tidy/floors.rs"),
            ));
            continue;
        };
        for dependency in dependencies(&manifest) {
            let line = line_of(text, &dependency.name);
            if STRANGERS.contains(&[name, dependency.name.as_str()]) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{name}` and `{}` never know each other", dependency.name),
                ));
                continue;
            }
            let Some(other) = floor(&dependency.name) else { continue };
            if !dependency.dev && other >= own {
                let what = format!(
                    "`{name}` (floor {own}) depends on `{}` (floor {other}); only lower floors are allowed",
                    dependency.name
                );
                findings.push(Finding::new(path, line, what));
            }
        }
    }
    findings
}

pub(super) fn versions_in_one_place(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, path, text, manifest) in manifests(tree) {
        for dependency in dependencies(&manifest).iter().filter(|dependency| !dependency.from_workspace) {
            let what = format!("`{}` takes its version from elsewhere than the root Cargo.toml", dependency.name);
            findings.push(Finding::new(path, line_of(text, &dependency.name), what));
        }
    }
    findings
}

/// The table rows of the code map: `| floor | `crates/name` | …`.
fn code_map_rows(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let floor = cells.next()?;
        let name = cells.next()?.strip_prefix("`crates/")?.strip_suffix('`')?;
        let is_row = floor == "dev" || floor.parse::<u8>().is_ok();
        (is_row && !name.contains('/')).then_some((index + 1, floor, name))
    })
}

/// The code map lists exactly the crates that exist, each on its floor, lowest first.
pub(super) fn code_map(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(ARCHITECTURE) else {
        return vec![Finding::new(ARCHITECTURE, 1, "does not exist")];
    };
    let mut findings = Vec::new();
    let mut listed = Vec::new();
    let mut highest = 0;
    for (line, said, name) in code_map_rows(&document.text) {
        listed.push(name);
        if !tree.has(&format!("crates/{name}/Cargo.toml")) {
            findings.push(Finding::new(ARCHITECTURE, line, format!("there is no `crates/{name}`")));
        }
        match floor(name) {
            Some(floor) if said == floor.to_string() || (name == "testkit" && said == "dev") => {
                if floor < highest {
                    findings.push(Finding::new(
                        ARCHITECTURE,
                        line,
                        format!("`{name}` belongs further up: lowest floor first"),
                    ));
                }
                highest = highest.max(floor);
            }
            Some(floor) => {
                findings.push(Finding::new(ARCHITECTURE, line, format!("`{name}` is on floor {floor}, not {said}")));
            }
            None => findings.push(Finding::new(ARCHITECTURE, line, format!("`{name}` has no floor"))),
        }
    }
    for (name, ..) in manifests(tree) {
        if !listed.contains(&name) {
            findings.push(Finding::new(ARCHITECTURE, 1, format!("the code map lacks `crates/{name}`")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_upwards_or_sideways_is_found_with_its_line() {
        let upwards = "[dependencies]\nserde.workspace = true\nedge.workspace = true\n";
        let found = dependencies_point_down(&Tree::of(&[("crates/domain/Cargo.toml", upwards)]));
        assert_eq!(found.first().map(|finding| finding.line), Some(3));
        let sideways = "[target.'cfg(unix)'.dependencies]\nconfig = { workspace = true }\n";
        assert_eq!(dependencies_point_down(&Tree::of(&[("crates/access/Cargo.toml", sideways)])).len(), 1);
    }

    #[test]
    fn tests_may_look_up_but_edge_and_hub_stay_strangers() {
        let dev = "[dev-dependencies]\ntestkit.workspace = true\n";
        assert!(dependencies_point_down(&Tree::of(&[("crates/drivers/Cargo.toml", dev)])).is_empty());
        let strangers = "[dev-dependencies]\nhub.workspace = true\n";
        assert_eq!(dependencies_point_down(&Tree::of(&[("crates/edge/Cargo.toml", strangers)])).len(), 1);
        let product = "[dependencies]\ntestkit.workspace = true\n";
        assert_eq!(dependencies_point_down(&Tree::of(&[("crates/edge/Cargo.toml", product)])).len(), 1);
    }

    #[test]
    fn a_version_beside_the_one_list_is_found() {
        let own = "[dependencies]\nserde = \"1\"\ntokio = { workspace = true, features = [\"rt\"] }\n";
        assert_eq!(versions_in_one_place(&Tree::of(&[("crates/domain/Cargo.toml", own)])).len(), 1);
    }

    #[test]
    fn the_code_map_must_equal_the_tree() {
        let map = "| 1 | `crates/domain` | nouns |\n| 2 | `crates/gone` | |\n| 3 | `crates/edge` | |\n";
        let tree = Tree::of(&[
            (ARCHITECTURE, map),
            ("crates/domain/Cargo.toml", ""),
            ("crates/edge/Cargo.toml", ""),
            ("crates/store/Cargo.toml", ""),
        ]);
        let found: Vec<String> = code_map(&tree).iter().map(ToString::to_string).collect();
        let found = found.join("\n");
        assert!(found.contains(":2: there is no `crates/gone`"), "{found}");
        assert!(found.contains(":3: `edge` is on floor 6, not 3"), "{found}");
        assert!(found.contains("lacks `crates/store`"), "{found}");
    }
}
