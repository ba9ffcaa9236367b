//! The address of a hub: `https://host[:port]`, or plain `http` on this computer.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::Problem;
use domain::said::uplink as said;
use hyper::Uri;

/// Where a hub is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HubAddress {
    /// Encrypted: everywhere but on this computer.
    pub tls: bool,
    /// A name, or an address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl HubAddress {
    /// Host and port, as requests and people name it; the usual port is left out.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for HubAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

impl FromStr for HubAddress {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let bad = |why: &str| said::HUB_URL.problem("--hub", [("url", text.into()), ("why", why.into())]);
        let uri: Uri = text.trim().parse().map_err(|_| bad("it is no URL"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad("it does not begin with `https://`")),
        };
        let authority = uri.authority().map(hyper::http::uri::Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return Err(bad("it holds a user, and a hub knows a box by its key"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(bad("there is more behind host and port"));
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(bad("it names no host"));
        }
        let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if !tls && !is_loopback {
            return Err(bad("plain `http` leaves this computer"));
        }
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_said_as_it_was_typed() {
        for text in [
            "https://hub.example.com",
            "https://hub.example.com:8443",
            "https://10.0.0.1",
            "https://[fe80::1]:444",
            "http://127.0.0.1:7450",
            "http://[::1]:7450",
            "http://localhost",
        ] {
            assert_eq!(text.parse::<HubAddress>().unwrap().to_string(), text);
            assert_eq!(format!("{text}/").parse::<HubAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_of_a_hub_is_refused_in_words() {
        for text in [
            "",
            "hub",
            "ftp://hub",
            "https://",
            "https://hub/path",
            "https://hub?x=1",
            "https://a:b@hub",
            "http://hub.example.com",
            "http://10.0.0.1:7450",
        ] {
            assert_eq!(text.parse::<HubAddress>().unwrap_err().code, "hub.url", "{text}");
        }
    }
}
