//! The pump station as an edge meets it: over real Modbus, with its own configuration.

use std::time::Duration;

use anyhow::{Context, Result};
use config::site::SiteConfig;
use config::{AddressCheck, AddressFacts};
use domain::{Problem, Problems, Quality, Value};
use drivers::{DeviceUrl, Driver, Limits};
use simulator::Simulator;
use simulator::pump_station::SIGNALS;
use tokio::time::{Instant, sleep};

/// Device URLs and addresses as the drivers understand them.
struct Drivers;

impl AddressCheck for Drivers {
    fn url(&self, url: &str) -> Result<(), Problem> {
        url.parse::<DeviceUrl>().map(|_| ()).map_err(|mut problems: Problems| problems.0.remove(0))
    }

    fn address(&self, url: &str, address: &str) -> Result<AddressFacts, Problem> {
        let url = url.parse::<DeviceUrl>().map_err(|mut problems: Problems| problems.0.remove(0))?;
        let address = url.parse_address(address)?;
        Ok(AddressFacts { value_type: address.value_type(), writable: address.writable(), span: None })
    }
}

async fn start(speed: f64) -> Result<Simulator> {
    Ok(Simulator::start(([127, 0, 0, 1], 0).into(), 7, speed).await?)
}

fn site(simulator: &Simulator) -> Result<SiteConfig> {
    Ok(config::check_site(&simulator.site_toml(), "site.toml", &Drivers)?)
}

struct Plc {
    url: DeviceUrl,
    driver: Box<dyn Driver>,
}

impl Plc {
    async fn connect(simulator: &Simulator, unit: u8) -> Result<Self> {
        let url: DeviceUrl = format!("modbus-tcp://{}/{unit}", simulator.addr()).parse()?;
        let mut driver = url.open();
        driver.connect(Duration::from_secs(5)).await?;
        Ok(Self { url, driver })
    }

    async fn read(&mut self, address: &str) -> Result<Option<Value>> {
        Ok(self.read_within(address, Duration::from_secs(5)).await?)
    }

    async fn read_within(&mut self, address: &str, timeout: Duration) -> Result<Option<Value>, drivers::DriverError> {
        let mut planned = self.url.plan(&[address], &Limits { timeout, ..Limits::default() });
        Ok(self.driver.read(&mut planned.group).await?.remove(0).value)
    }

    async fn number(&mut self, address: &str) -> Result<f64> {
        self.read(address).await?.and_then(|value| value.as_f64()).context("a number")
    }

    /// Waits until the value is as wished; a plant needs its time.
    async fn until(&mut self, address: &str, wished: impl Fn(f64) -> bool) -> Result<()> {
        let begun = Instant::now();
        while !wished(self.number(address).await?) {
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(20), "{address} never came there");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn its_configuration_is_without_problems_and_every_tag_reads_good() -> Result<()> {
    let simulator = start(1.0).await?;
    let site = site(&simulator)?;
    assert_eq!(site.tags.len(), SIGNALS.len());
    for device in &site.devices {
        let url: DeviceUrl = device.url.parse()?;
        let addresses: Vec<&str> =
            site.tags.iter().filter(|tag| tag.device == device.name).map(|tag| tag.address.as_str()).collect();
        let mut planned = url.plan(&addresses, &Limits::default());
        assert_eq!(planned.problems, []);
        let mut driver = url.open();
        driver.connect(Duration::from_secs(5)).await?;
        for (address, reading) in addresses.iter().zip(driver.read(&mut planned.group).await?) {
            assert_eq!(reading.quality, Quality::GOOD, "{address} of {}", device.name);
        }
    }
    simulator.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn bearing_wear_shows_on_the_wire_within_half_a_minute_of_plant_time() -> Result<()> {
    let simulator = start(20.0).await?;
    let mut plc = Plc::connect(&simulator, 1).await?;
    plc.until("holding:0:float32:cdab", |vibration| vibration < 4.0).await?;
    let begun = Instant::now();
    simulator.set_fault("bearing-wear", true)?;
    assert!(simulator.faults().iter().any(|fault| fault.name == "bearing-wear" && fault.on));
    plc.until("holding:0:float32:cdab", |vibration| vibration > 6.0).await?;
    assert!(begun.elapsed().as_secs_f64() * 20.0 < 60.0, "it took {:?} at speed 20", begun.elapsed());
    simulator.set_fault("bearing-wear", false)?;
    plc.until("holding:0:float32:cdab", |vibration| vibration < 4.0).await?;
    assert!(simulator.set_fault("no-such-switch", true).is_err());
    Ok(())
}

#[tokio::test]
async fn a_broken_sensor_gives_its_fail_code_and_takes_back_its_bit() -> Result<()> {
    let simulator = start(20.0).await?;
    let mut plc = Plc::connect(&simulator, 1).await?;
    assert_eq!(plc.read("holding:7:bit:1").await?, Some(Value::Bool(true)));
    simulator.set_fault("sensor-break", true)?;
    plc.until("holding:4:int16", |raw| (raw - 32_767.0).abs() < 0.5).await?;
    assert_eq!(plc.read("holding:7:bit:1").await?, Some(Value::Bool(false)));
    assert_eq!(plc.read("holding:7:bit:0").await?, Some(Value::Bool(true)), "the pump runs on");
    Ok(())
}

#[tokio::test]
async fn a_dead_plc_is_silent_and_the_other_one_answers() -> Result<()> {
    let simulator = start(1.0).await?;
    simulator.set_fault("plc-dead", true)?;
    let mut dead = Plc::connect(&simulator, 1).await?;
    let error = dead.read_within("holding:8", Duration::from_millis(300)).await.expect_err("nobody answers");
    assert_eq!(error.code(), "device.timed-out");
    let mut other = Plc::connect(&simulator, 2).await?;
    assert!(other.read("input:0:float32").await?.is_some());
    simulator.set_fault("plc-dead", false)?;
    dead.driver.connect(Duration::from_secs(5)).await?;
    assert_eq!(dead.read("holding:8").await?, Some(Value::U64(2)), "running");
    Ok(())
}

#[tokio::test]
async fn a_late_plc_costs_time_outs_and_never_a_wrong_value() -> Result<()> {
    let simulator = start(1.0).await?;
    simulator.set_fault("plc-late", true)?;
    let mut plc = Plc::connect(&simulator, 1).await?;
    let mut late = 0;
    for _ in 0..40 {
        if !plc.driver.is_connected() {
            plc.driver.connect(Duration::from_secs(5)).await?;
        }
        match plc.read_within("holding:9", Duration::from_millis(300)).await {
            Ok(value) => assert_eq!(value, Some(Value::U64(1))),
            Err(_) => late += 1,
        }
    }
    assert!(late > 0, "some answers were late");
    Ok(())
}

#[tokio::test]
async fn the_speed_can_be_set_within_its_limits_and_nothing_else() -> Result<()> {
    let simulator = start(20.0).await?;
    let mut plc = Plc::connect(&simulator, 1).await?;
    let timeout = Duration::from_secs(5);
    let set_point = plc.url.parse_address("holding:40")?;
    plc.driver.write(plc.url.unit(), &set_point, &Value::U64(1200), timeout).await?;
    plc.until("holding:5", |speed| (speed - 1200.0).abs() < 20.0).await?;
    let too_fast = plc.driver.write(plc.url.unit(), &set_point, &Value::U64(3000), timeout).await;
    assert_eq!(too_fast.expect_err("beyond the limit").code(), "device.refused");
    let measured = plc.url.parse_address("holding:5")?;
    let forged = plc.driver.write(plc.url.unit(), &measured, &Value::U64(1), timeout).await;
    assert_eq!(forged.expect_err("a measurement").code(), "device.refused");
    Ok(())
}

#[tokio::test]
async fn a_restart_is_seen_as_stopped_start_up_and_running() -> Result<()> {
    let simulator = start(20.0).await?;
    let mut plc = Plc::connect(&simulator, 1).await?;
    simulator.set_fault("restart", true)?;
    plc.until("holding:8", |state| state < 0.5).await?;
    plc.until("holding:8", |state| (state - 1.0).abs() < 0.5).await?;
    plc.until("holding:8", |state| state > 1.5).await?;
    Ok(())
}
