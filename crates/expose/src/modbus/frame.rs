//! Requests and answers on the wire: the MBAP header of Modbus TCP, address and checksum of Modbus RTU.

use std::io;

use drivers::modbus::crc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::answer::MAX_PDU;

/// How requests are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP.
    Tcp,
    /// Modbus RTU, in a TCP stream or on a serial line.
    Rtu,
}

/// One request and what its answer has to repeat.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) unit: u8,
    pub(crate) pdu: Vec<u8>,
    transaction: [u8; 2],
}

/// Reads one request; none when the other side has gone. A serial line that lost its frame boundary is an error:
/// the caller throws away what is left and begins again.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S, framing: Framing) -> io::Result<Option<Asked>> {
    let mut first = [0];
    if stream.read(&mut first).await? == 0 {
        return Ok(None);
    }
    match framing {
        Framing::Tcp => read_tcp(stream, first[0]).await.map(Some),
        Framing::Rtu => read_rtu(stream, first[0]).await.map(Some),
    }
}

async fn read_tcp<S: AsyncRead + Unpin>(stream: &mut S, first: u8) -> io::Result<Asked> {
    let mut header = [0; 6];
    stream.read_exact(&mut header).await?;
    let [second, protocol_high, protocol_low, length_high, length_low, unit] = header;
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    if (protocol_high, protocol_low) != (0, 0) || !(2..=MAX_PDU + 1).contains(&length) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no Modbus TCP header"));
    }
    let mut pdu = vec![0; length - 1];
    stream.read_exact(&mut pdu).await?;
    Ok(Asked { unit, pdu, transaction: [first, second] })
}

async fn read_rtu<S: AsyncRead + Unpin>(stream: &mut S, unit: u8) -> io::Result<Asked> {
    let function = stream.read_u8().await?;
    let mut pdu = vec![function];
    let mut more = async |stream: &mut S, count: usize| {
        let from = pdu.len();
        pdu.resize(from + count, 0);
        stream.read_exact(pdu.get_mut(from..).unwrap_or_default()).await.map(|_| pdu.last().copied().unwrap_or(0))
    };
    match function {
        1..=6 | 8 => more(stream, 4).await?,
        15 | 16 => {
            let bytes = more(stream, 5).await?;
            more(stream, usize::from(bytes)).await?
        }
        22 => more(stream, 6).await?,
        23 => {
            let bytes = more(stream, 9).await?;
            more(stream, usize::from(bytes)).await?
        }
        43 => more(stream, 3).await?,
        7 | 11 | 12 | 17 => 0,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "a function of unknown length")),
    };
    let mut check = [0; 2];
    stream.read_exact(&mut check).await?;
    let body = [&[unit], pdu.as_slice()].concat();
    if crc(&body).to_le_bytes() != check {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a wrong checksum"));
    }
    Ok(Asked { unit, pdu, transaction: [0, 0] })
}

/// Sends the answer to `asked`.
pub(crate) async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    framing: Framing,
    asked: &Asked,
    pdu: &[u8],
) -> io::Result<()> {
    let body = [&[asked.unit], pdu].concat();
    let frame = match framing {
        Framing::Tcp => {
            let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
            [&asked.transaction, &[0, 0], &length, body.as_slice()].concat()
        }
        Framing::Rtu => [body.as_slice(), &crc(&body).to_le_bytes()].concat(),
    };
    stream.write_all(&frame).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tcp_request_keeps_its_transaction_and_unit() {
        let mut bytes: &[u8] = &[0x12, 0x34, 0, 0, 0, 6, 9, 3, 0, 1, 0, 2];
        let asked = read(&mut bytes, Framing::Tcp).await.unwrap().unwrap();
        assert_eq!((asked.unit, asked.pdu.as_slice()), (9, [3, 0, 1, 0, 2].as_slice()));
        let mut out = Vec::new();
        write(&mut out, Framing::Tcp, &asked, &[3, 2, 0, 7]).await.unwrap();
        assert_eq!(out, [0x12, 0x34, 0, 0, 0, 5, 9, 3, 2, 0, 7]);
    }

    #[tokio::test]
    async fn what_is_no_header_or_has_a_wrong_checksum_is_an_error() {
        let mut web: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
        assert!(read(&mut web, Framing::Tcp).await.is_err());
        let mut wrong: &[u8] = &[1, 3, 0, 0, 0, 1, 0, 0];
        assert!(read(&mut wrong, Framing::Rtu).await.is_err());
        let mut right: &[u8] = &[1, 3, 0, 0, 0, 1, 0x84, 0x0A];
        assert_eq!(read(&mut right, Framing::Rtu).await.unwrap().unwrap().pdu, [3, 0, 0, 0, 1]);
        let mut gone: &[u8] = &[];
        assert_eq!(read(&mut gone, Framing::Rtu).await.unwrap(), None);
    }
}
