//! A site.toml with the bundles that lie beside it: what `--site` takes up at start and `lastmile apply` sends.

use std::path::Path;

use config::site::{BundleRef, SiteConfig};
use config::{AddressCheck, AddressFacts};
use domain::{Problem, Problems};

/// A site.toml that can be applied: checked, and with digests where it named bundles by path.
pub struct SiteFile {
    /// The text; lines and columns of everything else stay where they are.
    pub text: String,
    /// What it asks for.
    pub wanted: SiteConfig,
    /// The bundles that it names by path.
    pub bundles: Vec<PackedBundle>,
}

/// A bundle as it lies beside the file.
pub struct PackedBundle {
    /// `sha256:…`.
    pub digest: String,
    /// Its contract.toml.
    pub contract: String,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// Checks a text with the bundles beside it, and finds everything that can be found without an edge.
pub fn read(text: &str, folder: &Path, file: &str) -> Result<SiteFile, Problems> {
    let beside = Beside(named_bundles(text).into_iter().map(|name| (open(&folder.join(&name), &name), name)).collect());
    config::check_site(text, file, &beside)?;
    let (mut text, mut bundles) = (text.to_owned(), Vec::new());
    for (opened, name) in beside.0 {
        let packed = opened?;
        text = with_digest(&text, &name, &packed.digest);
        bundles.push(packed);
    }
    let wanted = config::check_site(&text, file, &server::Addresses)?;
    Ok(SiteFile { text, wanted, bundles })
}

/// A packed bundle, or why there is none.
type Opened = Result<PackedBundle, Problem>;

/// The bundles beside a site.toml, under the names that it uses.
struct Beside(Vec<(Opened, String)>);

impl AddressCheck for Beside {
    fn url(&self, url: &str) -> Result<(), Problem> {
        server::Addresses.url(url)
    }

    fn address(&self, url: &str, address: &str) -> Result<AddressFacts, Problem> {
        server::Addresses.address(url, address)
    }

    fn bundle(&self, bundle: &BundleRef) -> Result<(), Problem> {
        let BundleRef::Path(name) = bundle else { return Ok(()) };
        let opened = self.0.iter().find(|(_, known)| known == name).map(|(opened, _)| opened);
        opened.map_or(Ok(()), |opened| opened.as_ref().map(drop).map_err(Problem::clone))
    }
}

fn open(path: &Path, name: &str) -> Opened {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::new("bundle.not-found", name, format!("there is no file `{name}`")),
        _ => Problem::new("bundle.unreadable", name, format!("the bundle `{name}` cannot be read: {error}")),
    })?;
    match bundle::open_bytes(&bytes, name) {
        Ok(opened) => Ok(PackedBundle { digest: opened.digest, contract: opened.contract_text, bytes }),
        Err(problems) => {
            let first = problems.0.first().map(ToString::to_string).unwrap_or_default();
            let what = format!("the bundle `{name}` is broken in {} places", problems.0.len());
            Err(Problem::new("bundle.broken", name, what).why(first).hint(format!("see lastmile bundle check {name}")))
        }
    }
}

/// The bundles that `text` names by path, each once. A text that is no TOML names none: its reader will say so.
fn named_bundles(text: &str) -> Vec<String> {
    let Ok(document) = text.parse::<toml::Table>() else { return Vec::new() };
    let deployments = document.get("deployment").and_then(toml::Value::as_array).into_iter().flatten();
    let mut named: Vec<String> = Vec::new();
    for name in deployments.filter_map(|deployment| deployment.get("bundle")?.as_str()) {
        if !name.starts_with("sha256:") && !named.iter().any(|known| known == name) {
            named.push(name.to_owned());
        }
    }
    named
}

fn with_digest(text: &str, name: &str, digest: &str) -> String {
    let quoted = |quote: char, name: &str| format!("{quote}{name}{quote}");
    text.replace(&quoted('"', name), &quoted('"', digest)).replace(&quoted('\'', name), &quoted('\'', digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_digests_and_nothing_else_moves() {
        let text =
            "[[deployment]]\nname = \"a\"\nbundle = \"b/x.tar\" # mine\n[[deployment]]\nname='c'\nbundle='b/x.tar'\n";
        assert_eq!(named_bundles(text), ["b/x.tar"]);
        let replaced = with_digest(text, "b/x.tar", "sha256:00");
        assert_eq!(replaced.lines().count(), text.lines().count());
        assert_eq!(replaced.matches("sha256:00").count(), 2);
    }

    #[test]
    fn a_missing_bundle_hides_nothing_else() {
        let text = "[site]\nname = \"x\"\n[[deployment]]\nname = \"d\"\nplace = \"nowhere\"\nbundle = \"no.tar\"\n\
                    mode = \"watch\"\nmap = { a = \"b\" }\n";
        let Err(problems) = read(text, Path::new("/nonexistent"), "site.toml") else { panic!("it was taken") };
        let codes: Vec<&str> = problems.0.iter().map(|problem| problem.code.as_ref()).collect();
        assert_eq!(codes, ["deployment.unknown-place", "bundle.not-found", "deployment.unknown-tag"]);
        assert_eq!(problems.0[1].place, "site.toml:6:10");
    }
}
