//! An entry as one plain sentence, without its subject: "switched pump-7-bearing off (was advising)".

use domain::said::change as said;
use domain::{Arg, Said};
use serde_json::Value;

use super::entry::Entry;

/// What was done. `name_of` turns a reference (`account:…`) into what people call it.
pub fn said(entry: &Entry, name_of: &dyn Fn(&str) -> String) -> Said {
    let to = |key: &str| text(entry.to.as_ref(), key);
    let from = |key: &str| text(entry.from.as_ref(), key);
    let account = || ("account", Arg::from(name_of(&format!("account:{}", to("account")))));
    let now = |name: &'static str, key: &str| (name, Arg::from(to(key)));
    let before = |name: &'static str, key: &str| (name, Arg::from(from(key)));
    match entry.act.as_str() {
        "first-owner" => said::FIRST_OWNER.say([account()]),
        "add-account" => said::ADD_ACCOUNT.say([account(), now("role", "role")]),
        "set-password" => said::SET_PASSWORD.say([account()]),
        "make-login-code" => said::MAKE_LOGIN_CODE.say([account()]),
        "sign-in" => said::SIGN_IN.plain(),
        "sign-out" => said::SIGN_OUT.plain(),
        "change-site" => differences(entry.to.as_ref()),
        "add-bundle" => said::ADD_BUNDLE.say([now("bundle", "name"), now("version", "version")]),
        "deploy" => said::DEPLOY.say([
            now("model", "model"),
            now("version", "version"),
            now("deployment", "deployment"),
            ("mode", mode(&to("mode")).into()),
        ]),
        "change-deployment" => said::CHANGE_DEPLOYMENT
            .say([now("deployment", "deployment"), ("what", differences(entry.to.as_ref()).into())]),
        "set-mode" if to("mode") == "off" => {
            said::SWITCH_OFF.say([now("deployment", "deployment"), ("was", mode(&from("mode")).into())])
        }
        "set-mode" => said::SET_MODE.say([
            now("deployment", "deployment"),
            ("mode", mode(&to("mode")).into()),
            ("was", mode(&from("mode")).into()),
        ]),
        "remove-deployment" => said::REMOVE_DEPLOYMENT.say([
            before("model", "model"),
            before("version", "version"),
            before("deployment", "deployment"),
        ]),
        "acknowledge" => said::ACKNOWLEDGE.say([now("deployment", "deployment")]),
        "set-variable" if from("value").is_empty() => {
            said::SET_VARIABLE.say([now("variable", "variable"), now("value", "value")])
        }
        "set-variable" => {
            said::SET_VARIABLE_FROM.say([now("variable", "variable"), before("before", "value"), now("value", "value")])
        }
        "claim" => said::CLAIM.say([now("place", "place")]),
        "approve-box" => said::APPROVE_BOX.say([now("fingerprint", "fingerprint"), now("place", "place")]),
        "decline-box" => said::DECLINE_BOX.say([before("fingerprint", "fingerprint"), before("place", "place")]),
        "revoke-key" => said::REVOKE_KEY.say([now("fingerprint", "fingerprint"), now("place", "place")]),
        "choose-box" => said::CHOOSE_BOX.say([now("epoch", "epoch"), now("place", "place")]),
        "enrol-terminal" => said::ENROL_TERMINAL.say([now("terminal", "name")]),
        "write-backup" if to("history") == "true" => said::WRITE_BACKUP_HISTORY.plain(),
        "write-backup" => said::WRITE_BACKUP.plain(),
        "restore" => crate::backup::said_of(entry),
        "read-notice" => said::READ_NOTICE.plain(),
        other => said::OTHER.say([("act", other.into())]),
    }
}

/// The ladder as people read it.
fn mode(mode: &str) -> Said {
    match mode {
        "off" => said::OFF.plain(),
        "watch" => said::WATCHING.plain(),
        "advise" => said::ADVISING.plain(),
        "ask" => said::ASKS_FIRST.plain(),
        "write" => said::WRITING.plain(),
        other => said::NO_MODE.say([("mode", other.into())]),
    }
}

fn text(value: Option<&Value>, key: &str) -> String {
    match value.and_then(|value| value.get(key)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// What differs, as the configuration said it when it was changed: in English.
fn differences(to: Option<&Value>) -> Said {
    let lines = to.and_then(|to| to.get("differences")).and_then(Value::as_array);
    let lines: Vec<&str> = lines.into_iter().flatten().filter_map(Value::as_str).collect();
    match lines.as_slice() {
        [] => said::CONFIGURATION.plain(),
        [one] => said::DIFFERENCE.say([("difference", (*one).into())]),
        [first, rest @ ..] => said::DIFFERENCES.say([("difference", (*first).into()), ("count", rest.len().into())]),
    }
}
