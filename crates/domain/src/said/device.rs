//! Devices: how they are, what fails on the way to them, what a test finds.

super::sentences! {
    // how it is
    BEING_REACHED: "device.being-reached" = "Being reached.";
    STARTING: "device.starting" = "Starting.";
    CANNOT_START: "device.cannot-start" = "Cannot start: {why}.";
    PARTLY: "device.partly" = "{bad} of its tags give no value.";
    SILENT: "device.silent" = "{device} has not answered for {since_ms}: {why}. {next}";
    NEVER_ANSWERED: "device.never-answered" = "{device} has not answered for {since_ms}: {why}. It has never answered yet. {next}";
    NEXT_TRY: "device.next-try" = "Trying again, at most {wait_ms} apart.";
    WITH_WHY: "device.with-why" = "{what}: {why}";

    // what fails on the way
    NOT_CONNECTED: "device.not-connected" = "not connected to {endpoint}";
    CONNECT_FAILED: "device.connect-failed" = "cannot connect to {endpoint}", hint "{advice}";
    CONNECT_TIMED_OUT: "device.connect-timed-out" = "no connection to {endpoint} within {after_ms}", hint "check the address, the cable and whether a firewall drops the port";
    TIMED_OUT: "device.timed-out" = "unit {unit} at {endpoint} gave no answer within {after_ms}", hint "check that the unit number is right and that the unit is powered; slow units need a longer timeout";
    LINK_LOST: "device.link-lost" = "the connection to {endpoint} broke", hint "{advice}";
    BAD_REPLY: "device.bad-reply" = "unit {unit} at {endpoint} sent a reply that does not fit the request: {detail}", hint "check that no second master uses the same line and that the URL names the right protocol";
    UNIT_UNREACHABLE: "device.unit-unreachable" = "the gateway at {endpoint} cannot reach unit {unit}: {reason}", hint "check the unit number and the wiring behind the gateway";
    REFUSED: "device.refused" = "unit {unit} at {endpoint} refuses {what}: {reason}";
    NOT_WRITABLE: "address.not-writable" = "cannot write {address}: {why}";
    NOTHING_LISTENS: "connect.nothing-listens" = "the host is there but nothing listens on this port; is the service on, is the port right?";
    NO_PORT: "connect.no-serial-port" = "there is no such serial port here";
    NO_PERMISSION: "connect.no-permission" = "this user may not open the port; on Linux add it to the group dialout";
    NO_ROUTE: "connect.no-route" = "there is no way to this address; check cable, network card and route";
    NO_POWER: "connect.no-power" = "check the cable and whether the device still has power";
    BUSY: "device.busy" = "the device is busy: other readings wait already", hint "try again in a few seconds";
    UNKNOWN: "device.unknown" = "There is no device `{name}` here.", hint "See the list of devices.";
    NOT_RUNNING: "device.not-running" = "It is configured but does not run yet.", hint "Try again in a second.";

    // its requests
    REGISTERS: "request.registers" = "{table} {from} to {to} (function {function}, {count} registers)";
    BITS: "request.bits" = "{table} {from} to {to} (function {function}, {count} bits)";

    // what a test finds
    REACHABLE: "test.reachable" = "Reachable";
    SHARED_LINE: "test.shared-line" = "this edge reads this line already; asked between two scans";
    NOT_TRIED: "test.not-tried" = "Not tried";
    NOT_ASKED_AGAIN: "test.not-asked-again" = "not asked again";
    CONNECTION_GONE: "test.connection-gone" = "the connection is gone";
    NO_ADDRESS: "test.no-address" = "no address yet";
    SAYS_NOT_WHO: "test.says-not-who" = "It answers, but does not say who it is";
    MANY_DO_NOT: "test.many-do-not" = "many devices do not";
    WHO_UNKNOWN: "test.who-unknown" = "It does not say who it is";
    WHO: "test.who" = "It is {who}";
    VERSION: "test.version" = "version {version}";
    FAST_ENOUGH: "test.fast-enough" = "Fast enough";
    READS: "test.reads" = "{count} tags in {requests} reads, 1 connection";
    TOO_SLOW: "test.too-slow" = "Too slow for a scan every {period_ms}: one takes {took_ms}";
    ALL_VALUES: "test.all-values" = "{count} tags give values";
    SOME_VALUES: "test.some-values" = "{bad} of {count} tags give no value";
}
