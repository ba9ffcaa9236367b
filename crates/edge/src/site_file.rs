//! A site.toml with the bundles that lie beside it: what `--site` takes up at start and `lastmile apply` sends.

use std::path::{Path, PathBuf};

use domain::{Problem, Problems};

/// A bundle that a site.toml names by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBundle {
    /// As written in the file.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The bundles that `text` names by path, each once. A text that is no TOML names none: its reader will say so.
pub fn named_bundles(text: &str, folder: &Path) -> Vec<NamedBundle> {
    let Ok(document) = text.parse::<toml::Table>() else { return Vec::new() };
    let deployments = document.get("deployment").and_then(toml::Value::as_array).into_iter().flatten();
    let mut named: Vec<NamedBundle> = Vec::new();
    for name in deployments.filter_map(|deployment| deployment.get("bundle")?.as_str()) {
        if !name.starts_with("sha256:") && !named.iter().any(|known| known.name == name) {
            named.push(NamedBundle { name: name.to_owned(), path: folder.join(name) });
        }
    }
    named
}

/// `text` with a bundle's path replaced by its digest; lines and columns of everything else stay where they are.
pub fn with_digest(text: &str, name: &str, digest: &str) -> String {
    let quoted = |quote: char, name: &str| format!("{quote}{name}{quote}");
    text.replace(&quoted('"', name), &quoted('"', digest)).replace(&quoted('\'', name), &quoted('\'', digest))
}

/// A named bundle's bytes.
pub fn read(named: &NamedBundle, file: &str) -> Result<Vec<u8>, Problems> {
    std::fs::read(&named.path).map_err(|error| {
        Problem::new("bundle.unreadable", file, format!("the bundle `{}` cannot be read: {error}", named.name))
            .why(format!("it is looked for at {}", named.path.display()))
            .hint("paths of bundles are relative to the folder of site.toml")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_digests_and_nothing_else_moves() {
        let text =
            "[[deployment]]\nname = \"a\"\nbundle = \"b/x.tar\" # mine\n[[deployment]]\nname='c'\nbundle='b/x.tar'\n";
        let named = named_bundles(text, Path::new("/site"));
        assert_eq!(named, [NamedBundle { name: "b/x.tar".into(), path: "/site/b/x.tar".into() }]);
        let replaced = with_digest(text, "b/x.tar", "sha256:00");
        assert_eq!(replaced.lines().count(), text.lines().count());
        assert_eq!(replaced.matches("sha256:00").count(), 2);
    }
}
