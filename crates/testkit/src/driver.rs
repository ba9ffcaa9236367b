//! What every driver has to do, whatever its protocol. Call [`conforms`] from the driver's own tests.

use std::time::Duration;

use domain::{Quality, Value};
use drivers::{DeviceUrl, Driver, Limits, Reading};
use tokio::time::{Instant, sleep, timeout};

use crate::link::FaultyLink;

/// A device behind a link, and what is to be found there.
pub struct Device {
    /// Reaches the device through `link`.
    pub url: DeviceUrl,
    /// The link to it. A serial line has none that could be cut from outside.
    pub link: FaultyLink,
    /// Addresses and the values that stand there, at least three.
    pub values: Vec<(String, Value)>,
    /// An address that the device does not have.
    pub missing: String,
    /// An address that can be written, and two values for it.
    pub writable: (String, Value, Value),
    /// An address that can only be read.
    pub read_only: String,
    /// Whether a cut of `link` ends the driver's own connection.
    pub cut_is_seen: bool,
}

/// Short, so that the suite is quick, but no busy machine takes so long for an answer on loopback.
const TIMEOUT: Duration = Duration::from_secs(1);
/// What a busy machine may add to any wait.
const SLACK: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(5);

/// Runs all checks; panics with a sentence when one fails.
pub async fn conforms(device: Device) {
    let mut driver = device.url.open();
    assert!(!driver.is_connected(), "a new driver has no link");
    reading_without_a_link_is_an_error(&device, driver.as_mut()).await;
    connect(driver.as_mut()).await;
    readings_come_in_the_order_asked(&device, driver.as_mut()).await;
    a_missing_address_is_bad_and_the_others_are_good(&device, driver.as_mut()).await;
    what_is_written_is_read_back(&device, driver.as_mut()).await;
    a_read_only_address_is_refused_and_the_link_stays(&device, driver.as_mut()).await;
    silence_ends_with_the_deadline(&device, driver.as_mut()).await;
    a_future_given_up_never_spoils_the_next_answer(&device, driver.as_mut()).await;
    if device.cut_is_seen {
        a_cut_link_asks_to_reconnect_and_then_works(&device, driver.as_mut()).await;
    }
    driver.close().await;
    driver.close().await;
    assert!(!driver.is_connected(), "a closed driver has no link");
    connect(driver.as_mut()).await;
    assert_eq!(read_good(&device, driver.as_mut()).await, values(&device), "it works again after being closed");
    driver.close().await;
}

fn limits() -> Limits {
    Limits { timeout: TIMEOUT, ..Limits::default() }
}

fn values(device: &Device) -> Vec<Reading> {
    device.values.iter().map(|(_, value)| Reading::good(value.clone())).collect()
}

async fn connect(driver: &mut dyn Driver) {
    driver.connect(CONNECT).await.unwrap_or_else(|error| panic!("connect: {error}"));
    assert!(driver.is_connected(), "a connected driver has a link");
}

async fn read(
    device: &Device,
    driver: &mut dyn Driver,
    addresses: &[&str],
) -> Result<Vec<Reading>, drivers::DriverError> {
    let mut planned = device.url.plan(addresses, &limits());
    assert_eq!(planned.problems, [], "the suite's own addresses are understood");
    driver.read(&mut planned.group).await
}

async fn read_good(device: &Device, driver: &mut dyn Driver) -> Vec<Reading> {
    let addresses: Vec<&str> = device.values.iter().map(|(address, _)| address.as_str()).collect();
    read(device, driver, &addresses).await.unwrap_or_else(|error| panic!("read: {error}"))
}

/// Connects as often as it takes and reads until an answer comes; every good answer has to be the right one.
async fn recover(device: &Device, driver: &mut dyn Driver) {
    let addresses: Vec<&str> = device.values.iter().map(|(address, _)| address.as_str()).collect();
    let recovered = async {
        loop {
            if !driver.is_connected() && driver.connect(CONNECT).await.is_err() {
                sleep(Duration::from_millis(20)).await;
                continue;
            }
            if let Ok(readings) = read(device, driver, &addresses).await {
                assert_eq!(readings, values(device), "the first answer after trouble is the right one");
                return;
            }
        }
    };
    timeout(Duration::from_secs(30), recovered).await.expect("the driver recovers within 30 s");
}

async fn reading_without_a_link_is_an_error(device: &Device, driver: &mut dyn Driver) {
    let error = read(device, driver, &[&device.values[0].0]).await.expect_err("there is no link");
    assert!(error.reconnect(), "{error} asks to connect");
}

async fn readings_come_in_the_order_asked(device: &Device, driver: &mut dyn Driver) {
    assert_eq!(read_good(device, driver).await, values(device));
    let backwards: Vec<&str> = device.values.iter().rev().map(|(address, _)| address.as_str()).collect();
    let mut expected = values(device);
    expected.reverse();
    assert_eq!(read(device, driver, &backwards).await.expect("read"), expected, "backwards");
    assert_eq!(read(device, driver, &[]).await.expect("read"), [], "nothing asked, nothing read");
}

async fn a_missing_address_is_bad_and_the_others_are_good(device: &Device, driver: &mut dyn Driver) {
    let (first, value) = &device.values[0];
    let mut planned = device.url.plan(&[first.as_str(), &device.missing, "no address at all", first], &limits());
    assert_eq!(planned.problems.iter().map(|problem| problem.index).collect::<Vec<_>>(), [2]);
    for _ in 0..3 {
        let readings = driver.read(&mut planned.group).await.expect("a missing address is no link error");
        let good = Reading::good(value.clone());
        let bad = Reading::bad(Quality::UNKNOWN_ADDRESS);
        assert_eq!(readings, [good.clone(), bad.clone(), bad, good]);
    }
}

async fn what_is_written_is_read_back(device: &Device, driver: &mut dyn Driver) {
    let (address, one, two) = &device.writable;
    let parsed = device.url.parse_address(address).expect("address");
    for value in [one, two] {
        driver.write(device.url.unit(), &parsed, value, TIMEOUT).await.unwrap_or_else(|error| panic!("write: {error}"));
        let readings = read(device, driver, &[address]).await.expect("read back");
        assert_eq!(readings, [Reading::good(value.clone())]);
    }
}

async fn a_read_only_address_is_refused_and_the_link_stays(device: &Device, driver: &mut dyn Driver) {
    for address in [&device.read_only, &device.missing] {
        let parsed = device.url.parse_address(address).expect("address");
        let write = driver.write(device.url.unit(), &parsed, &Value::U64(1), TIMEOUT).await;
        let error = write.expect_err("it cannot be written");
        assert!(!error.reconnect(), "{error}");
    }
    assert!(driver.is_connected());
}

async fn silence_ends_with_the_deadline(device: &Device, driver: &mut dyn Driver) {
    device.link.silence(true);
    let begun = Instant::now();
    let error = read(device, driver, &[&device.values[0].0]).await.expect_err("nobody answers");
    assert!(begun.elapsed() < TIMEOUT + SLACK, "a read takes one time-out, not {:?}", begun.elapsed());
    assert_eq!(error.quality(), Quality::TIMEOUT, "{error}");
    assert_eq!(error.reconnect(), !driver.is_connected(), "the error and the driver agree");
    device.link.silence(false);
    recover(device, driver).await;
}

async fn a_future_given_up_never_spoils_the_next_answer(device: &Device, driver: &mut dyn Driver) {
    device.link.silence(true);
    let (last, _) = &device.values[device.values.len() - 1];
    let given_up = timeout(TIMEOUT / 8, read(device, driver, &[last])).await;
    assert!(given_up.is_err(), "nobody answers");
    device.link.silence(false);
    recover(device, driver).await;
}

async fn a_cut_link_asks_to_reconnect_and_then_works(device: &Device, driver: &mut dyn Driver) {
    device.link.cut();
    let error = loop {
        // the cut takes a moment to arrive; until then answers are right
        match read(device, driver, &[&device.values[0].0]).await {
            Ok(readings) => assert_eq!(readings, values(device)[..1]),
            Err(error) => break error,
        }
    };
    assert!(error.reconnect(), "{error}");
    assert!(!driver.is_connected());
    recover(device, driver).await;
    device.link.refuse(true);
    device.link.cut();
    while read(device, driver, &[&device.values[0].0]).await.is_ok() {}
    device.link.refuse(false);
    recover(device, driver).await;
}
