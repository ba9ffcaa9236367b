//! Connections of the Modbus server: accept, answer one request after the other, go away when asked to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::answer;
use super::frame::{self, Framing};
use super::registers::{Manner, Registers};

/// More masters than this at a time are turned away.
pub const MAX_CONNECTIONS: usize = 32;

/// A master that says nothing for so long has gone.
const IDLE: Duration = Duration::from_mins(5);

/// A line that is quiet for so long is between two frames.
const QUIET: Duration = Duration::from_millis(50);

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct ModbusServer {
    addr: Option<SocketAddr>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl ModbusServer {
    /// Listens on `listen` (port 0 picks a free one) and answers from `registers`.
    pub async fn start(listen: SocketAddr, framing: Framing, registers: Arc<dyn Registers>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let server =
            Self { addr: Some(listener.local_addr()?), stop: CancellationToken::new(), tasks: TaskTracker::new() };
        let (stop, tasks) = (server.stop.clone(), server.tasks.clone());
        server.tasks.spawn(server.stop.clone().run_until_cancelled_owned(async move {
            accept(listener, framing, registers, &stop, &tasks).await;
        }));
        Ok(server)
    }

    /// Answers on an open serial port.
    pub fn serve_port(port: tokio_serial::SerialStream, registers: Arc<dyn Registers>) -> Self {
        let server = Self { addr: None, stop: CancellationToken::new(), tasks: TaskTracker::new() };
        server.tasks.spawn(server.stop.clone().run_until_cancelled_owned(async move {
            if let Err(error) = serve(port, Framing::Rtu, registers, None).await {
                tracing::warn!(%error, "The serial port of the Modbus server failed");
            }
        }));
        server
    }

    /// Where it listens; none on a serial port.
    pub fn addr(&self) -> Option<SocketAddr> {
        self.addr
    }

    /// Stops listening, closes all connections, and returns when that is done.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for ModbusServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    framing: Framing,
    registers: Arc<dyn Registers>,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // out of file handles, mostly: it passes
                tracing::warn!(%error, "Could not accept a Modbus connection");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(%peer, "Too many Modbus connections; this one was turned away");
            continue;
        };
        let registers = Arc::clone(&registers);
        tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
            if let Err(error) = serve_tcp(stream, framing, registers).await {
                tracing::debug!(%peer, %error, "A Modbus connection ended");
            }
            drop(place);
        }));
    }
}

async fn serve_tcp(stream: TcpStream, framing: Framing, registers: Arc<dyn Registers>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    serve(stream, framing, registers, Some(IDLE)).await
}

/// Answers one request after the other until the other side goes, says nothing for `idle`, or talks nonsense.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    framing: Framing,
    registers: Arc<dyn Registers>,
    idle: Option<Duration>,
) -> io::Result<()> {
    loop {
        let request = frame::read(&mut stream, framing);
        let asked = match idle {
            Some(idle) => match timeout(idle, request).await {
                Ok(asked) => asked,
                Err(_) => return Ok(()),
            },
            None => request.await,
        };
        let asked = match asked {
            Ok(Some(asked)) => asked,
            Ok(None) => return Ok(()),
            Err(error) if framing == Framing::Rtu && error.kind() == io::ErrorKind::InvalidData => {
                skip_to_next_frame(&mut stream).await?;
                continue;
            }
            Err(error) => return Err(error),
        };
        match registers.manner(asked.unit) {
            Manner::Prompt => {}
            Manner::After(wait) => sleep(wait).await,
            Manner::Silent => continue,
        }
        let reply = answer(registers.as_ref(), asked.unit, &asked.pdu).await;
        match timeout(IDLE, frame::write(&mut stream, framing, &asked, &reply)).await {
            Ok(written) => written?,
            Err(_) => return Ok(()),
        }
    }
}

/// Throws away bytes until the line is quiet: frames of a serial line have no other beginning.
async fn skip_to_next_frame<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut bin = [0; 256];
    while let Ok(read) = timeout(QUIET, stream.read(&mut bin)).await {
        if read? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
