//! Modbus against pymodbus, on TCP, RTU over TCP and a serial line.

use std::time::Duration;

use anyhow::{Context, Result};
use domain::{Quality, Value};
use drivers::{DeviceUrl, Limits, Reading, Scope};
use testkit::driver::{Device, conforms};
use testkit::{FaultyLink, Peer, Pty};
use tokio::time::Instant;

/// How the tests reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    RtuOverTcp,
    Serial,
}

impl Transport {
    pub(crate) const ALL: [Self; 3] = [Self::Tcp, Self::RtuOverTcp, Self::Serial];
}

/// pymodbus behind a faulty link, on a serial line behind a pseudo terminal.
pub(crate) struct Rig {
    pub(crate) link: FaultyLink,
    pub(crate) peer: Peer,
    pty: Option<Pty>,
    transport: Transport,
}

impl Rig {
    pub(crate) async fn start(transport: Transport, more: &[&str]) -> Result<Self> {
        let kind = if transport == Transport::Tcp { "tcp" } else { "rtu-tcp" };
        let peer = Peer::python("modbus/server.py", &[&[kind], more].concat()).await?;
        let link = FaultyLink::to(peer.addr()?).await?;
        let pty = if transport == Transport::Serial { Some(Pty::to_tcp(link.addr()).await?) } else { None };
        Ok(Self { link, peer, pty, transport })
    }

    pub(crate) fn url(&self, unit: u8) -> DeviceUrl {
        let addr = self.link.addr();
        let text = match (self.transport, &self.pty) {
            (Transport::Tcp, _) => format!("modbus-tcp://{addr}/{unit}"),
            (Transport::Serial, Some(pty)) => {
                format!("modbus-rtu://{}?baud=115200&parity=N&unit={unit}", pty.path().display())
            }
            _ => format!("modbus-rtu-tcp://{addr}/{unit}"),
        };
        text.parse().expect("a URL")
    }
}

async fn conformance(transport: Transport) -> Result<()> {
    let rig = Rig::start(transport, &[]).await?;
    let url = rig.url(1);
    let Rig { link, peer: _peer, pty: _pty, .. } = rig;
    conforms(Device {
        url,
        link,
        values: vec![
            ("holding:17".to_owned(), Value::U64(17)),
            ("40101".to_owned(), Value::U64(100)),
            ("input:3".to_owned(), Value::U64(10_003)),
            ("coil:1".to_owned(), Value::Bool(false)),
            ("discrete:3".to_owned(), Value::Bool(true)),
            ("holding:18:int32:cdab".to_owned(), Value::I64(0x0013_0012)),
        ],
        missing: "holding:4500".to_owned(),
        writable: ("holding:8010:float32:cdab".to_owned(), number(1.5), number(-0.375)),
        read_only: "input:3".to_owned(),
        cut_is_seen: transport != Transport::Serial,
    })
    .await;
    Ok(())
}

fn number(number: f64) -> Value {
    Value::from_f64(number).expect("a number")
}

#[tokio::test]
async fn modbus_tcp_conforms() -> Result<()> {
    conformance(Transport::Tcp).await
}

#[tokio::test]
async fn modbus_rtu_over_tcp_conforms() -> Result<()> {
    conformance(Transport::RtuOverTcp).await
}

#[tokio::test]
async fn modbus_rtu_conforms() -> Result<()> {
    conformance(Transport::Serial).await
}

#[tokio::test]
async fn every_type_and_word_order_reads_what_the_peer_packed() -> Result<()> {
    for transport in Transport::ALL {
        let rig = Rig::start(transport, &[]).await?;
        let expected = rig.peer.ready["expected"].as_object().context("the peer says what to expect")?.clone();
        let addresses: Vec<&String> = expected.keys().collect();
        let mut planned = rig.url(1).plan(&addresses, &Limits::default());
        assert_eq!(planned.problems, []);
        let mut driver = rig.url(1).open();
        driver.connect(Duration::from_secs(5)).await?;
        let readings = driver.read(&mut planned.group).await?;
        for (address, reading) in addresses.iter().zip(readings) {
            assert_eq!(reading.quality, Quality::GOOD, "{address} on {transport:?}");
            assert_eq!(serde_json::to_value(&reading.value)?, expected[*address], "{address} on {transport:?}");
        }
        assert!(expected.len() > 100, "{} addresses", expected.len());
    }
    Ok(())
}

#[tokio::test]
async fn every_type_that_can_be_written_is_read_back() -> Result<()> {
    let rig = Rig::start(Transport::Tcp, &[]).await?;
    let url = rig.url(1);
    let mut driver = url.open();
    driver.connect(Duration::from_secs(5)).await?;
    let text = Value::Text(domain::Text::new("Pump 7").context("short")?);
    for (address, value) in [
        ("coil:4", Value::Bool(false)),
        ("coil:5", Value::Bool(true)),
        ("holding:8000", Value::U64(65_535)),
        ("holding:8001:bit:5", Value::Bool(true)),
        ("holding:8001:bit:6", Value::Bool(true)),
        ("holding:8001:bit:5", Value::Bool(false)),
        ("holding:8002:int64:ghefcdab", Value::I64(i64::MIN)),
        ("holding:8006:float64:badc", number(-2.5)),
        ("holding:8010:string:8:ba", text),
        ("holding:8014:bcd32:dcba", Value::U64(98_765_432)),
    ] {
        let parsed = url.parse_address(address)?;
        let write = driver.write(url.unit(), &parsed, &value, Duration::from_secs(2)).await;
        write.with_context(|| format!("writing {address}"))?;
        let readings = driver.read(&mut url.plan(&[address], &Limits::default()).group).await?;
        assert_eq!(readings, [Reading::good(value)], "{address}");
    }
    let whole = driver.read(&mut url.plan(&["holding:8001"], &Limits::default()).group).await?;
    assert_eq!(whole, [Reading::good(Value::U64(1 << 6))], "a bit write leaves the other bits alone");
    Ok(())
}

#[tokio::test]
async fn a_wide_group_with_bad_addresses_reads_all_the_good_ones() -> Result<()> {
    let rig = Rig::start(Transport::Tcp, &[]).await?;
    // 4000 to 4999 do not exist; a plan that may read holes has to learn that
    let addresses: Vec<String> = (3900..4005).chain(4998..5003).map(|at| format!("holding:{at}")).collect();
    for holes in [0, 50] {
        let mut planned = rig.url(1).plan(&addresses, &Limits { holes, ..Limits::default() });
        let mut driver = rig.url(1).open();
        driver.connect(Duration::from_secs(5)).await?;
        for _ in 0..3 {
            driver.read(&mut planned.group).await?;
        }
        let before = rig.link.replies();
        let readings = driver.read(&mut planned.group).await?;
        assert!(rig.link.replies() - before < 12, "what was learned is kept");
        for (at, reading) in (3900..4005).chain(4998..5003).zip(readings) {
            let exists = !(4000..5000).contains(&at);
            assert_eq!(reading.quality == Quality::GOOD, exists, "holding:{at} {reading:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_peer_says_who_it_is() -> Result<()> {
    for transport in Transport::ALL {
        let rig = Rig::start(transport, &[]).await?;
        let mut driver = rig.url(1).open();
        driver.connect(Duration::from_secs(5)).await?;
        let identity = driver.identify(rig.url(1).unit(), Duration::from_secs(2)).await?;
        assert_eq!((identity.vendor.as_deref(), identity.product.as_deref()), (Some("pymodbus"), Some("PEER")));
    }
    Ok(())
}

#[tokio::test]
async fn a_dead_unit_costs_one_time_out_and_its_neighbours_read_on() -> Result<()> {
    let patience = Duration::from_secs(1);
    let limits = Limits { timeout: patience, ..Limits::default() };
    for transport in Transport::ALL {
        let rig = Rig::start(transport, &["--silent-strangers"]).await?;
        let mut driver = rig.url(1).open();
        driver.connect(Duration::from_secs(5)).await?;
        let mut alive = rig.url(7).plan(&["holding:5"], &limits).group;
        let mut dead = rig.url(9).plan(&["holding:5", "input:9", "coil:1"], &limits).group;
        for _ in 0..3 {
            let begun = Instant::now();
            let error = driver.read(&mut dead).await.expect_err("nobody is there");
            let took = begun.elapsed();
            assert_eq!(error.scope(), Scope::Unit, "{error}");
            assert!(took < patience * 2, "one time-out on {transport:?}, not {took:?}");
            if error.reconnect() {
                driver.connect(Duration::from_secs(5)).await?;
            }
            assert_eq!(driver.read(&mut alive).await?, [Reading::good(Value::U64(20_005))], "{transport:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_unit_that_a_gateway_cannot_reach_leaves_the_connection_alone() -> Result<()> {
    let rig = Rig::start(Transport::Tcp, &[]).await?;
    let mut driver = rig.url(1).open();
    driver.connect(Duration::from_secs(5)).await?;
    let error = driver.read(&mut rig.url(9).plan(&["holding:5"], &Limits::default()).group).await;
    let error = error.expect_err("the gateway says so");
    assert_eq!((error.scope(), error.reconnect()), (Scope::Unit, false), "{error}");
    assert!(driver.is_connected());
    Ok(())
}

#[tokio::test]
async fn a_pause_between_requests_is_kept() -> Result<()> {
    let rig = Rig::start(Transport::Tcp, &[]).await?;
    let limits = Limits::default().with_requests_per_second(20.0);
    let mut planned = rig.url(1).plan(&["holding:5", "holding:7", "holding:9", "holding:11"], &limits);
    let mut driver = rig.url(1).open();
    driver.connect(Duration::from_secs(5)).await?;
    let begun = Instant::now();
    driver.read(&mut planned.group).await?;
    assert!(begun.elapsed() >= Duration::from_millis(150), "four requests take three pauses: {:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_host_that_is_not_there_and_a_port_that_is_closed_say_so() -> Result<()> {
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut driver = format!("modbus-tcp://{free}/1").parse::<DeviceUrl>()?.open();
    let error = driver.connect(Duration::from_secs(5)).await.expect_err("nothing listens there");
    assert_eq!((error.code(), error.scope()), ("device.connect-failed", Scope::Line));
    assert!(error.problem("plc-2").hint.contains("nothing listens"), "{}", error.problem("plc-2"));
    let mut serial = "modbus-rtu:///dev/no-such-port".parse::<DeviceUrl>()?.open();
    let error = serial.connect(Duration::from_secs(5)).await.expect_err("there is no such port");
    assert_eq!(error.code(), "device.connect-failed");
    Ok(())
}
