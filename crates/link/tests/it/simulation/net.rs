//! A network of messages that are late, lost, doubled, out of order or altered.

use link::up::site::{Answer, Request, Ticket};
use rand::Rng;
use rand::rngs::StdRng;

/// Which start of which box sent it; an answer reaches nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub place: usize,
    pub start: u64,
    pub ticket: Ticket,
}

#[derive(Clone, Debug)]
pub enum Message {
    Request(Sender, domain::Id, Request),
    Parcel(Sender, domain::Id, u64, Vec<u8>),
    Answer(Sender, Answer),
}

#[derive(Default)]
pub struct Net {
    /// When it arrives, and in which order it was sent.
    under_way: Vec<(u64, u64, Message)>,
    sent: u64,
    pub calm: bool,
}

impl Net {
    pub fn send(&mut self, now: u64, message: Message, rng: &mut StdRng) {
        if self.calm {
            self.put(now + 1, message);
            return;
        }
        if rng.random_bool(0.1) {
            return;
        }
        let copies = if rng.random_bool(0.1) { 2 } else { 1 };
        for _ in 0..copies {
            let delay = if rng.random_bool(0.1) { rng.random_range(0..20_000) } else { rng.random_range(0..200) };
            let mut message = message.clone();
            if let Message::Parcel(_, _, _, bytes) = &mut message
                && rng.random_bool(0.02)
                && !bytes.is_empty()
            {
                let at = rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
            }
            self.put(now + delay, message);
        }
    }

    fn put(&mut self, at: u64, message: Message) {
        self.sent += 1;
        self.under_way.push((at, self.sent, message));
    }

    /// The next message that is due, if any.
    pub fn due(&mut self, now: u64) -> Option<Message> {
        let next = self.under_way.iter().enumerate().filter(|(_, (at, ..))| *at <= now);
        let (place, _) = next.min_by_key(|(_, (at, order, _))| (*at, *order))?;
        Some(self.under_way.swap_remove(place).2)
    }

    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}
