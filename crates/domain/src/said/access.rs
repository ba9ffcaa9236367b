//! Refusals: what somebody may not do, why not, and who has to.

super::sentences! {
    REFUSED: "access.refused" = "You can't {action}: {reason}.";
    NOBODY_THERE: "session.missing" = "You can't {action}: nobody is signed in here. Sign in first.";
    HAS_TO: "access.has-to" = "{role} has to";
    ELSEWHERE: "access.elsewhere" = "this terminal belongs to {place}";
    OWNER: "role.owner" = "an owner";
    OWNER_OR_TERMINAL: "role.owner-or-terminal" = "an owner or a line terminal of this place";

    HEALTH: "may.health" = "see whether this edge is well";
    SIGN_IN: "may.sign-in" = "sign in";
    FIRST_RUN: "may.first-run" = "set this edge up";
    SIGN_OUT: "may.sign-out" = "sign out";
    SEE: "may.see" = "see this";
    EXPORT_HISTORY: "may.export-history" = "take samples out of history";
    TEST_DEVICE: "may.test-device" = "test this device";
    CONFIGURE: "may.configure" = "change devices and tags";
    MANAGE_ACCOUNTS: "may.manage-accounts" = "manage accounts";
    SET_PASSWORD: "may.set-password" = "set this password";
    ENROL_TERMINAL: "may.enrol-terminal" = "make a line terminal";
    ADD_BUNDLE: "may.add-bundle" = "add a model";
    DEPLOY: "may.deploy" = "deploy this";
    SET_MODE: "may.set-mode" = "change how far this model may go";
    SWITCH_OFF: "may.switch-off" = "switch this model off";
    REMOVE_DEPLOYMENT: "may.remove-deployment" = "remove this model";
    ACKNOWLEDGE: "may.acknowledge" = "acknowledge this";
    WRITE_BACKUP: "may.write-backup" = "take a backup of this edge";
    RESTORE: "may.restore" = "restore this edge";
    READ_NOTICE: "may.read-notice" = "say that this notice was read";
    SET_VARIABLE: "may.set-variable" = "set this value";
    ENROL_EDGE: "may.enrol-edge" = "let boxes in here, or shut them out";
    CAUSE_FAULT: "may.cause-fault" = "cause a fault in the simulated plant";
}
