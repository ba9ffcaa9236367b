//! What must hold in a contract, all problems at once.

mod conditions;
mod decision;
mod inputs;
mod outputs;

use std::collections::{BTreeSet, HashMap};

use config::near::did_you_mean;
use config::reading::{At, Finding, Findings, Reading};
use config::{Document, TimeSpan};
use domain::{Problems, Value};

use crate::contract::{Contract, Signal, SignalType, Words};

/// Reads contract.toml and checks it; all problems at once, with places such as `contract.toml:12:8`.
///
/// `file_name` is what those places call the file.
pub fn check_contract(text: &str, file_name: &str) -> Result<Contract, Problems> {
    let (contract, problems) = read_contract(text, file_name)?;
    problems.into_result(contract)
}

/// The contract as far as it could be read, and what is wrong with it.
pub(crate) fn read_contract(text: &str, file_name: &str) -> Result<(Contract, Problems), Problems> {
    let document = Document::toml(text, file_name)?;
    let reading = Reading::new(&document, "contract");
    let contract = crate::read::contract(&reading);
    let checks = if document.has_syntax_errors() { Findings::default() } else { findings(&contract) };
    Ok((contract, reading.finish(checks)))
}

/// Checks a contract that is already one; places are names such as `signal speed`. Empty when nothing is wrong.
pub fn check_model(contract: &Contract) -> Problems {
    findings(contract).into_problems()
}

fn findings(contract: &Contract) -> Findings {
    let mut check = Check { contract, findings: Findings::default() };
    check_head(&mut check);
    inputs::check(&mut check);
    outputs::check(&mut check);
    conditions::check(&mut check);
    decision::check(&mut check);
    outputs::check_tunables(&mut check);
    check_use(&mut check);
    check.findings
}

/// A check under way.
struct Check<'a> {
    contract: &'a Contract,
    findings: Findings,
}

impl<'a> Check<'a> {
    fn note(
        &mut self,
        at: At,
        thing: &str,
        code: &str,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> &mut Finding {
        self.findings.note(at, thing, code, what).hint(hint)
    }

    /// Whether anything was found for this cause.
    fn found(&self, cause: &str) -> bool {
        self.findings.0.iter().any(|finding| finding.problem.code.ends_with(cause))
    }

    /// Names of a list: each is one, and none is there twice.
    fn names(&mut self, list: &'static str, names: impl Iterator<Item = &'a String>) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, name) in names.enumerate() {
            let (at, thing) = (At::item(list, index).key("name"), format!("{list} {name}"));
            if let Some(problem) = name_problem(name) {
                self.note(at.clone(), &thing, &format!("{list}.bad-name"), problem, NAME_HINT);
            }
            if let Some(first) = seen.insert(name, index).filter(|_| !name.is_empty()) {
                let what = format!("two {list}s are named `{name}`: number {} and number {}", first + 1, index + 1);
                self.note(
                    at,
                    &thing,
                    &format!("{list}.duplicate"),
                    what,
                    "give one of them another name, or remove it",
                );
            }
        }
    }

    /// Words for people: English is there, and nothing is empty.
    fn words(&mut self, at: &At, thing: &str, noun: &str, words: &Words) {
        if !words.contains_key("en") {
            let what = format!("{thing} has no English text");
            let why = "it is shown where a language is missing";
            self.note(at.clone(), thing, &format!("{noun}.no-english"), what, "add en = \"...\"").why(why);
        }
        for (language, _) in words.iter().filter(|(_, text)| text.trim().is_empty()) {
            let what = format!("the text of {thing} in `{language}` is empty");
            self.note(at.key(language), thing, &format!("{noun}.empty-text"), what, "write it, or remove the language");
        }
    }

    /// The signal of that name, or a finding.
    fn signal(&mut self, at: At, thing: &str, code: &str, name: &str) -> Option<&'a Signal> {
        let found = self.contract.signal(name);
        if found.is_none() {
            let what = format!("{thing} names the signal `{name}`, which does not exist");
            let names = self.contract.signals.iter().map(|signal| signal.name.as_str());
            let hint = did_you_mean(name, names, "add a [[signal]] of that name, or write one that is there");
            self.note(at, thing, code, what, hint).looked_for("signal");
        }
        found
    }

    /// A pair of numbers, the first one lower.
    fn pair(&mut self, at: At, thing: &str, code: &str, key: &str, [low, high]: [f64; 2]) {
        if !(low < high && low.is_finite() && high.is_finite()) {
            let what = format!("`{key}` of {thing} goes from {low} to {high}: there is nothing between");
            self.note(at, thing, code, what, format!("write the lower number first: {key} = [0.0, 25.0]"));
        }
    }

    /// A value that a signal can never have.
    fn value(&mut self, at: At, thing: &str, code: &str, signal: &Signal, value: &Value) {
        if !fits(signal.signal_type, value) {
            let what = format!(
                "{thing} waits for `{value}`, but the signal `{}` is {}",
                signal.name,
                type_words(signal.signal_type)
            );
            self.note(at, thing, code, what, "write a value of that type, or correct the signal's `type`");
        }
    }
}

/// Whether a signal of this type can be this value. Numbers serve as yes or no when they are 0 or 1.
fn fits(signal_type: SignalType, value: &Value) -> bool {
    match signal_type {
        SignalType::Number => matches!(value, Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Bool(_)),
        SignalType::Bool => matches!(value, Value::Bool(_) | Value::I64(0 | 1)),
        SignalType::Text => matches!(value, Value::Text(_)),
    }
}

fn type_words(signal_type: SignalType) -> &'static str {
    match signal_type {
        SignalType::Number => "a number",
        SignalType::Bool => "true or false",
        SignalType::Text => "a text",
    }
}

const NAME_HINT: &str = "write letters, digits, `-`, `_` and `.`, beginning with a letter or digit: \"vibration_de\"";

/// Why a name is none. Names become parts of tags, topics and files.
fn name_problem(name: &str) -> Option<String> {
    const MAX_BYTES: usize = 64;
    if name.is_empty() {
        return Some("a name is empty".to_owned());
    }
    if name.len() > MAX_BYTES {
        return Some(format!("a name has at most {MAX_BYTES} bytes, this one has {}", name.len()));
    }
    if let Some(wrong) = name.chars().find(|c| !c.is_alphanumeric() && !"-_.".contains(*c)) {
        return Some(format!("`{wrong}` in the name `{name}` is not allowed"));
    }
    let first = name.chars().next().filter(|c| !c.is_alphanumeric())?;
    Some(format!("the name `{name}` begins with `{first}`"))
}

fn check_head(check: &mut Check<'_>) {
    let contract = check.contract;
    let root = At::root();
    if contract.format != 1 {
        let what = format!("the contract has the format {}, and this version reads format 1", contract.format);
        check.note(
            root.key("format"),
            "contract",
            "contract.unknown-format",
            what,
            "write format = 1, or use a newer lastmile",
        );
    }
    if let Some(problem) = name_problem(&contract.name) {
        check.note(
            root.key("name"),
            "contract",
            "contract.bad-name",
            problem,
            "write a short name: name = \"pump-bearing\"",
        );
    }
    if !is_version(&contract.version) {
        let what = format!("`{}` is not a version", contract.version);
        check.note(
            root.key("version"),
            "contract",
            "contract.bad-version",
            what,
            "write three numbers: version = \"1.0.0\"",
        );
    }
    check.words(&root.key("title"), "the bundle's title", "contract", &contract.title);
    if !contract.about.is_empty() {
        check.words(&root.key("about"), "`about`", "contract", &contract.about);
    }
    let golden = contract.golden.as_ref().map(|golden| (root.key("golden").key("file"), "golden", &golden.file));
    for (at, thing, file) in [(root.key("model"), "contract", &contract.model)].into_iter().chain(golden) {
        if let Some(problem) = file_problem(file) {
            check.note(
                at,
                thing,
                "contract.bad-file-name",
                problem,
                "write the name of a file beside contract.toml: \"model.onnx\"",
            );
        }
    }
    if contract.golden.as_ref().is_some_and(|golden| golden.file == contract.model) {
        let what = format!("`{}` is the model and the golden data", contract.model);
        check.note(
            root.key("golden").key("file"),
            "golden",
            "golden.same-file",
            what,
            "golden data is a file of its own: \"golden.json\"",
        );
    }
}

/// `1.0.0`, with `-rc.1` and `+build` allowed after it (semver.org 2.0.0).
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| part.parse::<u32>().is_ok_and(|number| number.to_string() == **part);
    let rest = text.get(core.len()..).unwrap_or_default();
    let plain = rest.chars().all(|c| c.is_ascii_alphanumeric() || "-+.".contains(c)) && rest != "-" && rest != "+";
    parts.len() == 3 && parts.iter().all(number) && plain && text.len() <= 64
}

/// Files of a bundle lie side by side and have plain names: nothing in them leads elsewhere.
pub(crate) fn file_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a file name is empty".to_owned());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.len() > 100 || name.starts_with('.') || !name.chars().all(plain) {
        return Some(format!("`{name}` is not a plain file name (letters, digits, `-`, `_`, `.`)"));
    }
    (name == "contract.toml").then(|| "contract.toml is the contract itself".to_owned())
}

/// A signal that nothing uses would be mapped for nothing.
fn check_use(check: &mut Check<'_>) {
    let contract = check.contract;
    let used = used_signals(contract);
    // a name with a slip in it is probably the use that is missing
    if check.found("unknown-signal") {
        return;
    }
    for (index, signal) in
        contract.signals.iter().enumerate().filter(|(_, signal)| !used.contains(signal.name.as_str()))
    {
        let what = format!("nothing uses the signal `{}`", signal.name);
        let hint = "use it in a feature, condition, trigger or key, or remove it: the plant would map it for nothing";
        check.note(At::item("signal", index), &format!("signal {}", signal.name), "signal.unused", what, hint);
    }
}

fn used_signals(contract: &Contract) -> BTreeSet<&str> {
    use crate::contract::{Layout, Role, TriggerKind};
    let trigger: Vec<&String> = match &contract.trigger.start {
        TriggerKind::Every { .. } => Vec::new(),
        TriggerKind::Scan { signal } | TriggerKind::Edge { signal, .. } => vec![signal],
        TriggerKind::Between { start, stop } => vec![&start.signal, &stop.signal],
    };
    let whole_window = contract.tensor.layout == Layout::Window;
    let inputs =
        contract.signals.iter().filter(|signal| whole_window && signal.role == Role::Input).map(|signal| &signal.name);
    let tests = contract.conditions.iter().flat_map(|condition| &condition.when).map(|test| &test.signal);
    let features = contract.features.iter().map(|feature| &feature.signal);
    let all = features.chain(inputs).chain(tests).chain(trigger).chain(contract.trigger.key.as_ref());
    all.map(String::as_str).collect()
}

/// A time of zero makes no sense here.
fn no_time(check: &mut Check<'_>, at: At, thing: &str, code: &str, key: &str, span: TimeSpan) -> bool {
    if span.is_zero() {
        check.note(at, thing, code, format!("`{key}` of {thing} is zero"), format!("write a time: {key} = \"1s\""));
    }
    span.is_zero()
}
