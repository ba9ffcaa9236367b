//! A half-duplex serial line between a terminal and a server of serial frames: every byte takes its time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::rhythm::Rhythm;

/// Requests of functions 1 to 4 and of the echo (8) have this length.
const REQUEST: usize = 8;

struct Wire {
    character: Duration,
    turnaround: Duration,
    /// The last unit that answers.
    alive: u32,
    /// Until when it is in use.
    until: Mutex<Instant>,
}

/// Waits for a terminal on a port of its own; gives the line that says which.
pub fn open(rhythm: &Arc<Rhythm>, server: u32, baud: u32, bits: u32, turnaround_ms: u32, alive: u32) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let server = u16::try_from(server).map_err(io::Error::other)?;
    let wire = Arc::new(Wire {
        character: Duration::from_secs_f64(f64::from(bits) / f64::from(baud)),
        turnaround: Duration::from_millis(turnaround_ms.into()),
        alive,
        until: Mutex::new(Instant::now()),
    });
    let rhythm = Arc::clone(rhythm);
    thread::spawn(move || {
        for terminal in listener.incoming().flatten() {
            if let Err(error) = carry(terminal, server, &wire, &rhythm) {
                eprintln!("field: the line ended: {error}");
            }
        }
    });
    Ok(format!("{{\"port\":{port}}}"))
}

fn carry(terminal: TcpStream, server: u16, wire: &Arc<Wire>, rhythm: &Arc<Rhythm>) -> io::Result<()> {
    let units = TcpStream::connect(("127.0.0.1", server))?;
    terminal.set_nodelay(true)?;
    units.set_nodelay(true)?;
    let (to_terminal, from_units) = (terminal.try_clone()?, units.try_clone()?);
    let (answers, heard) = (Arc::clone(wire), Arc::clone(rhythm));
    thread::spawn(move || carry_answers(from_units, to_terminal, &answers, &heard));
    let ended = carry_requests(terminal, &units, wire, rhythm);
    // both ends of the server's connection: the other thread waits on it
    units.shutdown(Shutdown::Both)?;
    ended
}

/// A unit has a request when its last byte has come.
fn carry_requests(mut terminal: TcpStream, mut units: &TcpStream, wire: &Wire, rhythm: &Rhythm) -> io::Result<()> {
    let mut request = [0; REQUEST];
    loop {
        match terminal.read_exact(&mut request) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let came = Instant::now();
        if request[1] == 3 && request[2..4] == [0, 0] {
            let unit = u32::from(request[0]);
            rhythm.scan(if unit <= wire.alive { "unit" } else { "dead" }, unit, came);
        }
        let (begins, collides) = wire.take(came, REQUEST);
        rhythm.moved(REQUEST as u64, collides);
        wait_until(begins + wire.character * REQUEST as u32);
        units.write_all(&request)?;
    }
}

/// An answer is seen byte by byte as it comes off the wire.
fn carry_answers(mut units: TcpStream, mut terminal: TcpStream, wire: &Wire, rhythm: &Rhythm) -> io::Result<()> {
    let mut answer = [0; 512];
    loop {
        let count = units.read(&mut answer)?;
        if count == 0 {
            return Ok(());
        }
        let earliest = *wire.until.lock().expect("no thread panics") + wire.turnaround;
        let (begins, _) = wire.take(earliest.max(Instant::now()), count);
        rhythm.moved(count as u64, false);
        for (index, byte) in answer[..count].iter().enumerate() {
            wait_until(begins + wire.character * (index as u32 + 1));
            terminal.write_all(&[*byte])?;
        }
    }
}

impl Wire {
    /// Takes it from `from` on for so many characters; says when they begin, and whether somebody was still talking.
    fn take(&self, from: Instant, characters: usize) -> (Instant, bool) {
        let mut until = self.until.lock().expect("no thread panics");
        let collides = *until > from;
        let begins = from.max(*until);
        *until = begins + self.character * characters as u32;
        (begins, collides)
    }
}

fn wait_until(moment: Instant) {
    let left = moment.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        thread::sleep(left);
    }
}
