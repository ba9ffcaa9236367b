//! The way from an edge to its hub, as the edge sees it.

super::sentences! {
    NONE: "uplink.none" = "This edge has no hub; it works by itself.";
    NO_CODE: "uplink.no-code" = "This box is not enrolled at the hub yet, and has no code to ask with.", hint "Make a claim on the hub and start this edge once with `--claim CODE`.";
    ASKING: "uplink.asking" = "Asks the hub to be enrolled.";
    WAITS: "uplink.waits" = "Waits for approval at the hub. Its key is {fingerprint}.", hint "Somebody at the hub compares these sixteen characters and approves.";
    CONNECTING: "uplink.connecting" = "Connecting to the hub.";
    CONNECTED: "uplink.connected" = "The hub has everything that is recorded here.";
    BEHIND: "uplink.behind" = "Connected; {records} records are on their way to the hub.";
    AWAY: "uplink.away" = "Nothing reaches the hub: {why}", hint "Everything goes on here, and what is recorded is kept for the hub.";

    HUB_URL: "hub.url" = "`{url}` is not the address of a hub: {why}.", hint "Write `https://hub.example.com`, or `https://hub.example.com:8443`. Plain `http` is for a hub on this computer only.";
    HUB_CA: "hub.ca" = "The certificates in `{file}` can't be used: {why}.", hint "It must be a PEM file that this user may read.";
    HUB_CLAIM: "hub.claim" = "`{code}` is no code of a claim: {why}.";
    HUB_NO_URL: "hub.no-url" = "A code or certificates were given, and no hub.", hint "Say which hub: `--hub https://…`.";
    KEY_UNUSABLE: "edge.key" = "This box's key can't be read or made: {why}.", hint "Without it this box is unknown to the hub. If the file is lost for good, remove it and enrol this box again.";
    MEMBERSHIP_DAMAGED: "edge.membership-damaged" = "What this edge keeps about its hub is damaged: {why}.", hint "Nothing goes to the hub and nothing is lost. Restore the file from a backup, or begin again with `--hub none` and a new claim.";
    MEMBERSHIP_UNWRITABLE: "edge.membership-unwritable" = "What this edge has to keep about its hub can't be written: {why}.", hint "Check the disk and the permissions of the data folder. It is tried again by itself.";
    READ_FAILED: "uplink.read-failed" = "Records for the hub can't be read here: {why}.";

    HUB_NAME: "hub.unknown-name" = "The name {host} can't be resolved: {why}.", hint "Check the name, and which name server this box uses.";
    HUB_UNREACHABLE: "hub.unreachable" = "No connection to {host}: {why}.", hint "Check cable, route and firewall; this box calls out to that port.";
    HUB_SILENT: "hub.silent" = "{host} did not answer within {after_ms}.", hint "It may be busy, or something in between swallows what passes.";
    HUB_PROXY: "hub.proxy" = "The proxy {proxy} did not let this box through to {host}: {why}.", hint "Ask whoever runs the proxy, or leave it out with NO_PROXY.";
    HUB_UNTRUSTED: "hub.untrusted" = "The certificate of {host} was signed by nobody whom this box trusts.", hint "Give the certificate of who signed it: `--hub-ca FILE`. A proxy that opens encrypted traffic signs, too.";
    HUB_OTHER_NAME: "hub.other-name" = "The certificate of {host} is for another name.", hint "Use the name that stands in it, or have one made for this name.";
    HUB_CERTIFICATE_OLD: "hub.certificate-time" = "The certificate of {host} has run out, or is not valid yet.", hint "Have it renewed, and look at this box's clock.";
    HUB_TLS: "hub.no-tls" = "No encrypted connection to {host} came about: {why}.", hint "Check that the hub serves https on this port.";
    HUB_BROKE: "hub.broke" = "The connection to {host} broke off: {why}.", hint "It is made again by itself.";
    HUB_NONSENSE: "hub.nonsense" = "What answers at {host} does not speak as a hub: {why}.", hint "Check the address, and whether a proxy or a sign-in page stands in between.";
    HUB_BUSY: "hub.quiet" = "The hub asks for quiet (status {status}).", hint "This box waits and goes on by itself.";
}
