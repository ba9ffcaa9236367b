//! Between an edge and its hub: why something was not taken, and what a person must know.

super::sentences! {
    PARCEL_VERSION: "parcel.version" = "The parcel has version {version}; this program knows {known}.", hint "Update the older of the two.";
    PARCEL_DAMAGED: "parcel.damaged" = "The parcel was altered or cut on the way.", hint "It is sent again by itself. If this stays, something between edge and hub changes what passes.";
    PARCEL_TOO_LARGE: "parcel.too-large" = "The parcel holds more than {most_bytes}.";
    PARCEL_CONTENTS: "parcel.contents" = "The parcel contradicts itself: {what}.", hint "It was not taken. If this stays, the edge's program has a fault.";
    PARCEL_RECORD: "parcel.record" = "A record in the parcel can't be read: {why}.";
    PARCEL_GAP: "parcel.gap" = "Records of {stream} are missing: {expected} was expected, {first} came.", hint "The edge goes on from there by itself.";
    PARCEL_OVERLAP: "parcel.overlap" = "A part of these records of {stream} is here already: {expected} was expected, {first} came.", hint "The edge goes on from there by itself.";
    PARCEL_PARTED: "parcel.parted" = "At {at} of {stream} the edge has another record than the hub.", why "One of them was restored from a backup, or two boxes speak as this edge.", hint "The edge looks where they part and goes on from there by itself.";
    PARCEL_MEANING: "parcel.meaning" = "The hub was not told what group {group} of {stream} means.", hint "The edge tells it and sends again by itself.";
    OWED_TOO_MANY: "owed.too-many" = "{stream} owes {most} ranges already.", hint "It goes on in order until some are filled.";
    OWED_NOT_HERE: "owed.not-here" = "{stream} goes in order only; nothing of it can be owed.";
    EDGE_TURN: "edge.turn" = "This edge said hello again since (turn {newest}).", why "After a break an old request may still arrive; of two, only the newer is heard.";
    EDGE_EPOCH: "edge.epoch" = "These records are of a life of this edge's store that the hub takes nothing of.", why "The edge was restored from a backup, and a newer life has begun.";
    EDGE_OTHER: "edge.other" = "This is for another edge than the one that sent it.";
    EDGE_TWO_BOXES: "edge.two-boxes" = "Two boxes speak as this edge.", why "One is a copy of the other, or was restored twice. Both go on working; only the newer one's records are taken.", hint "Switch one off and enrol it as an edge of its own, or say on the hub which one is right.";
    EDGE_RESTORED: "edge.restored" = "This edge was restored from an older state.", why "What it recorded between that state and the restore is on the hub only, as far as it had been sent.", hint "Check what was changed in that time; the record of changes has a fork there.";
    HUB_WENT_BACK: "hub.went-back" = "The hub knows less than it had confirmed.", why "It was restored from an older backup.", hint "The edge sends again what it still has; the rest shows as a gap.";
    MESSAGE_KIND: "message.kind" = "This is a message of kind `{kind}`, not `{wanted}`.", hint "If it comes from a newer program, update this one.";
    MESSAGE_TOO_LARGE: "message.too-large" = "The message is larger than {most_bytes}.";
    MESSAGE_UNSIGNED: "message.unsigned" = "The message is not signed by the key {key}.", why "It was altered, or it comes from somebody else.";
    MESSAGE_UNREADABLE: "message.unreadable" = "The message can't be read: {why}.";
    HUB_UNKNOWN_REFUSAL: "hub.unknown-refusal" = "The hub refused for a reason that this program does not know.", hint "The hub is newer than this edge; update the edge.";

    DESIRED_OTHER_CONTENT: "desired.other-content" = "The content is not the one that document {number} names.", why "It was altered or cut on the way.", hint "It is fetched again by itself.";
    DESIRED_CONTENT: "desired.content" = "The document names something twice, or more than {most} things.";
    DESIRED_OLDER: "desired.older" = "Document {number} is older than {ours}, which this edge has.", why "An old one was sent again, or the hub was restored from a backup.", hint "Nothing changes here. If the hub was restored, begin a new life of it and agree to it at the site.";
    DESIRED_FORKED: "desired.forked" = "There are two different documents with the number {number}, or one does not follow from the one before.", why "The hub was restored from a backup, or two hubs speak as one.", hint "Nothing changes here. Begin a new life of the hub and agree to it at the site.";
    DESIRED_KIND: "desired.kind" = "This program does not know what a `{kind}` is.", hint "The hub is newer than this edge; update the edge.";
    HUB_NEW_LIFE: "hub.new-life" = "The hub began a new life.", why "It was restored from a backup, or it is another one.", hint "Somebody at the site has to agree before it decides anything here. Everything goes on as it is.";
    KEEP_TOO_MANY: "keep.too-many" = "More than {most} things can't be kept locally.";
    PROPOSAL_UNDER_OUTPUT: "proposal.under-output" = "This touches what an output that may write stands on.", hint "A controls engineer at the site accepts it; that switches the output's writing off.";
    PROPOSAL_OLD_BASE: "proposal.old-base" = "The configuration was changed here since this was proposed.", hint "Look at the differences and decide.";
    PROPOSAL_NEEDS_PERSON: "proposal.needs-person" = "{who} proposes a change; this site decides each one by itself.", hint "Look at the differences and decide.";
    ASK_FORKED: "ask.forked" = "There are two different asks with the number {seq}.", why "The hub was restored from a backup, or two hubs speak as one.", hint "Begin a new life of the hub and agree to it at the site.";
    ASK_GAP: "ask.gap" = "Ask {expected} was expected, {seq} came.", hint "The hub sends the missing ones by itself.";
    ASK_EXPIRED: "ask.expired" = "What {person} asked for came too late and was not done.", hint "Ask again if it is still wanted.";
    ASK_TOO_MANY: "ask.too-many" = "{most} asks wait for an answer of this edge already.";
    CLAIM_TOO_MANY: "claim.too-many" = "{most} are waiting already.", hint "Approve or decline some first.";
    CLAIM_AGAIN: "claim.again" = "This code is taken. Make another one.";
    CLAIM_WRONG: "claim.wrong" = "This code does not work, or not any more.", hint "Ask whoever made it for a new one. Each works once.";
    CLAIM_GUESSED: "claim.guessed" = "Too many wrong codes came in the last minutes.", hint "Try again in {wait_ms}.";
    CLAIM_NOBODY: "claim.nobody" = "No box with this key waits, or is known.";
    EDGE_STRANGER: "edge.stranger" = "The hub does not know this box.", hint "Enrol it: make a code on the hub and type it here.";
    EDGE_REVOKED: "edge.revoked" = "This box was shut out on the hub.", why "It goes on working here; the hub hears nothing of it any more.", hint "If it should come back, enrol it with a new key.";
    EDGE_EXPIRED: "edge.expired" = "The time of this box's key is over.", why "It goes on working, and keeps what it has for the hub.", hint "It has asked again by itself; somebody at the hub has to approve it.";
    REQUEST_BODY: "request.other-body" = "The body is not the one that was signed.", why "Something between edge and hub changed it.";
    REQUEST_SIGNATURE: "request.signature" = "The signature does not fit the request.", why "It was altered, or it comes from somebody else.";
    REQUEST_TIME: "request.wrong-time" = "The request's time is {off_ms} away from the hub's.", hint "The edge takes over the difference and sends again by itself. Its clock should be set.";
    REQUEST_REPLAYED: "request.replayed" = "This request was heard already.", why "It was recorded and sent again by something between edge and hub.";
    REQUEST_TOO_MANY: "request.too-many" = "Too many requests in the last minutes.", hint "Edges slow down by themselves.";
    WITNESS_TOO_MANY: "witness.too-many" = "More than {most} records can't be witnessed.";
    RECORD_SHORTENED: "record.shortened" = "The record ends before entry {number}, of which there is a signed checkpoint.", why "Entries were removed, or the box was restored from a backup without anybody saying so.";
    RECORD_FORKED: "record.forked" = "Entry {number} is not the one of which there is a signed checkpoint.", why "Entries were altered, or there are two boxes with one record.";
}
