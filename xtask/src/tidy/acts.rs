//! One way to change anything: every handler of a changing route calls the one `act` function, or is on a short list.

use super::{Finding, SourceFile, Tree};

const ROUTES: &str = "crates/server/src/routes/";
/// One act, or all the acts that make the configuration be a document: both end in the same function.
const THE_WAY: [&str; 2] = [".act(", "state.apply("];
const CHANGING: [&str; 4] = ["post", "put", "patch", "delete"];

/// Handlers of changing methods that change nothing that a person would have to answer for, each with the reason.
const REVIEWED: [(&str, &str); 6] = [
    ("test_device", "reads a device while it is typed, keeps nothing"),
    ("read_device", "reads addresses now, keeps nothing"),
    ("import_tags", "reads a text as tags, keeps nothing"),
    ("check_tags", "judges tags that would be saved, keeps nothing"),
    ("suggest_map", "compares names, units and ranges, keeps nothing"),
    ("check_deployment", "judges what would be deployed, keeps nothing"),
];

pub(super) fn through_act(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.starts_with(ROUTES) && !file.is_test()) {
        for handler in changing_handlers(file) {
            let reviewed = REVIEWED.iter().any(|(name, _)| *name == handler.name);
            if !reviewed && !THE_WAY.iter().any(|call| handler.body.contains(call)) {
                let what = format!(
                    "`{}` answers {} without calling `.act(`: a change goes through the one Act function",
                    handler.name, handler.method
                );
                findings.push(Finding::new(&file.path, handler.line, what));
            }
        }
    }
    findings
}

struct Handler {
    name: String,
    method: &'static str,
    line: usize,
    body: String,
}

/// Functions below `#[utoipa::path(post, …)]`, and functions named in `post(name)` of a hand-made route.
fn changing_handlers(file: &SourceFile) -> Vec<Handler> {
    let mut handlers = Vec::new();
    let lines: Vec<&str> = file.lines_without_tests().map(|(_, line)| line).collect();
    let mut method = None;
    let mut in_attribute = false;
    for (index, line) in lines.iter().enumerate() {
        let word = line.trim();
        if word.starts_with("#[utoipa::path(") {
            in_attribute = true;
            method = None;
        }
        if in_attribute {
            method = method.or_else(|| CHANGING.into_iter().find(|name| says_method(word, name)));
            in_attribute = !word.ends_with(")]");
        }
        let Some(name) = function_name(word) else { continue };
        let routed = CHANGING.into_iter().find(|method| file.text.contains(&format!("{method}({name})")));
        if let Some(method) = method.take().or(routed) {
            handlers.push(Handler { name: name.to_owned(), method, line: index + 1, body: body(&lines, index) });
        }
    }
    handlers
}

/// `#[utoipa::path(post, …` or a line `post,` or `method(post)` within the attribute.
fn says_method(line: &str, method: &str) -> bool {
    line.split(['(', ')', ',', ' ']).any(|word| word == method)
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub(super) ")).unwrap_or(line);
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let name = line.strip_prefix("fn ")?;
    name.split(['(', '<']).next()
}

/// From the head of a function to the brace that closes it at the same depth as its head.
fn body(lines: &[&str], head: usize) -> String {
    let indent = lines.get(head).map_or(0, |line| line.len() - line.trim_start().len());
    let end = format!("{}}}", " ".repeat(indent));
    let mut text = String::new();
    for line in lines.iter().skip(head) {
        text.push_str(line);
        text.push('\n');
        if *line == end {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Finding> {
        through_act(&Tree::of(&[("crates/server/src/routes/mode.rs", text)]))
    }

    const HANDLER: &str = "\
#[utoipa::path(
    post,
    path = \"/deployments/{name}/mode\",
    responses((status = 200)),
)]
async fn set_mode(state: State) -> Answer {
    BODY
}

#[utoipa::path(get, path = \"/deployments\")]
async fn list(state: State) -> Answer {
    state.all().await
}
";

    #[test]
    fn a_changing_handler_that_goes_round_act_is_found() {
        let round = HANDLER.replace("BODY", "state.sql.execute(\"update deployment\").await");
        let findings = found(&round);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings.first().map(|finding| finding.line), Some(6));
        assert!(found(&HANDLER.replace("BODY", "state.act(&actor, act).await")).is_empty());
    }

    #[test]
    fn a_call_in_the_next_function_does_not_count() {
        let text = "fn routes() -> Router {\n    route(\"/x\", put(change))\n}\nasync fn change() {\n    x();\n}\nfn other() {\n    s.act();\n}\n";
        assert_eq!(found(text).len(), 1);
    }
}
