//! The register map of both PLCs: one table for the server, the edge's configuration and training files alike.
//!
//! PLC 2 is unit 1 (feed tank, Pump 7), PLC 3 is unit 2 (heat exchanger, product tank). Numbers that a PLC would
//! keep as scaled integers are kept so here: what is read has the resolution of its register.

use domain::{Text, Value};
use drivers::modbus::{Address, Kind, value};

use super::plant::Measured;

/// Which PLC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plc {
    /// `plc-2`, unit 1.
    Two,
    /// `plc-3`, unit 2.
    Three,
}

impl Plc {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Two, Self::Three];

    /// Its name in the edge's configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Two => "plc-2",
            Self::Three => "plc-3",
        }
    }

    /// Its unit behind the gateway.
    pub fn unit(self) -> u8 {
        match self {
            Self::Two => 1,
            Self::Three => 2,
        }
    }
}

/// The holding register of PLC 2 that takes the wanted speed of Pump 7, 1/min.
pub const SPEED_SET_POINT: u16 = 40;

/// The raw value of the bearing temperature when its wire is broken.
pub const WIRE_BROKEN: i64 = 32_767;

/// One thing that is measured.
pub struct Signal {
    /// Short name, unique on the line: the column in a file.
    pub signal: &'static str,
    /// Place below the site.
    pub place: &'static str,
    /// The tag's own name.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// Who has it.
    pub plc: Plc,
    /// Where.
    pub address: &'static str,
    /// UCUM; empty for states and texts.
    pub unit: &'static str,
    /// Engineering value = raw value * factor.
    pub factor: f64,
    /// What the instrument can show.
    pub range: Option<(f64, f64)>,
    /// What is normal while running.
    pub normal: Option<(f64, f64)>,
    /// More lines of its tag, as TOML.
    pub more: &'static str,
    /// The engineering value, none for a broken wire.
    measured: fn(&Measured) -> Option<Value>,
}

impl Signal {
    /// Place and name.
    pub fn tag(&self) -> String {
        format!("{}/{}", self.place, self.name)
    }

    /// Where it is, understood.
    pub fn parsed_address(&self) -> Address {
        self.address.parse().expect("the addresses of the map are tested to be valid")
    }

    /// The registers that carry the measurement; for a bit, its place in the word is not yet applied.
    pub fn raw(&self, measured: &Measured) -> Vec<u16> {
        let kind = self.parsed_address().kind;
        let Some(engineering) = (self.measured)(measured) else {
            return value::encode(kind, &Value::I64(WIRE_BROKEN)).unwrap_or_default();
        };
        let kind = if matches!(kind, Kind::Bit(_)) { Kind::Bool } else { kind };
        let raw = match (&engineering, kind) {
            (Value::F64(number), Kind::Float(..)) => Value::from_f64(number.get() / self.factor),
            (Value::F64(number), _) => Value::from_f64((number.get() / self.factor).round()),
            _ => None,
        };
        value::encode(kind, &raw.unwrap_or(engineering)).unwrap_or_default()
    }

    /// What an edge makes of it: the engineering value with the resolution of its register, none when it is bad.
    pub fn engineering(&self, measured: &Measured) -> Option<Value> {
        let kind = self.parsed_address().kind;
        let kind = if matches!(kind, Kind::Bit(_)) { Kind::Bool } else { kind };
        let raw = value::decode(kind, &self.raw(measured))?;
        let broken = raw == Value::I64(WIRE_BROKEN) && self.more.contains("fail_codes");
        let invalid = !measured.sensor_ok && self.more.contains("valid_if");
        if broken || invalid {
            return None;
        }
        match raw {
            Value::Bool(_) | Value::Text(_) => Some(raw),
            _ if self.unit.is_empty() => Some(raw),
            _ => raw.as_f64().and_then(|number| Value::from_f64(number * self.factor)),
        }
    }
}

fn text(text: &str) -> Option<Value> {
    Text::new(text).map(Value::Text)
}

const FEED: &str = "line-2/feed-tank";
const PUMP: &str = "line-2/pump-7";
const EXCHANGER: &str = "line-2/exchanger";
const PRODUCT: &str = "line-2/product-tank";

/// The columns of a row: what is the same for most signals is said once.
const fn signal(
    (signal, place, name, label): (&'static str, &'static str, &'static str, &'static str),
    (plc, address): (Plc, &'static str),
    (unit, factor): (&'static str, f64),
    measured: fn(&Measured) -> Option<Value>,
) -> Signal {
    Signal { signal, place, name, label, plc, address, unit, factor, range: None, normal: None, more: "", measured }
}

impl Signal {
    const fn within(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    const fn normally(mut self, low: f64, high: f64) -> Self {
        self.normal = Some((low, high));
        self
    }

    const fn with(mut self, more: &'static str) -> Self {
        self.more = more;
        self
    }
}

/// Everything that is measured, in flow order.
#[rustfmt::skip]
pub const SIGNALS: [Signal; 20] = [
    signal(("feed_level", FEED, "level", "Level"), (Plc::Two, "holding:20:float32"), ("%", 1.0), |m| Value::from_f64(m.feed_level)).within(0.0, 100.0).normally(55.0, 70.0),
    signal(("feed_temperature", FEED, "temperature", "Temperature"), (Plc::Two, "holding:22:float32"), ("Cel", 1.0), |m| Value::from_f64(m.feed_temperature)).within(-20.0, 120.0).normally(15.0, 27.0),
    signal(("feed_outflow", FEED, "outflow", "Outflow"), (Plc::Two, "holding:24:float32"), ("m3/h", 1.0), |m| Value::from_f64(m.feed_outflow)).within(0.0, 80.0).normally(36.0, 45.0),
    signal(("vibration_de", PUMP, "vibration_de", "Vibration DE"), (Plc::Two, "holding:0:float32:cdab"), ("mm/s", 1.0), |m| Value::from_f64(m.vibration_de)).within(0.0, 25.0).normally(2.0, 4.2)
        .with("valid_if = { tag = \"line-2/pump-7/sensor_ok\", is = true }\nbad_words = { sensor_failure = \"vibration sensor reports a fault\" }\n"),
    signal(("vibration_nde", PUMP, "vibration_nde", "Vibration NDE"), (Plc::Two, "holding:2:float32:cdab"), ("mm/s", 1.0), |m| Value::from_f64(m.vibration_nde)).within(0.0, 25.0).normally(1.4, 3.2),
    signal(("bearing_temperature", PUMP, "bearing_temperature", "Bearing temperature"), (Plc::Two, "holding:4:int16"), ("Cel", 0.1), |m| m.bearing_temperature.and_then(Value::from_f64)).within(-20.0, 150.0).normally(40.0, 70.0)
        .with("fail_codes = [32767]\nbad_words = { sensor_failure = \"wire broken\" }\n"),
    signal(("speed", PUMP, "speed", "Speed"), (Plc::Two, "holding:5:uint16"), ("/min", 1.0), |m| Value::from_f64(m.speed)).within(0.0, 3000.0).normally(1450.0, 1510.0),
    signal(("motor_current", PUMP, "motor_current", "Motor current"), (Plc::Two, "holding:6:uint16"), ("A", 0.01), |m| Value::from_f64(m.motor_current)).within(0.0, 60.0).normally(15.5, 19.5),
    signal(("running", PUMP, "running", "Running"), (Plc::Two, "holding:7:bit:0"), ("", 1.0), |m| Some(Value::Bool(m.running))),
    signal(("sensor_ok", PUMP, "sensor_ok", "Sensors in order"), (Plc::Two, "holding:7:bit:1"), ("", 1.0), |m| Some(Value::Bool(m.sensor_ok))),
    signal(("state", "line-2", "state", "State (0 stopped, 1 start-up, 2 running)"), (Plc::Two, "holding:8:uint16"), ("", 1.0), |m| Some(Value::U64(m.state.into()))),
    signal(("product", "line-2", "product", "Product (1 base, 2 rich)"), (Plc::Two, "holding:9:uint16"), ("", 1.0), |m| Some(Value::U64(m.product.into()))),
    signal(("recipe", "line-2", "recipe", "Recipe"), (Plc::Two, "holding:10:string:8"), ("", 1.0), |m| text(m.recipe)),
    signal(("outlet_temperature", EXCHANGER, "outlet_temperature", "Outlet temperature"), (Plc::Three, "input:0:float32"), ("Cel", 1.0), |m| Value::from_f64(m.outlet_temperature)).within(0.0, 150.0).normally(62.0, 75.0),
    signal(("pressure_drop", EXCHANGER, "pressure_drop", "Pressure drop"), (Plc::Three, "input:2:uint16"), ("bar", 0.001), |m| Value::from_f64(m.pressure_drop)).within(0.0, 4.0).normally(0.36, 0.6),
    signal(("product_flow", EXCHANGER, "product_flow", "Product flow"), (Plc::Three, "input:4:float32"), ("m3/h", 1.0), |m| Value::from_f64(m.product_flow)).within(0.0, 80.0).normally(36.0, 45.0),
    signal(("product_level", PRODUCT, "level", "Level"), (Plc::Three, "input:10:float32"), ("%", 1.0), |m| Value::from_f64(m.product_level)).within(0.0, 100.0).normally(40.0, 80.0),
    signal(("product_temperature", PRODUCT, "temperature", "Temperature"), (Plc::Three, "input:12:int16"), ("Cel", 0.1), |m| Value::from_f64(m.product_temperature)).within(0.0, 150.0).normally(52.0, 72.0),
    signal(("product_pressure", PRODUCT, "pressure", "Pressure"), (Plc::Three, "input:13:uint16"), ("bar(g)", 0.001), |m| Value::from_f64(m.product_pressure)).within(0.0, 2.0).normally(0.26, 0.36),
    signal(("emptying", PRODUCT, "emptying", "Outlet open"), (Plc::Three, "discrete:0"), ("", 1.0), |m| Some(Value::Bool(m.emptying))),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::pump_station::{Fault, Plant, Schedule};

    #[test]
    fn names_and_registers_are_used_once() {
        let mut taken = HashSet::new();
        for signal in &SIGNALS {
            assert!(taken.insert(signal.signal.to_owned()), "{}", signal.signal);
            assert!(taken.insert(signal.tag()), "{}", signal.tag());
            let address = signal.parsed_address();
            let bit = if let Kind::Bit(bit) = address.kind { Some(bit) } else { None };
            for at in u32::from(address.offset)..address.end() {
                assert!(taken.insert(format!("{:?} {:?} {at} {bit:?}", signal.plc, address.table)), "{}", signal.tag());
            }
        }
    }

    #[test]
    fn a_register_keeps_the_measurement_to_its_resolution() {
        let mut plant = Plant::new(1, Schedule::default());
        plant.step(5.0);
        let measured = plant.measure();
        for signal in &SIGNALS {
            let value = signal.engineering(&measured).unwrap_or_else(|| panic!("{} has no value", signal.tag()));
            if let Some((low, high)) = signal.normal {
                let number = value.as_f64().unwrap();
                assert!((low..=high).contains(&number), "{} {number} is not within {low} to {high}", signal.tag());
            }
        }
        let temperature = SIGNALS.iter().find(|signal| signal.signal == "bearing_temperature").unwrap();
        let seen = temperature.engineering(&measured).unwrap().as_f64().unwrap();
        assert!((seen - measured.bearing_temperature.unwrap()).abs() <= 0.05 + 1e-9);
    }

    #[test]
    fn a_broken_wire_gives_no_value_for_what_hangs_on_it() {
        let mut plant = Plant::new(1, Schedule::default());
        plant.set_fault(Fault::SensorBreak, true);
        plant.step(1.0);
        let measured = plant.measure();
        let without: Vec<_> = SIGNALS
            .iter()
            .filter(|signal| signal.engineering(&measured).is_none())
            .map(|signal| signal.signal)
            .collect();
        assert_eq!(without, ["vibration_de", "bearing_temperature"]);
    }
}
