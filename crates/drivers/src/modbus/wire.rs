//! The bytes of one connection, shared between the Modbus framing and the resynchronisation of serial lines.
//!
//! One task uses it; the lock is never contended. It notes when bytes last moved.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_serial::{DataBits, SerialPortBuilderExt, SerialStream, StopBits};

use crate::url::{Parity, SerialLine};

/// A handle to the stream; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    stream: Stream,
    last_byte: Instant,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Serial(SerialStream),
}

impl Wire {
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        Self::new(Stream::Tcp(stream))
    }

    /// Opens and sets a serial port; nobody else can open it meanwhile.
    pub(crate) fn serial(line: &SerialLine) -> io::Result<Self> {
        let port = tokio_serial::new(&line.path, line.baud)
            .data_bits(DataBits::Eight)
            .parity(match line.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            })
            .stop_bits(if line.stop_bits == 2 { StopBits::Two } else { StopBits::One })
            .open_native_async()?;
        Ok(Self::new(Stream::Serial(port)))
    }

    fn new(stream: Stream) -> Self {
        Self(Arc::new(Mutex::new(Inner { stream, last_byte: Instant::now() })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a byte was last sent or received.
    pub(crate) fn last_byte(&self) -> Instant {
        self.inner().last_byte
    }

    /// Throws away what arrives until nothing has moved for `quiet`. False when it did not become quiet by `deadline`.
    pub(crate) async fn drain(&mut self, quiet: Duration, deadline: Instant) -> io::Result<bool> {
        let mut bin = [0; 512];
        loop {
            let until = self.last_byte() + quiet;
            if until > deadline {
                return Ok(false);
            }
            match timeout_at(until, self.read(&mut bin)).await {
                Err(_) => return Ok(true),
                Ok(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error),
            }
        }
    }

    /// Reads until `done` is satisfied with what has come, or `patience` is over (false).
    pub(crate) async fn read_until(&mut self, patience: Duration, done: impl Fn(&[u8]) -> bool) -> io::Result<bool> {
        /// A frame has at most 256 bytes; a few of them may have piled up.
        const MAX_BYTES: usize = 4096;
        let mut seen = Vec::new();
        let search = async {
            while !done(&seen) {
                if seen.len() >= MAX_BYTES {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "the line never stops talking"));
                }
                let mut bytes = [0; 256];
                let count = self.read(&mut bytes).await?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                seen.extend(bytes.iter().take(count));
            }
            Ok(())
        };
        match timeout(patience, search).await {
            Ok(found) => found.map(|()| true),
            Err(_) => Ok(false),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner();
        let before = buffer.filled().len();
        ready!(match &mut inner.stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Serial(stream) => Pin::new(stream).poll_read(context, buffer),
        })?;
        if buffer.filled().len() > before {
            inner.last_byte = Instant::now();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.inner();
        let written = ready!(match &mut inner.stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Serial(stream) => Pin::new(stream).poll_write(context, bytes),
        })?;
        inner.last_byte = Instant::now();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Stream::Serial(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Serial(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
