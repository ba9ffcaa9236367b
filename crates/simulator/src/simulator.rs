//! A pump station that runs in its own time and answers over Modbus TCP.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::Problem;
use drivers::modbus::{Kind, Table};
use expose::modbus::{Framing, Identity, Image, Manner, ModbusServer, Refusal, Registers, UnitImage};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::pump_station::registers::{Plc, SPEED_SET_POINT};
use crate::pump_station::{Fault, FaultKind, Faults, Measured, Plant, SIGNALS, Schedule};

/// How often the PLCs read their instruments, in wall time.
const REFRESH: Duration = Duration::from_millis(100);

/// One switch as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// As typed.
    pub name: &'static str,
    /// One sentence.
    pub title: &'static str,
    /// What it is about.
    pub kind: FaultKind,
    /// On or off.
    pub on: bool,
}

/// A running pump station. Dropping it stops it.
pub struct Simulator {
    station: Arc<Station>,
    server: ModbusServer,
    addr: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Starts a pump station: listens on `listen` (port 0 picks a free one); the same `seed` gives the same plant;
    /// `speed` is seconds of plant per second of wall time.
    pub async fn start(listen: SocketAddr, seed: u64, speed: f64) -> io::Result<Self> {
        let station = Arc::new(Station::new(Plant::new(seed, Schedule::default())));
        let server = ModbusServer::start(listen, Framing::Tcp, Arc::clone(&station) as Arc<dyn Registers>).await?;
        let addr = server.addr().unwrap_or(listen);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(stop.clone().run_until_cancelled_owned(run(Arc::clone(&station), speed)));
        Ok(Self { station, server, addr, stop, tasks })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Switches a fault by its name.
    pub fn set_fault(&self, name: &str, on: bool) -> Result<(), Problem> {
        let fault = name.parse()?;
        self.station.plant().set_fault(fault, on);
        tracing::info!(fault = name, on, "A switch of the simulated plant was set");
        Ok(())
    }

    /// All switches.
    pub fn faults(&self) -> Vec<FaultState> {
        let faults = self.station.plant().faults();
        let state = |fault: Fault| FaultState {
            name: fault.name(),
            title: fault.title(),
            kind: fault.kind(),
            on: faults.is_on(fault),
        };
        Fault::ALL.into_iter().map(state).collect()
    }

    /// The edge's configuration for it, see [`crate::pump_station::site_toml`].
    pub fn site_toml(&self) -> String {
        crate::pump_station::site_toml(self.addr)
    }

    /// Stops the plant and its server.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.server.shutdown().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Lets plant time pass and refreshes the registers.
async fn run(station: Arc<Station>, speed: f64) {
    /// After a pause of the machine (a suspended laptop) the plant does not catch up for longer than this.
    const LONGEST_JUMP: Duration = Duration::from_secs(2);
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        let now = ticks.tick().await;
        let passed = (now - last).min(LONGEST_JUMP);
        last = now;
        station.refresh(passed.as_secs_f64() * speed);
    }
}

/// The plant and its registers.
struct Station {
    plant: Mutex<Plant>,
    image: Image,
    requests: AtomicU64,
}

impl Station {
    fn new(plant: Plant) -> Self {
        let image = Image::new(Plc::ALL.map(|plc| (plc.unit(), unit_image(plc, &plant))));
        let station = Self { plant: Mutex::new(plant), image, requests: AtomicU64::new(0) };
        station.refresh(0.0);
        station
    }

    fn plant(&self) -> MutexGuard<'_, Plant> {
        self.plant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(&self, seconds: f64) {
        let mut plant = self.plant();
        let wish = self.image.change(Plc::Two.unit(), |image| image.word(Table::Holding, SPEED_SET_POINT)).flatten();
        if let Some(wish) = wish {
            plant.set_speed(f64::from(wish));
        }
        plant.step(seconds);
        let measured = plant.measure();
        drop(plant);
        for plc in Plc::ALL {
            self.image.change(plc.unit(), |image| fill(image, plc, &measured));
        }
    }

    fn faults(&self) -> Faults {
        self.plant().faults()
    }
}

/// What a PLC is and lets people write, before its first measurement.
fn unit_image(plc: Plc, plant: &Plant) -> UnitImage {
    let mut image = UnitImage::new();
    let product = match plc {
        Plc::Two => "Pump station PLC 2",
        Plc::Three => "Pump station PLC 3",
    };
    image.identity =
        Some(Identity { vendor: "lastmile simulator".into(), product: product.into(), version: "1.0".into() });
    if plc == Plc::Two {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "set-points are 600 to 1800")]
        let speed = plant.speed_wanted() as u16;
        image.set_words(Table::Holding, SPEED_SET_POINT, &[speed]);
        image.allow_words(SPEED_SET_POINT, 1);
    }
    image
}

/// Puts a measurement into the registers of one PLC.
fn fill(image: &mut UnitImage, plc: Plc, measured: &Measured) {
    for signal in SIGNALS.iter().filter(|signal| signal.plc == plc) {
        let address = signal.parsed_address();
        let raw = signal.raw(measured);
        match address.kind {
            Kind::Bool => image.set_bits(address.table, address.offset, &[raw == [1]]),
            Kind::Bit(bit) => {
                let old = image.word(address.table, address.offset).unwrap_or(0);
                let word = if raw == [1] { old | 1 << bit } else { old & !(1 << bit) };
                image.set_words(address.table, address.offset, &[word]);
            }
            _ => image.set_words(address.table, address.offset, &raw),
        }
    }
}

#[async_trait]
impl Registers for Station {
    fn read_bits(&self, unit: u8, table: Table, start: u16, count: u16) -> Result<Vec<bool>, Refusal> {
        self.image.read_bits(unit, table, start, count)
    }

    fn read_words(&self, unit: u8, table: Table, start: u16, count: u16) -> Result<Vec<u16>, Refusal> {
        self.image.read_words(unit, table, start, count)
    }

    async fn write_bits(&self, unit: u8, start: u16, bits: &[bool]) -> Result<(), Refusal> {
        self.image.write_bits(unit, start, bits).await
    }

    /// A speed that the converter does not take is refused rather than bent.
    async fn write_words(&self, unit: u8, start: u16, words: &[u16]) -> Result<(), Refusal> {
        let (low, high) = Plant::SPEED_LIMITS;
        if start == SPEED_SET_POINT && words.iter().any(|word| !(low..=high).contains(&f64::from(*word))) {
            return Err(Refusal::Value);
        }
        self.image.write_words(unit, start, words).await
    }

    async fn mask_word(&self, unit: u8, at: u16, _and: u16, _or: u16) -> Result<(), Refusal> {
        // no register of this plant has single bits to set
        self.image.read_words(unit, Table::Holding, at, 1).and(Err(Refusal::Address))
    }

    fn identity(&self, unit: u8) -> Option<Identity> {
        self.image.identity(unit)
    }

    fn manner(&self, unit: u8) -> Manner {
        /// With `plc-late` each so many-th answer comes this late.
        const LATE_EACH: u64 = 15;
        const LATE: Duration = Duration::from_millis(2500);
        let faults = self.faults();
        let plc_two = unit == Plc::Two.unit();
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        if plc_two && faults.is_on(Fault::PlcDead) {
            Manner::Silent
        } else if plc_two && faults.is_on(Fault::PlcLate) && request.is_multiple_of(LATE_EACH) {
            Manner::After(LATE)
        } else if faults.is_on(Fault::PlcSlow) {
            Manner::After(Duration::from_millis(600))
        } else {
            self.image.manner(unit)
        }
    }
}
