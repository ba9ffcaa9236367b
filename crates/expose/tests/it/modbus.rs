//! The Modbus server against our own driver and against a client that nobody here wrote.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::Value;
use drivers::modbus::Table;
use drivers::{DeviceUrl, Limits};
use expose::modbus::{Framing, Identity, Image, MAX_CONNECTIONS, ModbusServer, UnitImage};
use testkit::driver::{Device, conforms};
use testkit::{FaultyLink, Peer, Pty};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_serial::SerialPortBuilderExt;

/// Unit 1: holding[i] = i up to 99, of which 50 to 59 can be written; input[i] = 1000 + i; coils even, of which 10 to
/// 19 can be written; discretes are multiples of 3.
fn image() -> Arc<Image> {
    let mut unit = UnitImage::new();
    unit.set_words(Table::Holding, 0, &(0..100).collect::<Vec<u16>>());
    unit.set_words(Table::Input, 0, &(1000..1100).collect::<Vec<u16>>());
    unit.set_bits(Table::Coil, 0, &(0..100).map(|at| at % 2 == 0).collect::<Vec<bool>>());
    unit.set_bits(Table::Discrete, 0, &(0..100).map(|at| at % 3 == 0).collect::<Vec<bool>>());
    unit.allow_words(50, 10);
    unit.allow_bits(10, 10);
    unit.identity = Some(Identity { vendor: "lastmile".into(), product: "TEST".into(), version: "1.0".into() });
    Arc::new(Image::new([(1, unit)]))
}

async fn server(framing: Framing) -> Result<(ModbusServer, FaultyLink)> {
    let server = ModbusServer::start(([127, 0, 0, 1], 0).into(), framing, image()).await?;
    let addr = server.addr().expect("a TCP server has an address");
    Ok((server, FaultyLink::to(addr).await?))
}

#[tokio::test]
async fn our_driver_conforms_against_our_server_on_both_framings() -> Result<()> {
    for (framing, scheme) in [(Framing::Tcp, "modbus-tcp"), (Framing::Rtu, "modbus-rtu-tcp")] {
        let (server, link) = server(framing).await?;
        conforms(Device {
            url: format!("{scheme}://{}/1", link.addr()).parse()?,
            link,
            values: vec![
                ("holding:17".to_owned(), Value::U64(17)),
                ("input:3".to_owned(), Value::U64(1003)),
                ("discrete:3".to_owned(), Value::Bool(true)),
            ],
            missing: "holding:4500".to_owned(),
            writable: ("holding:50:int32:cdab".to_owned(), Value::I64(-5), Value::I64(70_000)),
            read_only: "holding:17".to_owned(),
            cut_is_seen: true,
        })
        .await;
        server.shutdown().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_client_nobody_here_wrote_gets_what_the_specification_says() -> Result<()> {
    for (framing, kind) in [(Framing::Tcp, "tcp"), (Framing::Rtu, "rtu-tcp")] {
        let (_server, link) = server(framing).await?;
        let peer = Peer::python("modbus/client.py", &[kind, &link.addr().port().to_string()]).await?;
        assert_eq!(peer.ready["failed"], serde_json::json!([]), "{kind}: {}", peer.ready);
        assert!(peer.ready["passed"].as_u64() >= Some(15), "{}", peer.ready);
    }
    Ok(())
}

#[tokio::test]
async fn a_server_on_a_serial_port_is_read_over_the_cable() -> Result<()> {
    let cable = Pty::cable().await?;
    let port = tokio_serial::new(cable.far_path().display().to_string(), 115_200).open_native_async()?;
    let server = ModbusServer::serve_port(port, image());
    assert_eq!(server.addr(), None);
    let url: DeviceUrl = format!("modbus-rtu://{}?baud=115200&parity=N&unit=1", cable.path().display()).parse()?;
    let mut driver = url.open();
    driver.connect(Duration::from_secs(5)).await?;
    let mut group = url.plan(&["holding:17", "input:3", "coil:4", "holding:4500"], &Limits::default()).group;
    for _ in 0..20 {
        let values: Vec<_> = driver.read(&mut group).await?.into_iter().map(|reading| reading.value).collect();
        assert_eq!(values, [Some(Value::U64(17)), Some(Value::U64(1003)), Some(Value::Bool(true)), None]);
    }
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn masters_beyond_the_limit_are_turned_away() -> Result<()> {
    let server = ModbusServer::start(([127, 0, 0, 1], 0).into(), Framing::Tcp, image()).await?;
    let addr = server.addr().expect("a TCP server has an address");
    let mut masters = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        masters.push(TcpStream::connect(addr).await?);
    }
    let mut one_too_many = TcpStream::connect(addr).await?;
    assert_eq!(one_too_many.read(&mut [0]).await?, 0, "it is closed at once");
    server.shutdown().await;
    assert!(TcpStream::connect(addr).await.is_err(), "after a shutdown nothing listens");
    Ok(())
}
