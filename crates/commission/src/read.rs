//! `device read`: values of named addresses, once or again and again.

use domain::{Problem, Problems, Timestamp, Value};
use drivers::{DeviceUrl, Driver, Planned, Reading};
use serde::Serialize;

use crate::target::{CONNECT, connect, limits};

/// One value as it is printed: a JSON line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// As it was asked for.
    pub address: String,
    /// The raw value; null when there is none.
    pub value: Option<Value>,
    /// How it was read: `float32 cdab`.
    #[serde(rename = "type")]
    pub value_type: String,
    /// The OPC UA name of its quality: `Good`.
    pub quality: &'static str,
    /// When it came, microseconds since 1970 UTC.
    pub time: Timestamp,
}

/// Reads `addresses` once.
pub async fn read(url: &str, addresses: &[String], now: Timestamp) -> Result<Vec<Line>, Problems> {
    let mut reader = Reader::open(url, addresses).await?;
    let lines = reader.read(now).await?;
    reader.close().await;
    Ok(lines)
}

/// Reads the same addresses as often as it is told to; the one who watches decides how often.
pub struct Reader {
    url: DeviceUrl,
    driver: Box<dyn Driver>,
    addresses: Vec<String>,
    planned: Planned,
}

impl Reader {
    /// Connects. All addresses that cannot be understood are told at once.
    pub async fn open(url: &str, addresses: &[String]) -> Result<Self, Problems> {
        let parsed: DeviceUrl = url.parse()?;
        let planned = parsed.plan(addresses, &limits());
        Problems(planned.problems.iter().map(|wrong| wrong.problem.clone()).collect()).into_result(())?;
        if addresses.is_empty() {
            return Err(Problem::new("address.missing", url, "say which addresses to read")
                .hint("for example `holding:100:float32:cdab`")
                .into());
        }
        let (url, driver) = connect(url).await?;
        Ok(Self { url, driver, addresses: addresses.to_vec(), planned })
    }

    /// Reads all addresses, connecting again first if the connection was lost. `now` stamps the lines.
    pub async fn read(&mut self, now: Timestamp) -> Result<Vec<Line>, Problem> {
        let place = self.url.to_string();
        if !self.driver.is_connected() {
            self.driver.connect(CONNECT).await.map_err(|error| error.problem(place.clone()))?;
        }
        let readings = self.driver.read(&mut self.planned.group).await.map_err(|error| error.problem(place))?;
        let asked = self.addresses.iter().zip(&self.planned.addresses);
        Ok(asked.zip(readings).map(|((text, address), reading)| line(text, address.as_ref(), reading, now)).collect())
    }

    /// Closes the connection.
    pub async fn close(mut self) {
        self.driver.close().await;
    }
}

fn line(text: &str, address: Option<&drivers::Address>, reading: Reading, now: Timestamp) -> Line {
    Line {
        address: text.to_owned(),
        value: reading.value,
        value_type: address.map(drivers::Address::type_name).unwrap_or_default(),
        quality: reading.quality.name(),
        time: now,
    }
}
