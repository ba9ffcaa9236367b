//! Modbus TCP servers: good, slow and dead ones.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::rhythm::Rhythm;

/// Opens all of them; gives the line that says where they are.
pub fn open(rhythm: &Arc<Rhythm>, good: u32, slow: u32, dead: u32) -> io::Result<String> {
    let mut ports = [Vec::new(), Vec::new(), Vec::new()];
    for device in 0..good {
        ports[0].push(serve(rhythm, "good", device, |_| Duration::from_millis(2))?);
    }
    for device in 0..slow {
        ports[1].push(serve(rhythm, "slow", device, |number| Duration::from_millis(900 + u64::from(spread(number) % 2100)))?);
    }
    for device in 0..dead {
        ports[2].push(match device % 3 {
            0 => nobody()?,
            1 => silent()?,
            _ => full()?,
        });
    }
    let list = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    Ok(format!("{{\"good\":[{}],\"slow\":[{}],\"dead\":[{}]}}", list(&ports[0]), list(&ports[1]), list(&ports[2])))
}

fn serve(rhythm: &Arc<Rhythm>, class: &'static str, device: u32, wait: fn(u32) -> Duration) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let rhythm = Arc::clone(rhythm);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let rhythm = Arc::clone(&rhythm);
            thread::spawn(move || answer(stream, &rhythm, class, device, wait));
        }
    });
    Ok(port)
}

/// Reads holding registers (function 3); anything else is refused.
fn answer(mut stream: TcpStream, rhythm: &Rhythm, class: &'static str, device: u32, wait: fn(u32) -> Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut number = device;
    loop {
        let mut request = [0; 12];
        stream.read_exact(&mut request)?;
        let came = Instant::now();
        let (function, start) = (request[7], u16::from_be_bytes([request[8], request[9]]));
        let count = u16::from_be_bytes([request[10], request[11]]);
        if start == 0 {
            rhythm.scan(class, device, came);
        }
        number = number.wrapping_add(1);
        thread::sleep(wait(number));
        let mut answer = request[..4].to_vec();
        if function == 3 && (1..=125).contains(&count) {
            answer.extend((3 + count * 2).to_be_bytes());
            answer.extend([request[6], function, (count * 2) as u8]);
            answer.extend((start..start + count).flat_map(|at| (at ^ number as u16).to_be_bytes()));
        } else {
            answer.extend([0, 3, request[6], function | 0x80, 1]);
        }
        stream.write_all(&answer)?;
    }
}

/// A port on which nobody listens.
fn nobody() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Accepts, and never says a word.
fn silent() -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || io::copy(&mut stream, &mut io::sink()));
        }
    });
    Ok(port)
}

/// Listens with a full queue: connecting ends in nothing, as behind a firewall that drops.
fn full() -> io::Result<u16> {
    /// More than any queue that the standard library asks for.
    const MOST: usize = 5000;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address: SocketAddr = listener.local_addr()?;
    let mut queued = Vec::new();
    while queued.len() < MOST {
        match TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            Ok(stream) => queued.push(stream),
            Err(_) => break,
        }
    }
    thread::spawn(move || {
        let _held = (listener, queued);
        loop {
            thread::park();
        }
    });
    Ok(address.port())
}

fn spread(number: u32) -> u32 {
    (number.wrapping_mul(2_654_435_761)) >> 8
}
