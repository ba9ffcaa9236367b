//! Entries of the record, without their subject: "switched pump-7-bearing off (was advising)".

super::sentences! {
    FIRST_OWNER: "change.first-owner" = "set this edge up and made the first owner, {account}";
    ADD_ACCOUNT: "change.add-account" = "added the account {account} ({role})";
    SET_PASSWORD: "change.set-password" = "set the password of {account}";
    MAKE_LOGIN_CODE: "change.make-login-code" = "made a one-time log-in for {account}";
    SIGN_IN: "change.sign-in" = "signed in";
    SIGN_OUT: "change.sign-out" = "signed out";
    CONFIGURATION: "change.configuration" = "changed the configuration";
    DIFFERENCE: "change.difference" = "{difference}";
    DIFFERENCES: "change.differences" = "{difference}, and {count} more";
    ADD_BUNDLE: "change.add-bundle" = "added the bundle {bundle} {version}";
    DEPLOY: "change.deploy" = "deployed {model} {version} as {deployment}, {mode}";
    CHANGE_DEPLOYMENT: "change.change-deployment" = "changed {deployment}: {what}";
    SWITCH_OFF: "change.switch-off" = "switched {deployment} off (was {was})";
    SET_MODE: "change.set-mode" = "set {deployment} to {mode} (was {was})";
    REMOVE_DEPLOYMENT: "change.remove-deployment" = "removed {model} {version} ({deployment})";
    ACKNOWLEDGE: "change.acknowledge" = "acknowledged the advice of {deployment}";
    SET_VARIABLE: "change.set-variable" = "set {variable} to {value}";
    SET_VARIABLE_FROM: "change.set-variable-from" = "set {variable} from {before} to {value}";
    ENROL_TERMINAL: "change.enrol-terminal" = "made the line terminal {terminal}";
    CLAIM: "change.claim" = "made a claim for {place}";
    APPROVE_BOX: "change.approve-box" = "let the box with the key {fingerprint} in as the edge of {place}";
    DECLINE_BOX: "change.decline-box" = "said no to the box with the key {fingerprint}, which wanted {place}";
    REVOKE_KEY: "change.revoke-key" = "shut out the box with the key {fingerprint}, the edge of {place}";
    CHOOSE_BOX: "change.choose-box" = "said that of two boxes of {place} the one in life {epoch} is the right one";
    WRITE_BACKUP: "change.write-backup" = "gave out a backup without history";
    WRITE_BACKUP_HISTORY: "change.write-backup-history" = "gave out a backup with history";
    RESTORE: "change.restore" = "restored this edge from a backup of {made}";
    RESTORE_LOWERED: "change.restore-lowered" = "restored this edge from a backup of {made}; lowered {deployments}";
    READ_NOTICE: "change.read-notice" = "has read that this edge was restored";
    OTHER: "change.other" = "{act}";
    OFF: "mode.off" = "off";
    WATCHING: "mode.watching" = "watching";
    ADVISING: "mode.advising" = "advising";
    ASKS_FIRST: "mode.asks-first" = "asks first";
    WRITING: "mode.writing" = "writing";
    NO_MODE: "mode.other" = "{mode}";
}
