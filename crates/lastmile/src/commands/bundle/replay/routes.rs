//! Which names of a sample file feed which signals at which places, and from which unit: by pairs, or as a deployment of
//! a site.toml says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bundle::contract::{Contract, SignalType};
use config::SiteConfig;
use config::near::did_you_mean;
use config::site::{Deployment, DeploymentAt};
use domain::unit::{Conversion, Unit};
use domain::{Problem, Problems};
use inference::PlaceInput;
use store::table::Units;

/// One signal at one place, by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) place: usize,
    pub(super) signal: usize,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Routes {
    /// Tags, and the signals' own names where one place leaves no doubt → what they feed.
    by_name: BTreeMap<String, Vec<Target>>,
    /// Title and conversions of each place.
    at: Vec<(String, Vec<Conversion>)>,
    /// What the deployment sets.
    pub(super) tune: BTreeMap<String, f64>,
    /// Of texts.
    pub(super) language: String,
}

impl Routes {
    /// Signals by their own names and by the tags that `SIGNAL=TAG` gives them, all of them at one place.
    pub(super) fn of_pairs(contract: &Contract, pairs: &[String]) -> Result<Self, Problems> {
        let mut routes = Self::new("en");
        let mut problems = Problems::default();
        let mut map = Vec::new();
        for pair in pairs {
            match pair.split_once('=').map(|(signal, tag)| (signal.trim(), tag.trim())) {
                Some((signal, tag)) if contract.signal(signal).is_some() => map.push((signal, tag)),
                Some((signal, _)) => {
                    let names = contract.signals.iter().map(|signal| signal.name.as_str());
                    let hint = did_you_mean(signal, names, "see lastmile bundle show");
                    let problem = Problem::new("map.unknown-signal", pair, "the contract has no such signal");
                    problems.push(problem.hint(hint));
                }
                None => problems.push(Problem::new("map.malformed", pair, "a mapping is written SIGNAL=TAG")),
            }
        }
        routes.add_place(contract, contract.name.clone(), map);
        routes.add_own_names(contract);
        problems.into_result(routes)
    }

    /// What a deployment of a site.toml maps, as it runs there.
    pub(super) fn of_deployment(contract: &Contract, file: &Path, name: Option<&str>) -> Result<Self, Problems> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Problem::new("file.unreadable", &shown, format!("the file cannot be read: {error}")))?;
        let addresses: state::Addresses = Arc::new(server::Addresses);
        let site = config::check_site(&text, &shown, &*addresses)?;
        let deployment = deployment(&site, &shown, name)?;
        let tags = state::tags_of(&site, &addresses);
        let at: Vec<DeploymentAt> = deployment
            .places()
            .into_iter()
            .map(|(place, map)| DeploymentAt { place: place.clone(), map: map.clone() })
            .collect();
        state::check_deployment(&site, &tags, contract, &deployment.name, &at, &deployment.tune).into_result(())?;
        let mut routes = Self::new(&site.site.language);
        routes.tune.clone_from(&deployment.tune);
        for one in &at {
            let named = site.places.iter().find(|place| place.path == one.place);
            let title = named.map_or_else(|| one.place.to_string(), |place| place.name.clone());
            routes.add_place(contract, title, one.map.iter().map(|(signal, tag)| (signal.as_str(), tag.as_str())));
            let matches = bundle::mapping::check(contract, &one.map, &tags);
            if let Some((_, conversions)) = routes.at.last_mut() {
                for (conversion, found) in conversions.iter_mut().zip(matches) {
                    *conversion = found.conversion.unwrap_or(Conversion::IDENTITY);
                }
            }
        }
        routes.add_own_names(contract);
        Ok(routes)
    }

    fn new(language: &str) -> Self {
        let (by_name, at, tune) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        Self { by_name, at, tune, language: language.to_owned() }
    }

    fn add_place<'a>(&mut self, contract: &Contract, title: String, map: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let place = self.at.len();
        self.at.push((title, vec![Conversion::IDENTITY; contract.signals.len()]));
        for (name, tag) in map {
            if let Some(signal) = contract.signals.iter().position(|signal| signal.name == name) {
                self.by_name.entry(tag.to_owned()).or_default().push(Target { place, signal });
            }
        }
    }

    /// A file may call the signals by their own names where that says which place is meant. A tag of that name goes first.
    fn add_own_names(&mut self, contract: &Contract) {
        if self.at.len() == 1 {
            for (signal, described) in contract.signals.iter().enumerate() {
                let own = || vec![Target { place: 0, signal }];
                self.by_name.entry(described.name.clone()).or_insert_with(own);
            }
        }
    }

    /// What the file says of its units outranks everything: its numbers were written in them.
    pub(super) fn convert(&mut self, contract: &Contract, units: &Units, file: &str) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for (name, text) in units {
            let Some(targets) = self.by_name.get(name) else { continue };
            let place = || format!("{name} in {file}");
            let unit = match Unit::parse(text) {
                Ok(unit) => unit,
                Err(error) => {
                    problems.push(Problem::new("samples.unknown-unit", place(), error.what).hint(error.hint));
                    continue;
                }
            };
            for Target { place: at, signal } in targets {
                let Some(wanted) = contract.signals.get(*signal).and_then(|signal| signal.unit.as_ref()) else {
                    continue;
                };
                match unit.conversion(wanted) {
                    Ok(conversion) => self.at[*at].1[*signal] = conversion,
                    Err(error) => {
                        problems.push(Problem::new("mapping.wrong-unit", place(), error.what).hint(error.hint));
                    }
                }
            }
        }
        problems.into_result(())
    }

    /// What this name feeds.
    pub(super) fn of(&self, name: &str) -> &[Target] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every name that feeds anything.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The names whose samples are texts for every signal that they feed.
    pub(super) fn texts(&self, contract: &Contract) -> Vec<String> {
        let is_text = |target: &Target| {
            contract.signals.get(target.signal).is_some_and(|signal| signal.signal_type == SignalType::Text)
        };
        let texts = self.by_name.iter().filter(|(_, targets)| targets.iter().all(is_text));
        texts.map(|(name, _)| name.clone()).collect()
    }

    /// As the scorer takes them.
    pub(super) fn places(&self) -> Vec<PlaceInput> {
        let place = |(title, conversions): &(String, Vec<Conversion>)| PlaceInput {
            title: title.clone(),
            conversions: conversions.clone(),
            raised: false,
        };
        self.at.iter().map(place).collect()
    }
}

/// The deployment of this name, or the only one there is.
fn deployment<'a>(site: &'a SiteConfig, file: &str, name: Option<&str>) -> Result<&'a Deployment, Problem> {
    let names = || site.deployments.iter().map(|one| one.name.as_str());
    match (name, site.deployments.as_slice()) {
        (None, [only]) => Ok(only),
        (None, []) => Err(Problem::new("deployment.missing", file, "there is no deployment in this file")
            .hint("give names with --map SIGNAL=TAG instead")),
        (None, _) => {
            let what =
                format!("there are several deployments in this file: {}", names().collect::<Vec<_>>().join(", "));
            Err(Problem::new("deployment.which", file, what).hint("say which with --deployment NAME"))
        }
        (Some(name), all) => all.iter().find(|one| one.name == name).ok_or_else(|| {
            let what = format!("there is no deployment `{name}` in this file");
            Problem::new("deployment.unknown", file, what).hint(did_you_mean(name, names(), "see its [[deployment]]"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract of the pump station: vibration in mm/s, temperature in Cel.
    fn contract() -> Contract {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pump-station/bundle");
        bundle::check_folder(&folder).unwrap().contract
    }

    fn units(pairs: &[(&str, &str)]) -> Units {
        pairs.iter().map(|(name, unit)| ((*name).to_owned(), (*unit).to_owned())).collect()
    }

    fn conversion(routes: &Routes, contract: &Contract, signal: &str) -> Conversion {
        let at = contract.signals.iter().position(|one| one.name == signal).unwrap();
        routes.places()[0].conversions[at]
    }

    #[test]
    fn samples_are_converted_from_the_units_that_their_file_says() {
        let contract = contract();
        let mut routes = Routes::of_pairs(&contract, &["vibration_de=line/vibration".to_owned()]).unwrap();
        let said = units(&[("line/vibration", "m/s"), ("bearing_temperature", "K"), ("line/other", "no unit")]);
        routes.convert(&contract, &said, "x.csv").unwrap();
        assert_eq!(conversion(&routes, &contract, "vibration_de"), Conversion { factor: 1000.0, offset: 0.0 });
        assert_eq!(conversion(&routes, &contract, "bearing_temperature"), Conversion { factor: 1.0, offset: -273.15 });
        assert_eq!(conversion(&routes, &contract, "motor_current"), Conversion::IDENTITY);
    }

    #[test]
    fn units_that_cannot_be_converted_are_told_all_at_once() {
        let contract = contract();
        let mut routes = Routes::of_pairs(&contract, &[]).unwrap();
        let said = units(&[("vibration_de", "bar(g)"), ("speed", "furlong")]);
        let problems = routes.convert(&contract, &said, "x.csv").unwrap_err();
        let codes: Vec<&str> = problems.0.iter().map(|problem| problem.code.as_ref()).collect();
        assert_eq!(codes, ["samples.unknown-unit", "mapping.wrong-unit"]);
        assert_eq!(problems.0[0].place, "speed in x.csv");
    }

    #[test]
    fn pairs_that_name_no_signal_are_told_with_the_nearest_one() {
        let pairs = ["vibration_dee=line/x".to_owned(), "speed".to_owned()];
        let problems = Routes::of_pairs(&contract(), &pairs).unwrap_err();
        assert_eq!(problems.0.len(), 2);
        assert!(problems.0[0].hint.contains("vibration_de"), "{problems}");
    }

    fn site(deployments: &str) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        let text = format!(
            "[site]\nname = \"x\"\n[[place]]\npath = \"line\"\nname = \"Line\"\nlevel = \"line\"\n\
             [[place]]\npath = \"line-2\"\nname = \"Line 2\"\nlevel = \"line\"\n{deployments}"
        );
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn refused(deployments: &str, name: Option<&str>) -> Problems {
        Routes::of_deployment(&contract(), site(deployments).path(), name).unwrap_err()
    }

    #[test]
    fn a_deployment_has_to_be_there_and_named_among_several_and_fit_the_bundle() {
        let one = "[[deployment]]\nname = \"a\"\nplace = \"line\"\nbundle = \"x.tar\"\nmap = {}\n";
        let two = format!("{one}{}", one.replace("\"a\"", "\"b\"").replace("\"line\"", "\"line-2\""));
        assert_eq!(refused("", None).0[0].code, "deployment.missing");
        assert!(refused(&two, None).0[0].what.contains("a, b"));
        assert_eq!(refused(&two, Some("c")).0[0].code, "deployment.unknown");
        let unmapped = refused(one, None);
        assert_eq!(unmapped.0.len(), contract().signals.len(), "{unmapped}");
        assert!(unmapped.0.iter().all(|problem| problem.code == "mapping.missing"), "{unmapped}");
    }

    #[test]
    fn the_own_names_of_signals_are_left_to_tags_of_that_name() {
        let contract = contract();
        let signal = |name: &str| contract.signals.iter().position(|one| one.name == name).unwrap();
        let routes = Routes::of_pairs(&contract, &["motor_current=speed".to_owned()]).unwrap();
        assert_eq!(routes.of("speed"), [Target { place: 0, signal: signal("motor_current") }]);
        assert_eq!(routes.of("motor_current"), [Target { place: 0, signal: signal("motor_current") }]);
    }
}
