//! Outlets: how the ways are by which tags leave the edge.

super::sentences! {
    CONNECTING: "outlet.connecting" = "Connecting.";
    CONNECTED: "outlet.connected" = "Connected for {since_ms}.";
    ANSWERS: "outlet.answers" = "Has been answering for {since_ms}.";
    CANNOT_START: "outlet.cannot-start" = "Cannot start: {why}.";
    SILENT: "outlet.silent" = "Does not answer: {why}.";
    AWAY: "outlet.away" = "Not connected: {why}. Last tried {since_ms} ago.";
}
