//! An entry as one plain sentence, without its subject: "switched pump-7-bearing off (was advising)".

use serde_json::Value;

use super::entry::Entry;

/// What was done, in words. `name_of` turns a reference (`account:…`) into what people call it.
pub fn words(entry: &Entry, name_of: &dyn Fn(&str) -> String) -> String {
    let to = |key: &str| text(entry.to.as_ref(), key);
    let from = |key: &str| text(entry.from.as_ref(), key);
    let account = || name_of(&format!("account:{}", to("account")));
    match entry.act.as_str() {
        "first-owner" => format!("set this edge up and made the first owner, {}", account()),
        "add-account" => format!("added the account {} ({})", account(), to("role")),
        "set-password" => format!("set the password of {}", account()),
        "make-login-code" => format!("made a one-time log-in for {}", account()),
        "sign-in" => "signed in".to_owned(),
        "sign-out" => "signed out".to_owned(),
        "change-site" => differences(entry.to.as_ref()),
        "add-bundle" => format!("added the bundle {} {}", to("name"), to("version")),
        "deploy" => {
            format!("deployed {} {} as {}, {}", to("model"), to("version"), to("deployment"), mode(&to("mode")))
        }
        "change-deployment" => format!("changed {}: {}", to("deployment"), differences(entry.to.as_ref())),
        "set-mode" if to("mode") == "off" => format!("switched {} off (was {})", to("deployment"), mode(&from("mode"))),
        "set-mode" => format!("set {} to {} (was {})", to("deployment"), mode(&to("mode")), mode(&from("mode"))),
        "remove-deployment" => format!("removed {} {} ({})", from("model"), from("version"), from("deployment")),
        "acknowledge" => format!("acknowledged the advice of {}", to("deployment")),
        "set-variable" => match from("value").as_str() {
            "" => format!("set {} to {}", to("variable"), to("value")),
            before => format!("set {} from {before} to {}", to("variable"), to("value")),
        },
        "enrol-terminal" => format!("made the line terminal {}", to("name")),
        other => other.to_owned(),
    }
}

/// The ladder as people read it.
fn mode(mode: &str) -> &str {
    match mode {
        "off" => "off",
        "watch" => "watching",
        "advise" => "advising",
        "ask" => "asks first",
        "write" => "writing",
        other => other,
    }
}

fn text(value: Option<&Value>, key: &str) -> String {
    match value.and_then(|value| value.get(key)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn differences(to: Option<&Value>) -> String {
    let lines = to.and_then(|to| to.get("differences")).and_then(Value::as_array);
    let lines: Vec<&str> = lines.into_iter().flatten().filter_map(Value::as_str).collect();
    match lines.as_slice() {
        [] => "changed the configuration".to_owned(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}
