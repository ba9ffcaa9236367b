//! The machines of a run: servers whose values say where and when they were read, links that break, and the pump that the
//! model watches.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use scenarios::{Program, packed_pump_with, pump_site};
use serde_json::Value;
use testkit::FaultyLink;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// On a machine where everything else is being built, Python takes minutes to start.
const SOON: Duration = Duration::from_mins(4);
/// How often every device is read.
pub const PERIOD: Duration = Duration::from_millis(500);
/// How long each request may take.
pub const TIMEOUT: Duration = Duration::from_millis(500);
/// The local variable that edits write.
pub const VARIABLE: &str = "hall/recipe";
/// Registers at which stamps begin.
const STAMPS: [u16; 4] = [0, 4, 8, 100];

/// One of the machines, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(pub u8);

impl Device {
    /// Nothing ever happens to these.
    pub const HEALTHY: [Self; 2] = [Self(1), Self(2)];
    /// These are broken.
    pub const FAULTY: [Self; 4] = [Self(3), Self(4), Self(5), Self(6)];
    /// Of the broken ones, the one with serial frames, whose checksum shows damaged bytes.
    pub const SERIAL: Self = Self(6);

    /// As in site.toml.
    pub fn name(self) -> String {
        format!("d{}", self.0)
    }

    fn framing(self) -> &'static str {
        if self == Self::SERIAL { "rtu-tcp" } else { "tcp" }
    }

    /// The tag of the stamp at a register.
    pub fn stamp_tag(self, register: u16) -> String {
        format!("hall/{}-s{register}", self.name())
    }

    /// The tag of the float.
    pub fn level_tag(self) -> String {
        format!("hall/{}-level", self.name())
    }

    /// The device of a tag, with the register of its stamp; none for the float.
    pub fn of_tag(tag: &str) -> Option<(Self, Option<u16>)> {
        let (number, what) = tag.strip_prefix("hall/d")?.split_once('-')?;
        Some((Self(number.parse().ok()?), what.strip_prefix('s').and_then(|register| register.parse().ok())))
    }

    /// All its tags.
    pub fn tags(self) -> Vec<String> {
        STAMPS.iter().map(|register| self.stamp_tag(*register)).chain([self.level_tag()]).collect()
    }
}

/// How a server answers; the words are those of `stamped.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lie(pub &'static str);

impl Lie {
    /// None.
    pub const TRUTH: Self = Self("truth");
    /// The same stamp for ever: flat, and right as far as anybody can tell.
    pub const STUCK: Self = Self("stuck");
    /// Lies that a server on any line can tell.
    pub const ANY: [&str; 7] = ["stuck", "nan", "huge", "code", "refuse", "slow", "silent"];
    /// Lies about frames of Modbus TCP.
    pub const FRAMES: [&str; 8] = ["half", "short", "count", "function", "unit", "transaction", "noise", "again"];
}

/// What the configuration says besides what it always says; edits change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// `off`, `watch` or `advise`.
    pub mode: &'static str,
    /// Another tag of device 3.
    pub extra_tag: bool,
    /// The place is called so.
    pub label: u32,
    /// Device 4 is configured with a longer period.
    pub slower: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self { mode: "advise", extra_tag: false, label: 0, slower: false }
    }
}

/// All machines of a run.
pub struct Plant {
    servers: Program,
    control: BufStream<TcpStream>,
    ports: Vec<u16>,
    links: Vec<FaultyLink>,
    pump: Program,
    pump_port: u16,
    bundle: PathBuf,
    begun: Instant,
    /// What the servers' clock said when `begun` was taken, ms.
    offset: i64,
}

impl Plant {
    /// Starts all of it and packs the model into `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        let devices: Vec<Device> = [Device::HEALTHY.as_slice(), Device::FAULTY.as_slice()].concat();
        let arguments: Vec<String> =
            devices.iter().flat_map(|device| [device.0.to_string(), device.framing().to_owned()]).collect();
        let mut servers = Program::peer("modbus/stamped.py", &arguments)?;
        let mut pump = Program::peer("modbus/server.py", &["tcp"])?;
        let bundle = packed_pump_with(folder, |contract| contract.replace("for = \"30s\"", "for = \"2s\"")).await?;
        let ready: Value = serde_json::from_str(&servers.line_with("\"ports\"", SOON).await?)?;
        let ports = ready.get("ports").and_then(Value::as_array).context("no ports")?;
        let ports = ports.iter().map(port).collect::<Result<Vec<_>>>()?;
        let control = port(ready.get("control").context("no control")?)?;
        let control = BufStream::new(TcpStream::connect(("127.0.0.1", control)).await?);
        let pump_ready: Value = serde_json::from_str(&pump.line_with("\"port\"", SOON).await?)?;
        let pump_port = port(pump_ready.get("port").context("no port")?)?;
        let mut links = Vec::new();
        for port in ports.iter().skip(Device::HEALTHY.len()) {
            links.push(FaultyLink::to(([127, 0, 0, 1], *port).into()).await?);
        }
        let begun = Instant::now();
        let mut plant = Self { servers, control, ports, links, pump, pump_port, bundle, begun, offset: 0 };
        plant.set_clock().await?;
        Ok(plant)
    }

    /// Compares clocks until an answer is quick enough to be believed.
    async fn set_clock(&mut self) -> Result<()> {
        let mut best = Duration::MAX;
        for _ in 0..10 {
            let asked = Instant::now();
            let said = self.tell(Device(1), Lie::TRUTH).await?;
            let took = asked.elapsed();
            if took < best {
                best = took;
                let middle = asked.duration_since(self.begun) + took / 2;
                self.offset = i64::from(said) - i64::try_from(middle.as_millis())?;
            }
        }
        Ok(())
    }

    /// The clock of the stamps now.
    pub fn now(&self) -> u32 {
        let passed = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        u32::try_from((passed + self.offset).rem_euclid(1 << 32)).unwrap_or_default()
    }

    /// Has a server lie from now on. Gives its clock.
    pub async fn tell(&mut self, device: Device, lie: Lie) -> Result<u32> {
        self.control.write_all(format!("{} {}\n", device.0, lie.0).as_bytes()).await?;
        self.control.flush().await?;
        let mut line = String::new();
        self.control.read_line(&mut line).await?;
        line.trim().parse().with_context(|| format!("the servers said {line:?}; {}", self.servers.output()))
    }

    /// The link to a device that may be broken.
    pub fn link(&self, device: Device) -> Option<&FaultyLink> {
        self.links.get(Device::FAULTY.iter().position(|faulty| *faulty == device)?)
    }

    /// The configuration of all this.
    pub fn site_toml(&self, shape: &Shape) -> Result<String> {
        let pump = pump_site(self.pump_port, &self.bundle)?;
        let pump = pump.replace("mode = \"advise\"", &format!("mode = \"{}\"", shape.mode));
        let mut text =
            pump + &format!("[[place]]\npath = \"hall\"\nname = \"Hall {}\"\nlevel = \"line\"\n", shape.label);
        let _ = write!(text, "[[variable]]\nname = \"{VARIABLE}\"\ntype = \"i64\"\nvalue = 0\n");
        for device in Device::HEALTHY.into_iter().chain(Device::FAULTY) {
            let port = match self.link(device) {
                Some(link) => link.addr().port(),
                None => self.ports.get(usize::from(device.0) - 1).copied().context("a port for each device")?,
            };
            let name = device.name();
            let period = if shape.slower && device == Device(4) { PERIOD * 2 } else { PERIOD };
            let _ = write!(
                text,
                "[[device]]\nname = \"{name}\"\nurl = \"modbus-{}://127.0.0.1:{port}/1\"\nplace = \"hall\"\nperiod = \"{}ms\"\n\
                 timeout = \"{}ms\"\nbudget = {{ requests_per_second = 1000 }}\n",
                device.framing(),
                period.as_millis(),
                TIMEOUT.as_millis(),
            );
            for register in STAMPS {
                let tag = device.stamp_tag(register);
                let _ = write!(
                    text,
                    "[[tag]]\nname = \"{tag}\"\ndevice = \"{name}\"\naddress = \"holding:{register}:uint64\"\n"
                );
            }
            let _ = write!(
                text,
                "[[tag]]\nname = \"{}\"\ndevice = \"{name}\"\naddress = \"holding:200:float32\"\nrange = [0.0, 100.0]\n\
                 fail_codes = [-9999.0]\n",
                device.level_tag(),
            );
        }
        if shape.extra_tag {
            text += "[[tag]]\nname = \"hall/extra\"\ndevice = \"d3\"\naddress = \"holding:2:uint16\"\n";
        }
        Ok(text)
    }

    /// Fails when a server has ended: what is found then says nothing of the edge.
    pub fn still_there(&self) -> Result<()> {
        self.servers.pid().and(self.pump.pid()).map(drop).context("a Modbus server of the test has ended")
    }
}

fn port(value: &Value) -> Result<u16> {
    Ok(u16::try_from(value.as_u64().context("no number")?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_whose_it_is() {
        assert_eq!(Device::of_tag(&Device(4).stamp_tag(100)), Some((Device(4), Some(100))));
        assert_eq!(Device::of_tag(&Device(4).level_tag()), Some((Device(4), None)));
        assert_eq!(Device::of_tag("line/state"), None);
    }
}
