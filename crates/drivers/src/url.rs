//! Device URLs: what a person writes to say which device, and the registry of protocols.
//!
//! `modbus-tcp://10.20.2.17:502/1`, `modbus-rtu-tcp://gateway:4001/7`,
//! `modbus-rtu:///dev/ttyS0?baud=19200&parity=N&stop=1&unit=1`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::{Problem, Problems};

use crate::driver::{Address, AddressProblem, Driver, Limits, Planned, ReadGroup, Unit};
use crate::modbus;

/// Which device, by which protocol, over which line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DeviceUrl {
    /// `modbus-tcp://host:502/UNIT`
    ModbusTcp(TcpGateway),
    /// `modbus-rtu-tcp://host:port/UNIT`: serial frames in a TCP stream, as plain serial servers send them.
    ModbusRtuTcp(TcpGateway),
    /// `modbus-rtu:///dev/ttyS0?baud=19200&parity=N&stop=1&unit=1`
    ModbusRtu(SerialLine),
}

/// A host and the unit behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TcpGateway {
    /// Name or address, an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Unit behind it.
    pub unit: Unit,
}

/// A serial port, how it is set, and the unit on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SerialLine {
    /// `/dev/ttyS0`
    pub path: String,
    /// Bits a second.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
    /// Stop bits: 1 or 2.
    pub stop_bits: u8,
    /// Unit on the line.
    pub unit: Unit,
}

/// The parity bit of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parity {
    /// `N`
    None,
    /// `E`, what the Modbus specification asks for unless told otherwise
    Even,
    /// `O`
    Odd,
}

/// What devices have to share: the same serial port or the same gateway. One task owns one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey(String);

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DeviceUrl {
    /// All protocols, as they begin a URL.
    pub const SCHEMES: [&'static str; 3] = ["modbus-tcp", "modbus-rtu-tcp", "modbus-rtu"];

    /// The protocol's name as it begins the URL.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::ModbusTcp(_) => "modbus-tcp",
            Self::ModbusRtuTcp(_) => "modbus-rtu-tcp",
            Self::ModbusRtu(_) => "modbus-rtu",
        }
    }

    /// Which unit behind the line.
    pub fn unit(&self) -> Unit {
        match self {
            Self::ModbusTcp(gateway) | Self::ModbusRtuTcp(gateway) => gateway.unit,
            Self::ModbusRtu(line) => line.unit,
        }
    }

    /// Host and port, or the serial port: what people see and errors name.
    pub fn endpoint(&self) -> String {
        match self {
            Self::ModbusTcp(gateway) | Self::ModbusRtuTcp(gateway) => gateway.to_string(),
            Self::ModbusRtu(line) => line.path.clone(),
        }
    }

    /// The shared line: devices with the same key go through one connection and one task.
    pub fn line_key(&self) -> LineKey {
        LineKey(format!("{}:{}", self.scheme(), self.endpoint()))
    }

    /// The two URLs name the same line but set it differently, which one port cannot do.
    pub fn conflict_with(&self, other: &Self) -> Option<Problem> {
        let (Self::ModbusRtu(mine), Self::ModbusRtu(theirs)) = (self, other) else { return None };
        let same = mine.path == theirs.path;
        let agree = mine.baud == theirs.baud && mine.parity == theirs.parity && mine.stop_bits == theirs.stop_bits;
        (same && !agree).then(|| {
            Problem::new(
                "url.line-conflict",
                self.to_string(),
                format!("`{other}` sets the same serial port differently"),
            )
            .why("a port has one baud rate, one parity and one number of stop bits")
            .hint("give all devices on this port the same settings")
        })
    }

    /// Whether this can only be a device on this very machine: a loopback address. A name counts only if it is
    /// `localhost`; a serial port never counts, because whatever hangs on it is real.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::ModbusTcp(gateway) | Self::ModbusRtuTcp(gateway) => {
                gateway.host == "localhost" || gateway.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            Self::ModbusRtu(_) => false,
        }
    }

    /// Reads an address in this protocol's own grammar.
    pub fn parse_address(&self, text: &str) -> Result<Address, Problem> {
        match self {
            Self::ModbusTcp(_) | Self::ModbusRtuTcp(_) | Self::ModbusRtu(_) => text.parse().map(Address::Modbus),
        }
    }

    /// Prepares the reading of many addresses of this URL's unit. Wrong addresses keep their place and read as bad.
    pub fn plan<S: AsRef<str>>(&self, addresses: &[S], limits: &Limits) -> Planned {
        let mut problems = Vec::new();
        let mut parsed = Vec::with_capacity(addresses.len());
        for (index, text) in addresses.iter().enumerate() {
            match self.parse_address(text.as_ref()).and_then(|address| Self::fits_a_block(address, limits)) {
                Ok(address) => parsed.push(Some(address)),
                Err(problem) => {
                    problems.push(AddressProblem { index, problem });
                    parsed.push(None);
                }
            }
        }
        Planned { group: self.plan_parsed(&parsed, limits), addresses: parsed, problems }
    }

    /// A value is never read in two pieces: it would be torn when the device changes it in between.
    fn fits_a_block(address: Address, limits: &Limits) -> Result<Address, Problem> {
        let Address::Modbus(modbus) = &address;
        if modbus.kind.count() <= limits.max_block.max(1) {
            return Ok(address);
        }
        let what =
            format!("it takes {} registers, the device gives {} at a time", modbus.kind.count(), limits.max_block);
        Err(Problem::new("address.too-wide", address.to_string(), what)
            .why("a value read in two pieces could be torn")
            .hint("raise `max_block` of the device if it can do more"))
    }

    /// Like [`DeviceUrl::plan`] for addresses that have been understood already.
    pub fn plan_parsed(&self, addresses: &[Option<Address>], limits: &Limits) -> ReadGroup {
        match self {
            Self::ModbusTcp(_) | Self::ModbusRtuTcp(_) | Self::ModbusRtu(_) => {
                let modbus = addresses.iter().map(|address| address.as_ref().map(|Address::Modbus(address)| *address));
                ReadGroup::Modbus(modbus::ReadPlan::new(self.unit(), modbus, limits))
            }
        }
    }

    /// A driver for this URL's line, not yet connected.
    pub fn open(&self) -> Box<dyn Driver> {
        match self {
            Self::ModbusTcp(_) | Self::ModbusRtuTcp(_) | Self::ModbusRtu(_) => {
                Box::new(modbus::ModbusDriver::new(self.clone()))
            }
        }
    }
}

impl fmt::Display for TcpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Parity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "N",
            Self::Even => "E",
            Self::Odd => "O",
        })
    }
}

impl fmt::Display for DeviceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModbusTcp(gateway) | Self::ModbusRtuTcp(gateway) => {
                write!(f, "{}://{gateway}/{}", self.scheme(), gateway.unit)
            }
            Self::ModbusRtu(SerialLine { path, baud, parity, stop_bits, unit }) => {
                write!(f, "modbus-rtu://{path}?baud={baud}&parity={parity}&stop={stop_bits}&unit={unit}")
            }
        }
    }
}

impl FromStr for DeviceUrl {
    type Err = Problems;

    fn from_str(text: &str) -> Result<Self, Problems> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(problem(text, "this is no device URL")
                .hint("write it like `modbus-tcp://10.20.2.17:502/1`")
                .into());
        };
        match scheme {
            "modbus-tcp" => tcp_gateway(text, rest, Some(502)).map(Self::ModbusTcp),
            "modbus-rtu-tcp" => tcp_gateway(text, rest, None).map(Self::ModbusRtuTcp),
            "modbus-rtu" => serial_line(text, rest).map(Self::ModbusRtu),
            _ => Err(Problem::new("url.unknown-scheme", text, format!("there is no driver for `{scheme}`"))
                .hint(format!("the protocols are: {}", Self::SCHEMES.join(", ")))
                .into()),
        }
    }
}

fn problem(url: &str, what: impl Into<String>) -> Problem {
    Problem::new("url.malformed", url, what)
}

/// `host:port/unit`, with all problems at once.
fn tcp_gateway(url: &str, rest: &str, default_port: Option<u16>) -> Result<TcpGateway, Problems> {
    let mut problems = Problems::default();
    if let Some((_, query)) = rest.split_once('?') {
        problems
            .push(problem(url, format!("`?{query}` means nothing here")).hint("such settings belong to serial lines"));
    }
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, unit) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        problems.push(problem(url, "Modbus has no user names and passwords").hint("take out everything up to the `@`"));
    }
    let (host, port) = split_port(authority);
    if host.is_empty() {
        problems.push(problem(url, "the host is missing").hint("write it like `modbus-tcp://10.20.2.17:502/1`"));
    }
    if let Some(wrong) = host.chars().find(|c| !c.is_ascii_alphanumeric() && !"-._:%".contains(*c)) {
        problems.push(problem(url, format!("`{wrong}` cannot be part of a host name")));
    }
    let port = match port.map(str::parse::<u16>) {
        Some(Ok(port)) if port > 0 => port,
        None if default_port.is_some() => default_port.unwrap_or_default(),
        None => {
            problems
                .push(problem(url, "the port is missing").hint("serial servers have no usual port; 4001 is common"));
            0
        }
        Some(_) => {
            problems
                .push(problem(url, format!("`{}` is no port", port.unwrap_or_default())).hint("ports are 1 to 65535"));
            0
        }
    };
    let unit = parse_unit(url, unit.trim_end_matches('/'), 0, &mut problems);
    problems.into_result(TcpGateway { host: host.to_owned(), port, unit })
}

/// Host and port of `host`, `host:port`, `[v6]` and `[v6]:port`.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(inner) = authority.strip_prefix('[') {
        let (host, after) = inner.split_once(']').unwrap_or((inner, ""));
        return (host, after.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

/// `/dev/ttyS0?baud=…`, with all problems at once.
fn serial_line(url: &str, rest: &str) -> Result<SerialLine, Problems> {
    let mut problems = Problems::default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut line =
        SerialLine { path: path.to_owned(), baud: 19_200, parity: Parity::Even, stop_bits: 1, unit: Unit(1) };
    if !path.starts_with('/') && !path.starts_with("COM") {
        problems.push(
            problem(url, "the serial port is missing")
                .hint("write it like `modbus-rtu:///dev/ttyS0?baud=19200&unit=1`"),
        );
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (key, value) {
            ("baud", text) => match text.parse() {
                Ok(baud) if (50..=4_000_000).contains(&baud) => line.baud = baud,
                _ => problems.push(problem(url, format!("`{text}` is no baud rate")).hint("9600 and 19200 are usual")),
            },
            ("parity", "N" | "n") => line.parity = Parity::None,
            ("parity", "E" | "e") => line.parity = Parity::Even,
            ("parity", "O" | "o") => line.parity = Parity::Odd,
            ("parity", text) => problems.push(problem(url, format!("`{text}` is no parity")).hint("use N, E or O")),
            ("stop", "1") => line.stop_bits = 1,
            ("stop", "2") => line.stop_bits = 2,
            ("stop", text) => {
                problems.push(problem(url, format!("`{text}` stop bits do not exist")).hint("use 1 or 2"));
            }
            ("unit", text) => line.unit = parse_unit(url, text, 1, &mut problems),
            _ => problems.push(
                problem(url, format!("`{key}` is no setting of a serial line"))
                    .hint("the settings are baud, parity, stop and unit"),
            ),
        }
    }
    problems.into_result(line)
}

/// A unit number from `lowest` on; unit 1 when nothing is written. On serial lines 0 is the broadcast, which nobody answers.
fn parse_unit(url: &str, text: &str, lowest: u8, problems: &mut Problems) -> Unit {
    if text.is_empty() {
        return Unit(1);
    }
    match text.parse::<u8>() {
        Ok(unit) if unit >= lowest => Unit(unit),
        _ => {
            problems.push(
                problem(url, format!("`{text}` is no unit")).hint(format!("units are {lowest} to 255, mostly 1")),
            );
            Unit(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> DeviceUrl {
        text.parse().unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn what_is_left_out_gets_the_usual_value() {
        assert_eq!(parse("modbus-tcp://plc").to_string(), "modbus-tcp://plc:502/1");
        assert_eq!(parse("modbus-tcp://[::1]:1502/7").to_string(), "modbus-tcp://[::1]:1502/7");
        assert_eq!(
            parse("modbus-rtu:///dev/ttyS0").to_string(),
            "modbus-rtu:///dev/ttyS0?baud=19200&parity=E&stop=1&unit=1"
        );
    }

    #[test]
    fn all_problems_of_a_url_come_at_once() {
        let problems = "modbus-rtu:ttyS0".parse::<DeviceUrl>().unwrap_err();
        assert_eq!(problems.0[0].code, "url.malformed");
        let problems = "modbus-rtu://ttyS0?baud=fast&parity=X&stop=3&unit=0&speed=1".parse::<DeviceUrl>().unwrap_err();
        assert_eq!(problems.0.len(), 6, "{problems}");
        let problems = "modbus-rtu-tcp://:0/300?baud=1".parse::<DeviceUrl>().unwrap_err();
        assert_eq!(problems.0.len(), 4, "{problems}");
        assert!("opc.tcp://x".parse::<DeviceUrl>().unwrap_err().0[0].hint.contains("modbus-tcp"));
    }

    #[test]
    fn units_behind_one_gateway_share_a_line_and_other_ports_do_not() {
        assert_eq!(parse("modbus-tcp://gw/1").line_key(), parse("modbus-tcp://gw:502/7").line_key());
        assert_ne!(parse("modbus-tcp://gw/1").line_key(), parse("modbus-tcp://gw:503/1").line_key());
        assert_ne!(parse("modbus-tcp://gw:4001/1").line_key(), parse("modbus-rtu-tcp://gw:4001/1").line_key());
    }

    #[test]
    fn one_serial_port_cannot_be_set_in_two_ways() {
        let slow = parse("modbus-rtu:///dev/ttyS0?baud=9600&unit=1");
        let fast = parse("modbus-rtu:///dev/ttyS0?baud=19200&unit=2");
        assert!(slow.conflict_with(&fast).is_some());
        assert!(slow.conflict_with(&parse("modbus-rtu:///dev/ttyS0?baud=9600&unit=2")).is_none());
        assert!(slow.conflict_with(&parse("modbus-rtu:///dev/ttyS1?baud=19200&unit=2")).is_none());
    }

    #[test]
    fn only_loopback_is_loopback() {
        assert!(parse("modbus-tcp://127.0.0.1:1502/1").is_loopback());
        assert!(parse("modbus-rtu-tcp://[::1]:1502/1").is_loopback());
        assert!(parse("modbus-tcp://localhost/1").is_loopback());
        assert!(!parse("modbus-tcp://10.20.2.17/1").is_loopback());
        assert!(!parse("modbus-tcp://localhost.example.org/1").is_loopback());
        assert!(!parse("modbus-rtu:///dev/ttyS0").is_loopback());
    }

    proptest! {
        #[test]
        fn a_url_survives_being_written_and_read(host in "[a-z][a-z0-9.-]{0,20}", port in 1u16.., unit: u8) {
            for scheme in ["modbus-tcp", "modbus-rtu-tcp"] {
                let url = parse(&format!("{scheme}://{host}:{port}/{unit}"));
                prop_assert_eq!(&parse(&url.to_string()), &url);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            let _ = text.parse::<DeviceUrl>();
            let _ = format!("modbus-tcp://{text}").parse::<DeviceUrl>();
            let _ = format!("modbus-rtu://{text}").parse::<DeviceUrl>();
        }
    }
}
