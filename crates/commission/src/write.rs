//! `device write`: one value, old → new, read back. One of the two places that ask a driver to write.
//!
//! Until there is a write guard it writes to devices on this very machine only. It never repeats a write.

use domain::{Finite, Problem, Problems, Text, Value, ValueType};
use drivers::{Address, DeviceUrl, Driver, Reading};
use serde::Serialize;

use crate::target::{ANSWER, connect, limits};

/// A write that waits for somebody's yes: what stands there, and what would.
pub struct Prepared {
    url: DeviceUrl,
    driver: Box<dyn Driver>,
    address: Address,
    /// What stands there now; none when it cannot be read.
    pub old: Option<Value>,
    /// What would stand there.
    pub new: Value,
}

/// A write that was done and read back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written {
    /// The device.
    pub url: String,
    /// In full.
    pub address: String,
    /// `float32 cdab`.
    #[serde(rename = "type")]
    pub value_type: String,
    /// What stood there before.
    pub old: Option<Value>,
    /// What was sent.
    pub new: Value,
    /// What stood there afterwards.
    pub read_back: Option<Value>,
}

/// Checks everything that can be checked and reads the old value. Nothing is written yet.
pub async fn prepare_write(url: &str, address_text: &str, value: &str) -> Result<Prepared, Problems> {
    let parsed: DeviceUrl = url.parse()?;
    let mut problems = Problems::default();
    if !parsed.is_loopback() {
        problems.push(
            Problem::new("write.no-guard", parsed.to_string(), "this device is not on this machine")
                .why("without a write guard nothing may change what a real machine does")
                .hint("write it with the engineering tool of the PLC"),
        );
    }
    let understood = parsed.parse_address(address_text).and_then(|address| {
        if !address.writable() {
            return Err(Problem::new("address.not-writable", address.to_string(), "this can only be read"));
        }
        let new = parse_value(&address, value)?;
        Ok((address, new))
    });
    let understood = understood.map_err(|problem| problems.push(problem));
    let (Ok((address, new)), true) = (understood, problems.is_empty()) else { return Err(problems) };
    let (url, mut driver) = connect(url).await?;
    let old = read_one(&url, driver.as_mut(), &address).await?.value;
    Ok(Prepared { url, driver, address, old, new })
}

impl Prepared {
    /// Writes it, once, and reads it back. A device that took another value is a problem.
    pub async fn write(mut self) -> Result<Written, Problem> {
        let place = self.url.to_string();
        let write = self.driver.write(self.url.unit(), &self.address, &self.new, ANSWER).await;
        write.map_err(|error| error.problem(place.clone()))?;
        let read_back = read_one(&self.url, self.driver.as_mut(), &self.address).await?.value;
        self.driver.close().await;
        if !read_back.as_ref().is_some_and(|found| same(&self.new, found)) {
            let found = read_back.map_or_else(|| "nothing readable".to_owned(), |found| found.to_string());
            let what = format!("{} was written to {} and {found} stands there", self.new, self.address);
            return Err(Problem::new("write.not-taken", place, what)
                .why("the device accepted the write but did not keep the value, or changed it since")
                .hint("check the limits of this register and who else writes it"));
        }
        Ok(Written {
            url: place,
            address: self.address.to_string(),
            value_type: self.address.type_name(),
            old: self.old,
            new: self.new,
            read_back,
        })
    }

    /// Where it would be written, in full.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

async fn read_one(url: &DeviceUrl, driver: &mut dyn Driver, address: &Address) -> Result<Reading, Problem> {
    let mut group = url.plan_parsed(&[Some(address.clone())], &limits());
    let readings = driver.read(&mut group).await.map_err(|error| error.problem(url.to_string()))?;
    Ok(readings.into_iter().next().unwrap_or(Reading::bad(domain::Quality::NO_DATA)))
}

/// What a person typed, as a value of the address's type.
fn parse_value(address: &Address, text: &str) -> Result<Value, Problem> {
    let value = match address.value_type() {
        ValueType::Bool => match text {
            "true" | "on" | "1" => Some(Value::Bool(true)),
            "false" | "off" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        ValueType::I64 => text.parse().ok().map(Value::I64),
        ValueType::U64 => text.parse().ok().map(Value::U64),
        ValueType::F64 => text.parse().ok().and_then(Finite::new).map(Value::F64),
        ValueType::Text => Text::new(text).map(Value::Text),
    };
    value.ok_or_else(|| {
        let what = format!("`{text}` is no value of {}", address.type_name());
        Problem::new("value.malformed", address.to_string(), what).hint(match address.value_type() {
            ValueType::Bool => "write true or false",
            ValueType::I64 => "write a whole number",
            ValueType::U64 => "write a whole number that is not negative",
            ValueType::F64 => "write a number with a point, such as 2.5",
            ValueType::Text => "a text has at most 1024 bytes",
        })
    })
}

/// Equal, up to the rounding of single precision.
fn same(sent: &Value, found: &Value) -> bool {
    match (sent, found) {
        (Value::F64(sent), Value::F64(found)) => {
            let (sent, found) = (sent.get(), found.get());
            (sent - found).abs() <= sent.abs().max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON)
        }
        _ => sent == found,
    }
}
