//! One question, one answer, over one connection: time-outs, checks, and never a reply to an older question.
//!
//! A TCP connection that timed out or gave a reply that does not fit is dropped and never used again. A serial line
//! cannot be dropped: its frames carry no number, so a late reply looks like the answer to the next question. After a
//! failure we first stay silent until the line is quiet, then prove that the unit is back in step by an *echo*
//! (function 8, "return query data", Modbus over serial line §4): devices answer in order, so whatever was late has
//! come before the echo. A unit that does not know the function refuses it, which proves the same. A unit that has
//! never answered an echo is asked directly again after [`LONG_SILENCE`].

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_modbus::client::{Client, Context};
use tokio_modbus::prelude::{rtu, tcp};
use tokio_modbus::slave::SlaveContext;
use tokio_modbus::{Error, ExceptionCode, Request, Response, Slave};

use crate::driver::Unit;
use crate::error::DriverError;
use crate::url::DeviceUrl;

use super::crc::crc;
use super::line_time;
use super::wire::Wire;

/// Longer than any device lets a master wait for an answer.
const LONG_SILENCE: Duration = Duration::from_secs(10);

/// A serial line must be quiet for so long before its first use, whoever used it before.
const QUIET_BEFORE_FIRST_USE: Duration = Duration::from_millis(200);

/// What a unit answered: data, or its refusal.
pub(crate) type Answer = Result<Response, ExceptionCode>;

/// A connection and what is known about the units behind it.
pub(crate) struct Session {
    url: DeviceUrl,
    endpoint: String,
    link: Option<Link>,
    /// Who is being asked; still set when the future of a question was dropped before its end.
    asking: Option<Unit>,
    /// Units on a serial line that may still owe an answer, with the time of the question.
    suspects: HashMap<Unit, Instant>,
    /// Units that have answered an echo at least once.
    echoing: HashSet<Unit>,
    echo_number: u16,
}

struct Link {
    wire: Wire,
    context: Context,
}

impl Session {
    pub(crate) fn new(url: DeviceUrl) -> Self {
        let endpoint = url.endpoint();
        Self {
            url,
            endpoint,
            link: None,
            asking: None,
            suspects: HashMap::new(),
            echoing: HashSet::new(),
            echo_number: 0,
        }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn is_open(&self) -> bool {
        self.link.is_some()
    }

    pub(crate) async fn open(&mut self, patience: Duration) -> Result<(), DriverError> {
        self.close().await;
        let deadline = Instant::now() + patience;
        let wire = match &self.url {
            DeviceUrl::ModbusTcp(gateway) | DeviceUrl::ModbusRtuTcp(gateway) => {
                let target = (gateway.host.clone(), gateway.port);
                match timeout_at(deadline, TcpStream::connect(target)).await {
                    Ok(Ok(stream)) => {
                        stream.set_nodelay(true).map_err(|source| self.connect_failed(source))?;
                        Wire::tcp(stream)
                    }
                    Ok(Err(source)) => return Err(self.connect_failed(source)),
                    Err(_) => {
                        return Err(DriverError::ConnectTimedOut { endpoint: self.endpoint.clone(), after: patience });
                    }
                }
            }
            DeviceUrl::ModbusRtu(line) => {
                let mut wire = Wire::serial(line).map_err(|source| self.connect_failed(source))?;
                let quiet = wire.drain(QUIET_BEFORE_FIRST_USE, deadline).await;
                if !quiet.map_err(|source| self.connect_failed(source))? {
                    let babble = io::Error::other("the line does not become quiet; is there a second master on it?");
                    return Err(self.connect_failed(babble));
                }
                wire
            }
        };
        self.attach(wire);
        Ok(())
    }

    pub(crate) async fn close(&mut self) {
        if let Some(mut link) = self.link.take() {
            // the other side may be gone already; there is nothing left to do about that
            let _ = timeout(Duration::from_millis(200), link.context.disconnect()).await;
        }
        if let Some(unit) = self.asking.take() {
            self.suspect(unit, Instant::now());
        }
    }

    /// Asks one unit one question. The answer fits the question in unit, function and length, or it is an error.
    pub(crate) async fn ask(
        &mut self,
        unit: Unit,
        question: &Request<'static>,
        patience: Duration,
        pause: Duration,
    ) -> Result<Answer, DriverError> {
        self.recover_from_dropped_future(patience).await?;
        self.get_into_step(unit, patience).await?;
        let gap = pause.max(frame_gap(&self.url));
        let link = self.link.as_mut().ok_or_else(|| not_connected(&self.endpoint))?;
        sleep_until(link.wire.last_byte() + gap).await;
        self.asking = Some(unit);
        let asked = Instant::now();
        link.context.set_slave(Slave(unit.0));
        let outcome = timeout(patience, link.context.call(question.clone())).await;
        self.asking = None;
        match outcome {
            Ok(Ok(Ok(response))) => match fits(question, response) {
                Ok(response) => Ok(Ok(response)),
                Err(detail) => Err(self.bad_reply(unit, asked, patience, detail).await),
            },
            Ok(Ok(Err(exception))) => Ok(Err(exception)),
            Ok(Err(Error::Protocol(error))) => Err(self.bad_reply(unit, asked, patience, error.to_string()).await),
            Ok(Err(Error::Transport(error))) if is_undecodable(&error) => {
                Err(self.bad_reply(unit, asked, patience, error.to_string()).await)
            }
            Ok(Err(Error::Transport(error))) => Err(self.lost(unit, asked, error)),
            Err(_) => Err(self.timed_out(unit, asked, patience).await),
        }
    }

    fn attach(&mut self, wire: Wire) {
        let context = match &self.url {
            DeviceUrl::ModbusTcp(_) => tcp::attach(wire.clone()),
            DeviceUrl::ModbusRtuTcp(_) | DeviceUrl::ModbusRtu(_) => rtu::attach(wire.clone()),
        };
        self.link = Some(Link { wire, context });
    }

    fn connect_failed(&self, source: io::Error) -> DriverError {
        DriverError::ConnectFailed { endpoint: self.endpoint.clone(), source }
    }

    /// Frames without a number: RTU, over whatever.
    fn is_rtu(&self) -> bool {
        !matches!(self.url, DeviceUrl::ModbusTcp(_))
    }

    fn suspect(&mut self, unit: Unit, asked: Instant) {
        if self.is_rtu() {
            self.suspects.insert(unit, asked);
        }
    }

    async fn timed_out(&mut self, unit: Unit, asked: Instant, patience: Duration) -> DriverError {
        self.suspect(unit, asked);
        let reconnect = !self.calm_down(patience).await;
        DriverError::TimedOut { endpoint: self.endpoint.clone(), unit, after: patience, reconnect }
    }

    async fn bad_reply(&mut self, unit: Unit, asked: Instant, patience: Duration, detail: String) -> DriverError {
        self.suspect(unit, asked);
        let reconnect = !self.calm_down(patience).await;
        DriverError::BadReply { endpoint: self.endpoint.clone(), unit, detail, reconnect }
    }

    fn lost(&mut self, unit: Unit, asked: Instant, source: io::Error) -> DriverError {
        self.suspect(unit, asked);
        self.link = None;
        let source = if matches!(self.url, DeviceUrl::ModbusRtu(_)) { source } else { in_words(source) };
        DriverError::LinkLost { endpoint: self.endpoint.clone(), source }
    }

    /// After a failure. A serial port is drained until nothing has moved for `patience` and gets fresh framing; any
    /// other connection is dropped. True when the link is still there.
    async fn calm_down(&mut self, patience: Duration) -> bool {
        let Some(mut link) = self.link.take() else { return false };
        if !matches!(self.url, DeviceUrl::ModbusRtu(_)) {
            return false;
        }
        let deadline = Instant::now() + patience * 3;
        if matches!(link.wire.drain(patience, deadline).await, Ok(true)) {
            self.attach(link.wire);
            return true;
        }
        false
    }

    async fn recover_from_dropped_future(&mut self, patience: Duration) -> Result<(), DriverError> {
        let Some(unit) = self.asking.take() else { return Ok(()) };
        tracing::warn!(endpoint = %self.endpoint, %unit, "A question was given up half-way; its connection is given up, too");
        self.suspect(unit, Instant::now());
        if self.calm_down(patience).await { Ok(()) } else { Err(not_connected(&self.endpoint)) }
    }

    /// Proves that a unit that failed to answer on a serial line owes nothing any more.
    async fn get_into_step(&mut self, unit: Unit, patience: Duration) -> Result<(), DriverError> {
        let Some(asked) = self.suspects.get(&unit).copied() else { return Ok(()) };
        if !self.echoing.contains(&unit) && asked.elapsed() >= LONG_SILENCE {
            self.suspects.remove(&unit);
            return Ok(());
        }
        self.echo_number = self.echo_number.wrapping_add(1);
        let frame = echo_frame(unit, self.echo_number);
        let link = self.link.as_mut().ok_or_else(|| not_connected(&self.endpoint))?;
        sleep_until(link.wire.last_byte() + frame_gap(&self.url)).await;
        self.asking = Some(unit);
        let found = echo(&mut link.wire, unit, &frame, patience).await;
        self.asking = None;
        match found {
            Ok(true) => {
                self.echoing.insert(unit);
                self.suspects.remove(&unit);
                // fresh framing: nothing read before the echo may be taken for an answer
                let wire = link.wire.clone();
                self.attach(wire);
                Ok(())
            }
            Ok(false) => Err(self.timed_out(unit, asked, patience).await),
            Err(source) => Err(self.lost(unit, asked, source)),
        }
    }
}

/// Bytes came, but they are no answer. (A connection that ends within an answer is of another kind.)
fn is_undecodable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// tokio-modbus reports an orderly end of a TCP connection as whatever the last system call of the thread left behind.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::TimedOut => error,
        _ => io::Error::new(io::ErrorKind::ConnectionAborted, "the other side closed the connection"),
    }
}

fn not_connected(endpoint: &str) -> DriverError {
    DriverError::NotConnected { endpoint: endpoint.to_owned() }
}

/// The silence before the next request.
fn frame_gap(url: &DeviceUrl) -> Duration {
    match url {
        DeviceUrl::ModbusRtu(line) => line_time::frame_gap(line),
        DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) => Duration::ZERO,
    }
}

/// Function 8, sub-function 0: the unit sends back what it got.
fn echo_frame(unit: Unit, number: u16) -> [u8; 8] {
    let [high, low] = number.to_be_bytes();
    let body = [unit.0, 8, 0, 0, high, low];
    let [first, second] = crc(&body).to_le_bytes();
    [unit.0, 8, 0, 0, high, low, first, second]
}

/// Sends an echo and waits until it comes back, or a refusal of it. Everything before that is late and thrown away.
async fn echo(wire: &mut Wire, unit: Unit, frame: &[u8; 8], patience: Duration) -> io::Result<bool> {
    wire.write_all(frame).await?;
    wire.flush().await?;
    let refusal = [unit.0, 0x88];
    wire.read_until(patience, |bytes| {
        bytes.windows(frame.len()).any(|window| window == frame)
            || bytes.windows(5).any(|window| {
                let (body, check) = window.split_at(3);
                body.starts_with(&refusal) && check == crc(body).to_le_bytes()
            })
    })
    .await
}

/// The response if it answers this question: as many bits or words as asked for, or the echo of what was written.
/// Unit, transaction and function have been compared by the framing.
fn fits(question: &Request<'_>, response: Response) -> Result<Response, String> {
    let (expected, got) = match (question, &response) {
        (Request::ReadCoils(_, count), Response::ReadCoils(bits))
        | (Request::ReadDiscreteInputs(_, count), Response::ReadDiscreteInputs(bits)) => {
            (usize::from(*count).next_multiple_of(8), bits.len())
        }
        (Request::ReadHoldingRegisters(_, count), Response::ReadHoldingRegisters(words))
        | (Request::ReadInputRegisters(_, count), Response::ReadInputRegisters(words)) => {
            (usize::from(*count), words.len())
        }
        (Request::WriteSingleCoil(at, on), Response::WriteSingleCoil(echo, echoed)) => {
            return same(at == echo && on == echoed, response);
        }
        (Request::WriteSingleRegister(at, word), Response::WriteSingleRegister(echo, echoed)) => {
            return same(at == echo && word == echoed, response);
        }
        (Request::WriteMultipleRegisters(at, words), Response::WriteMultipleRegisters(echo, count)) => {
            return same(at == echo && words.len() == usize::from(*count), response);
        }
        (Request::MaskWriteRegister(at, and, or), Response::MaskWriteRegister(echo, echoed_and, echoed_or)) => {
            return same(at == echo && and == echoed_and && or == echoed_or, response);
        }
        (Request::ReportServerId, Response::ReportServerId(..))
        | (Request::ReadDeviceIdentification(..), Response::ReadDeviceIdentification(_)) => return Ok(response),
        _ => return Err("it answers another function".to_owned()),
    };
    if expected == got { Ok(response) } else { Err(format!("{expected} values were asked for, {got} came")) }
}

fn same(same: bool, response: Response) -> Result<Response, String> {
    if same { Ok(response) } else { Err("it confirms another write".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_of_another_length_or_function_does_not_fit() {
        let question = Request::ReadHoldingRegisters(7, 2);
        assert!(fits(&question, Response::ReadHoldingRegisters(vec![1, 2])).is_ok());
        assert!(fits(&question, Response::ReadHoldingRegisters(vec![1])).is_err());
        assert!(fits(&question, Response::ReadInputRegisters(vec![1, 2])).is_err());
        let bits = Request::ReadCoils(0, 9);
        assert!(fits(&bits, Response::ReadCoils(vec![true; 16])).is_ok());
        assert!(fits(&bits, Response::ReadCoils(vec![true; 8])).is_err());
        let write = Request::WriteSingleRegister(3, 9);
        assert!(fits(&write, Response::WriteSingleRegister(3, 9)).is_ok());
        assert!(fits(&write, Response::WriteSingleRegister(3, 8)).is_err());
    }
}
