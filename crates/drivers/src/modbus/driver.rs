//! Modbus under the contract: runs the blocks of a plan, writes one value, asks who is there.

use std::time::Duration;

use async_trait::async_trait;
use domain::{Quality, Value};
use tokio_modbus::prelude::ReadCode;
use tokio_modbus::{ExceptionCode, Request, Response};

use crate::driver::{Address, Driver, Identity, ReadGroup, Reading, Unit};
use crate::error::DriverError;
use crate::url::DeviceUrl;

use super::address::{Address as ModbusAddress, Kind, Table};
use super::plan::{Block, ReadPlan};
use super::session::Session;
use super::value;

/// Requests that one reading may spend on finding out which address a device refuses. The rest waits for the next.
const MAX_SPLITS_PER_READING: u32 = 16;

/// A driver for one Modbus line.
pub struct ModbusDriver {
    session: Session,
}

/// What a block came to.
enum Outcome {
    Given(Data),
    /// Some address in it does not exist.
    Refused,
    /// The device does not know the function at all.
    NoSuchFunction,
    /// The device has trouble of its own.
    Failed,
}

enum Data {
    Bits(Vec<bool>),
    Words(Vec<u16>),
}

impl ModbusDriver {
    /// For this URL's line, not yet connected.
    pub fn new(url: DeviceUrl) -> Self {
        Self { session: Session::new(url) }
    }

    async fn read_plan(&mut self, plan: &mut ReadPlan) -> Result<Vec<Reading>, DriverError> {
        let mut readings = vec![Reading::bad(Quality::UNKNOWN_ADDRESS); plan.len()];
        let mut splits = 0;
        let mut index = 0;
        while index < plan.blocks().len() {
            // the block and, if it is refused, the parts it falls into
            let first = index;
            let mut end = index + 1;
            let mut settled = true;
            while index < end {
                if plan.block_mut(index).is_some_and(Block::rests) {
                    index += 1;
                    continue;
                }
                match self.read_block(plan, index).await? {
                    Outcome::Refused if splits < MAX_SPLITS_PER_READING && plan.split(index) => {
                        splits += 1;
                        end += 1;
                        continue;
                    }
                    Outcome::Refused if plan.blocks()[index].is_single() => rest(plan, index),
                    Outcome::Refused => {
                        settled = false;
                        fill(plan, index, &mut readings, |_, _| Reading::bad(Quality::WAITING));
                    }
                    Outcome::NoSuchFunction => rest(plan, index),
                    Outcome::Failed => fill(plan, index, &mut readings, |_, _| Reading::bad(Quality::DEVICE_FAILURE)),
                    Outcome::Given(data) => {
                        plan.block_mut(index).into_iter().for_each(Block::given);
                        fill(plan, index, &mut readings, |address, offset| reading(address, offset, &data));
                    }
                }
                index += 1;
            }
            if settled && end > first + 1 {
                index = plan.settle(first..end);
            }
        }
        Ok(readings)
    }

    async fn read_block(&mut self, plan: &ReadPlan, index: usize) -> Result<Outcome, DriverError> {
        let block = &plan.blocks()[index];
        let (start, count) = (block.start(), block.count());
        let question = match block.table() {
            Table::Coil => Request::ReadCoils(start, count),
            Table::Discrete => Request::ReadDiscreteInputs(start, count),
            Table::Input => Request::ReadInputRegisters(start, count),
            Table::Holding => Request::ReadHoldingRegisters(start, count),
        };
        match self.session.ask(plan.unit(), &question, plan.timeout, plan.pause).await? {
            Ok(Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits)) => Ok(Outcome::Given(Data::Bits(bits))),
            Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words)) => {
                Ok(Outcome::Given(Data::Words(words)))
            }
            Ok(_) => Ok(Outcome::Failed),
            Err(ExceptionCode::IllegalDataAddress | ExceptionCode::IllegalDataValue) => Ok(Outcome::Refused),
            Err(ExceptionCode::IllegalFunction) => Ok(Outcome::NoSuchFunction),
            Err(exception) => self.unreachable(plan.unit(), exception).map_or(Ok(Outcome::Failed), Err),
        }
    }

    /// A gateway speaks of the unit behind it, not of the address.
    fn unreachable(&self, unit: Unit, exception: ExceptionCode) -> Option<DriverError> {
        matches!(exception, ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice).then(|| {
            DriverError::UnitUnreachable {
                endpoint: self.session.endpoint().to_owned(),
                unit,
                reason: refusal(exception).to_owned(),
            }
        })
    }

    fn refused(&self, unit: Unit, what: String, exception: ExceptionCode) -> DriverError {
        self.unreachable(unit, exception).unwrap_or_else(|| DriverError::Refused {
            endpoint: self.session.endpoint().to_owned(),
            unit,
            what,
            reason: refusal(exception).to_owned(),
        })
    }

    async fn write_modbus(
        &mut self,
        unit: Unit,
        address: ModbusAddress,
        value: &Value,
        timeout: Duration,
    ) -> Result<(), DriverError> {
        let what = || format!("the write to {address}");
        let question = write_request(address, value)
            .map_err(|why| DriverError::NotWritable { address: address.to_string(), why })?;
        match self.session.ask(unit, &question, timeout, Duration::ZERO).await? {
            Ok(_) => Ok(()),
            Err(ExceptionCode::IllegalFunction) => {
                // some devices know only the function for several registers
                let Request::WriteSingleRegister(at, word) = question else {
                    return Err(self.refused(unit, what(), ExceptionCode::IllegalFunction));
                };
                let several = Request::WriteMultipleRegisters(at, vec![word].into());
                let answer = self.session.ask(unit, &several, timeout, Duration::ZERO).await?;
                answer.map(|_| ()).map_err(|exception| self.refused(unit, what(), exception))
            }
            Err(exception) => Err(self.refused(unit, what(), exception)),
        }
    }
}

#[async_trait]
impl Driver for ModbusDriver {
    async fn connect(&mut self, deadline: Duration) -> Result<(), DriverError> {
        self.session.open(deadline).await
    }

    fn is_connected(&self) -> bool {
        self.session.is_open()
    }

    async fn read(&mut self, group: &mut ReadGroup) -> Result<Vec<Reading>, DriverError> {
        let ReadGroup::Modbus(plan) = group;
        self.read_plan(plan).await
    }

    async fn write(
        &mut self,
        unit: Unit,
        address: &Address,
        value: &Value,
        timeout: Duration,
    ) -> Result<(), DriverError> {
        let Address::Modbus(address) = address;
        self.write_modbus(unit, *address, value, timeout).await
    }

    /// Function 43/14 (basic identification), else function 17; devices that know neither tell nothing.
    async fn identify(&mut self, unit: Unit, timeout: Duration) -> Result<Identity, DriverError> {
        let question = Request::ReadDeviceIdentification(ReadCode::Basic, 0);
        match self.session.ask(unit, &question, timeout, Duration::ZERO).await? {
            Ok(Response::ReadDeviceIdentification(answer)) => {
                let object = |id| {
                    let found = answer.device_id_objects.iter().find(|object| object.id == id);
                    found.map(|object| String::from_utf8_lossy(&object.value).trim().to_owned())
                };
                return Ok(Identity { vendor: object(0), product: object(1), version: object(2), name: None });
            }
            Err(exception) if self.unreachable(unit, exception).is_some() => {
                return Err(self.refused(unit, String::new(), exception));
            }
            _ => {}
        }
        match self.session.ask(unit, &Request::ReportServerId, timeout, Duration::ZERO).await? {
            Ok(Response::ReportServerId(_, _, data)) => {
                let name: String = data.iter().map(|byte| char::from(*byte)).filter(|c| !c.is_control()).collect();
                Ok(Identity {
                    name: Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
                    ..Identity::default()
                })
            }
            _ => Ok(Identity::default()),
        }
    }

    async fn close(&mut self) {
        self.session.close().await;
    }
}

fn rest(plan: &mut ReadPlan, index: usize) {
    plan.block_mut(index).into_iter().for_each(Block::rest);
}

fn fill(plan: &ReadPlan, index: usize, readings: &mut [Reading], make: impl Fn(ModbusAddress, usize) -> Reading) {
    for (item, offset) in plan.blocks()[index].items() {
        if let (Some(address), Some(reading)) = (plan.item(item), readings.get_mut(item)) {
            *reading = make(*address, offset);
        }
    }
}

fn reading(address: ModbusAddress, offset: usize, data: &Data) -> Reading {
    let value = match data {
        Data::Bits(bits) => bits.get(offset).map(|bit| Value::Bool(*bit)),
        Data::Words(words) => words.get(offset..).and_then(|words| value::decode(address.kind, words)),
    };
    value.map_or(Reading::bad(Quality::NOT_A_VALUE), Reading::good)
}

fn write_request(address: ModbusAddress, value: &Value) -> Result<Request<'static>, String> {
    match (address.table, address.kind) {
        (Table::Discrete | Table::Input, _) => Err(format!("a {} can only be read", address.table.name())),
        (Table::Coil, _) => value::yes_or_no(value).map(|on| Request::WriteSingleCoil(address.offset, on)),
        (Table::Holding, Kind::Bit(bit)) => {
            let mask = 1 << bit;
            value::yes_or_no(value)
                .map(|on| Request::MaskWriteRegister(address.offset, !mask, if on { mask } else { 0 }))
        }
        (Table::Holding, kind) => value::encode(kind, value).map(|words| match words.as_slice() {
            [word] => Request::WriteSingleRegister(address.offset, *word),
            _ => Request::WriteMultipleRegisters(address.offset, words.into()),
        }),
    }
}

/// The exceptions of the specification (V1.1b3 §7) in words.
fn refusal(exception: ExceptionCode) -> &'static str {
    match exception {
        ExceptionCode::IllegalFunction => "it does not know this function",
        ExceptionCode::IllegalDataAddress => "it has no such address",
        ExceptionCode::IllegalDataValue => "it does not take this value",
        ExceptionCode::ServerDeviceFailure => "it failed while doing so",
        ExceptionCode::Acknowledge => "it has taken the request but needs longer",
        ExceptionCode::ServerDeviceBusy => "it is busy",
        ExceptionCode::MemoryParityError => "its memory is damaged",
        ExceptionCode::GatewayPathUnavailable => "the gateway has no path to it",
        ExceptionCode::GatewayTargetDevice => "the unit behind the gateway does not answer",
        ExceptionCode::Custom(_) => "it gives a code that the specification does not know",
    }
}
