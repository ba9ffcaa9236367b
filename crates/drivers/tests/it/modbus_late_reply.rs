//! A reply that is late or garbled must never become a value, least of all of another address.

use std::time::Duration;

use anyhow::Result;
use domain::{Quality, Value};
use drivers::modbus::crc;
use drivers::{DeviceUrl, Limits};
use testkit::FaultyLink;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_modbus::client::{Reader, rtu};
use tokio_modbus::slave::{Slave, SlaveContext};

use crate::modbus::{Rig, Transport};

const PATIENCE: Duration = Duration::from_millis(150);
const LATE: Duration = Duration::from_millis(700);

/// Reads addresses whose value is their own number, from two units, over a link with a fault. Whatever is read with
/// good quality has to be right; and enough has to be read for a driver that mixes up replies to be caught.
async fn never_wrong(transport: Transport, fault: impl Fn(&FaultyLink)) -> Result<()> {
    let rig = Rig::start(transport, &[]).await?;
    fault(&rig.link);
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

fn late(link: &FaultyLink) {
    link.delay_each(5, LATE);
}

#[tokio::test]
async fn a_late_reply_never_becomes_a_wrong_value_on_tcp() -> Result<()> {
    never_wrong(Transport::Tcp, late).await
}

#[tokio::test]
async fn a_late_reply_never_becomes_a_wrong_value_on_rtu_over_tcp() -> Result<()> {
    never_wrong(Transport::RtuOverTcp, late).await
}

#[tokio::test]
async fn a_late_reply_never_becomes_a_wrong_value_on_a_serial_line() -> Result<()> {
    never_wrong(Transport::Serial, late).await
}

#[tokio::test]
async fn a_garbled_reply_never_becomes_a_wrong_value_on_a_serial_line() -> Result<()> {
    never_wrong(Transport::Serial, |link| link.garble_each(3)).await
}

/// A serial device of the simplest kind: leaves the first question unanswered, then `holding[i]` is `i`, and does with
/// an echo what it is told to.
async fn simple_device(listener: TcpListener, answer_echo: impl Fn(u8) -> Option<Vec<u8>>) {
    let mut first = true;
    while let Ok((mut master, _)) = listener.accept().await {
        let mut request = [0; 8];
        while master.read_exact(&mut request).await.is_ok() {
            let [unit, function, at_high, at_low, ..] = request;
            let body = match function {
                3 if std::mem::take(&mut first) => continue,
                3 => vec![unit, 3, 2, at_high, at_low],
                _ => match answer_echo(unit) {
                    Some(body) => body,
                    None => continue,
                },
            };
            let frame = [body.as_slice(), &crc(&body).to_le_bytes()].concat();
            if master.write_all(&frame).await.is_err() {
                break;
            }
        }
    }
}

/// How long it takes until `holding:7` is read again after one question was left unanswered.
async fn time_to_recover(answer_echo: impl Fn(u8) -> Option<Vec<u8>> + Send + 'static) -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url: DeviceUrl = format!("modbus-rtu-tcp://{}/1", listener.local_addr()?).parse()?;
    let device = tokio::spawn(simple_device(listener, answer_echo));
    let mut driver = url.open();
    let mut group = url.plan(&["holding:7"], &Limits { timeout: PATIENCE, ..Limits::default() }).group;
    let begun = Instant::now();
    loop {
        if !driver.is_connected() {
            driver.connect(Duration::from_secs(5)).await?;
        }
        if let Ok(readings) = driver.read(&mut group).await {
            assert_eq!(readings[0].value, Some(Value::U64(7)));
            device.abort();
            return Ok(begun.elapsed());
        }
        anyhow::ensure!(begun.elapsed() < Duration::from_secs(30), "it never recovered");
    }
}

#[tokio::test]
async fn a_unit_that_refuses_the_echo_is_in_step_at_once() -> Result<()> {
    let took = time_to_recover(|unit| Some(vec![unit, 0x88, 1])).await?;
    assert!(took < Duration::from_secs(3), "{took:?}");
    Ok(())
}

#[tokio::test]
async fn a_unit_that_ignores_the_echo_is_asked_again_after_a_long_silence() -> Result<()> {
    let took = time_to_recover(|_| None).await?;
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&took), "{took:?}");
    Ok(())
}

/// Shows that the tests above can fail: a client that goes on after a time-out takes one answer for another.
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
