//! Why an act or a request was not done.

super::sentences! {
    SESSION_WRONG: "session.wrong" = "Name or password is wrong.";
    SESSION_WRONG_CODE: "session.wrong-code" = "This code does not work, or not any more.", hint "A code works once and for an hour. Ask for a new one.";
    SESSION_TOO_MANY: "session.too-many" = "Too many wrong tries.", hint "Try again in {wait_ms}.";
    SESSION_INCOMPLETE: "session.incomplete" = "Give a name with its password, or a code.";
    FIRST_RUN_DONE: "first-run.done" = "This edge has an owner already.", hint "Sign in, or ask the owner for an account.";
    FIRST_RUN_WRONG_CODE: "first-run.wrong-code" = "This is not the set-up code.", hint "The edge prints it when it starts, and `lastmile doctor` shows it.";
    ACCOUNT_BAD_ROLE: "account.bad-role" = "An account can only be an owner for now.", hint "A line terminal is enrolled, not added as an account.";
    ACCOUNT_TAKEN: "account.name-taken" = "There is an account `{name}` already.";
    ACCOUNT_UNKNOWN: "account.unknown" = "There is no account `{name}`.";
    ACCOUNT_BAD_NAME: "account.bad-name" = "`{name}` can't be a name: it needs 1 to {most} letters, digits, `-`, `_` or `.`.";
    DEPLOYMENT_BAD_NAME: "deployment.bad-name" = "`{name}` can't be a name: it needs 1 to {most} letters, digits, `-`, `_` or `.`.";
    TERMINAL_BAD_NAME: "terminal.bad-name" = "`{name}` can't be a name: it needs 1 to {most} letters, digits, `-`, `_` or `.`.";
    TERMINAL_TAKEN: "terminal.name-taken" = "The terminal `{name}` stands at {place}.";
    PASSWORD_SHORT: "password.too-short" = "The password has {length} characters; it needs at least {least}.", hint "Four words in a row are easy to keep.";
    PASSWORD_LONG: "password.too-long" = "The password has {length} characters; at most {most} are taken.";
    NO_REASON: "act.no-reason" = "Say why: `{act}` goes into the record with a reason.", hint "One line is enough. Switching off never asks for one.";
    REASON_LONG: "act.reason-too-long" = "The reason is longer than {most} characters.";
    CHANGED_MEANWHILE: "site.changed-meanwhile" = "Somebody changed the configuration after you read it.", hint "Read it again, then apply again.";
    PLACE_UNKNOWN: "place.unknown" = "There is no place `{place}`.";
    TAG_UNKNOWN: "tag.unknown" = "There is no tag `{name}`.";
    ADVISORY_UNKNOWN: "advisory.unknown" = "There is no advisory `{name}`.";
    VARIABLE_UNKNOWN: "variable.unknown" = "There is no local variable `{name}`.";
    VARIABLE_NOT_OPENED: "variable.not-opened" = "The local variable `{name}` is not opened to the outlet `{outlet}`.", hint "Write `write = true` at its register in site.toml.";
    VARIABLE_TYPE: "variable.wrong-type" = "`{value}` is no value of type {wanted}.";
    VARIABLE_OPTION: "variable.not-an-option" = "`{value}` is not one of its values.", hint "It takes {options}.";
    VARIABLE_RANGE: "variable.out-of-range" = "`{value}` is outside {low} to {high}.";

    DEPLOYMENT_UNKNOWN: "deployment.unknown" = "There is no deployment `{name}`.";
    DEPLOYMENT_THERE: "deployment.duplicate" = "There is a deployment `{name}` already.", hint "Change it, or take another name.";
    DEPLOYMENT_CHANGED: "deployment.changed-meanwhile" = "`{name}` is at revision {revision} by now.", hint "Look at it again, then change it again.";
    DEPLOYMENT_MODE: "deployment.mode-not-here" = "The mode `{mode}` needs a write guard, and there is none yet.", hint "`off`, `watch` and `advise` are there.";
    DEPLOYMENT_SAME_OUTPUT: "deployment.same-output" = "`{other}` runs the model {model} at {place} already.", why "Both would write the same prediction tags.";
    DEPLOYMENT_NO_PLACE: "deployment.no-place" = "It has no place.", hint "Say where it should run.";
    DEPLOYMENT_NOWHERE: "deployment.unknown-place" = "There is no place `{place}`.";
    DEPLOYMENT_TWICE: "deployment.same-place" = "It is at {place} twice.";
    TUNABLE_UNKNOWN: "tunable.unknown" = "The model has no tunable `{name}`.", hint "It has: {known}.";
    TUNABLE_LIMITS: "tunable.outside-limits" = "`{name}` is {value}; its limits are {low} to {high}.";
    BUNDLE_UNKNOWN: "bundle.unknown" = "There is no bundle `{name}` on this edge.", hint "Add it first.";
    BUNDLE_UNSIGNED: "bundle.unsigned" = "The bundle {bundle} {version} is not signed.", hint "Until signatures are built, set `accept_unsigned = true` under [site].";
    BUNDLE_A_FILE: "bundle.not-here" = "The bundle `{bundle}` is a file; here only bundles on this edge are known.", hint "`lastmile apply` brings the file first and puts its digest in.";
    BUNDLE_NOT_SENT: "bundle.not-sent" = "A document is applied with bundles that are on this edge.", hint "Add the bundles first. Their contracts alone are enough for a dry run.";
    BUNDLE_LARGE: "bundle.too-large" = "A bundle's file is at most 1 GiB long.";
    BROKEN_OFF: "request.broken-off" = "The file broke off.";

    DISK_FULL: "disk.full" = "The disk is full: nothing can be changed.", hint "Make room on this disk. Switching off, acknowledging and signing in still work.";
    DATABASE: "state.database" = "The database failed.", hint "`lastmile doctor` looks at the disk and the data folder.";
    STORED: "state.stored" = "{what}", hint "`lastmile doctor` looks at the disk and the data folder.";
    STATE_FILE: "state.file" = "The file could not be used.", hint "`lastmile doctor` looks at the disk and the data folder.";
    TOO_SLOW: "request.too-slow" = "There was no answer within {after_ms}.";
    TOO_LARGE: "request.too-large" = "The body is too large.";
    OTHER_HOST: "request.other-host" = "This edge does not answer as `{host}`.", why "Plain HTTP is served on this machine alone.", hint "Open http://127.0.0.1 with the edge's port, or use an SSH tunnel.";
    TREND_RANGE: "trend.range" = "A trend needs a beginning before its end, and 2 to 5000 buckets.";
    EXPORT_RANGE: "export.range" = "An export needs a beginning before its end.";
    TOO_MANY_TAGS: "request.tags" = "Name 1 to {most} tags, separated by commas; these are {count}.";
    LIST_LONG: "request.too-many-tags" = "These are {count} tags; at most {most} are checked at once.";
    TOO_MANY_ADDRESSES: "request.addresses" = "These are {count} addresses; at most {most} are read at once.";
    ROLE_NOT_HERE: "role.not-here" = "This is a hub; it has no {path}.", hint "Ask the edge at the site. A hub answers `lastmile hub …`.";
    NO_ROOM: "live.no-room" = "Too many pages are open at once.", hint "Close some, or wait a little.";
}
