//! A reply that comes after everybody has given up waiting must never become the value of another address.

use std::time::Duration;

use anyhow::Result;
use domain::{Quality, Value};
use drivers::Limits;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_modbus::client::{Reader, rtu};
use tokio_modbus::slave::{Slave, SlaveContext};

use crate::modbus::{Rig, Transport};

const PATIENCE: Duration = Duration::from_millis(150);
const LATE: Duration = Duration::from_millis(700);

/// Reads addresses whose value is their own number, from two units, while every fifth reply is late. Whatever is read
/// with good quality has to be right; and enough has to be read for a driver that mixes up replies to be caught.
async fn never_wrong(transport: Transport) -> Result<()> {
    let rig = Rig::start(transport, &[]).await?;
    rig.link.delay_each(5, LATE);
    let limits = Limits { timeout: PATIENCE, ..Limits::default() };
    let mut driver = rig.url(1).open();
    let (mut good, mut late) = (0, 0);
    let begun = Instant::now();
    let mut at = 2000;
    while (good < 40 || late < 15) && begun.elapsed() < Duration::from_mins(1) {
        if !driver.is_connected() {
            driver.connect(Duration::from_secs(5)).await?;
        }
        at += 1;
        let unit = if at % 3 == 0 { 7 } else { 1 };
        let base = if unit == 7 { 20_000 } else { 0 };
        let mut group = rig.url(unit).plan(&[format!("holding:{at}")], &limits).group;
        match driver.read(&mut group).await {
            Ok(readings) => {
                assert_eq!(readings[0].quality, Quality::GOOD);
                assert_eq!(readings[0].value, Some(Value::U64(base + at)), "{transport:?} after {late} late replies");
                good += 1;
            }
            Err(error) => {
                assert_eq!(error.reconnect(), !driver.is_connected());
                late += 1;
            }
        }
    }
    assert!(good >= 40 && late >= 15, "{transport:?}: only {good} good and {late} late ones");
    Ok(())
}

#[tokio::test]
async fn a_late_reply_never_becomes_a_wrong_value_on_tcp() -> Result<()> {
    never_wrong(Transport::Tcp).await
}

#[tokio::test]
async fn a_late_reply_never_becomes_a_wrong_value_on_rtu_over_tcp() -> Result<()> {
    never_wrong(Transport::RtuOverTcp).await
}

#[tokio::test]
async fn a_late_reply_never_becomes_a_wrong_value_on_a_serial_line() -> Result<()> {
    never_wrong(Transport::Serial).await
}

/// Shows that the test above can fail: a client that goes on after a time-out takes one answer for another.
#[tokio::test]
async fn a_naive_client_is_fooled_by_the_same_link() -> Result<()> {
    let rig = Rig::start(Transport::RtuOverTcp, &[]).await?;
    rig.link.delay_each(5, LATE);
    let mut client = rtu::attach(TcpStream::connect(rig.link.addr()).await?);
    client.set_slave(Slave(1));
    let mut wrong = 0;
    for at in 2000..2060 {
        if let Ok(Ok(Ok(words))) = timeout(PATIENCE, client.read_holding_registers(at, 1)).await {
            wrong += usize::from(words != [at]);
        }
    }
    assert!(wrong > 0, "the link is not nasty enough");
    Ok(())
}
