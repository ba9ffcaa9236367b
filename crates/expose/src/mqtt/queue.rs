//! Messages waiting for the broker: bounded in bytes, the oldest dropped, every one of them counted.
//!
//! Offered = sent + dropped + waiting, always. *Sent* is handed to the network (QoS 0) or acknowledged (QoS 1).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use tokio::sync::Notify;

use super::{Message, packet};

/// Messages sent and not yet acknowledged.
const WINDOW: usize = 256;
/// What a message costs beside its topic and payload.
const OVERHEAD: usize = 64;

/// What came in and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handed in.
    pub offered: u64,
    /// Gone to the broker.
    pub sent: u64,
    /// Thrown away.
    pub dropped: u64,
    /// Not yet sent, or not yet acknowledged.
    pub waiting: u64,
}

#[derive(Debug)]
pub(super) struct Queue {
    limit: usize,
    acknowledged: bool,
    retain: bool,
    inner: Mutex<Inner>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Message>,
    bytes: usize,
    /// Being written with QoS 0.
    writing: u64,
    /// Written with QoS 1, the oldest first.
    in_flight: VecDeque<(u16, Message)>,
    last_id: u16,
    counts: Counts,
    dropped_lately: bool,
}

impl Queue {
    pub(super) fn new(limit: usize, acknowledged: bool, retain: bool) -> Self {
        Self { limit, acknowledged, retain, inner: Mutex::default(), more: Notify::new() }
    }

    /// Takes a message. Never waits.
    pub(super) fn offer(&self, message: Message) {
        let mut inner = self.inner();
        inner.counts.offered += 1;
        inner.bytes += cost(&message);
        inner.waiting.push_back(message);
        inner.shrink(self.limit);
        drop(inner);
        self.more.notify_one();
    }

    /// Waits until something can be sent.
    pub(super) async fn ready(&self) {
        loop {
            let more = self.more.notified();
            if self.inner().can_send() {
                return;
            }
            more.await;
        }
    }

    /// Appends messages as packets, about `most` bytes of them. Until [`Queue::written`] they are being written.
    pub(super) fn encode(&self, out: &mut BytesMut, most: usize) {
        let mut inner = self.inner();
        while out.len() < most && inner.can_send() {
            let Some(message) = inner.waiting.pop_front() else { break };
            inner.bytes -= cost(&message);
            if self.acknowledged {
                let id = inner.next_id();
                packet::publish(out, &message, Some(id), self.retain);
                inner.in_flight.push_back((id, message));
            } else {
                packet::publish(out, &message, None, self.retain);
                inner.writing += 1;
            }
        }
    }

    /// What was being written is with the network now.
    pub(super) fn written(&self) {
        let mut inner = self.inner();
        inner.counts.sent += std::mem::take(&mut inner.writing);
    }

    /// The broker has it. False: it acknowledged what nobody sent.
    pub(super) fn acknowledge(&self, id: u16) -> bool {
        let mut inner = self.inner();
        let Some(at) = inner.in_flight.iter().position(|(sent, _)| *sent == id) else { return false };
        inner.in_flight.remove(at);
        inner.counts.sent += 1;
        drop(inner);
        self.more.notify_one();
        true
    }

    /// The connection is gone: what was being written may be lost, what was not acknowledged is sent again.
    pub(super) fn broken(&self) {
        let mut inner = self.inner();
        let lost = std::mem::take(&mut inner.writing);
        inner.drop_count(lost);
        while let Some((_, message)) = inner.in_flight.pop_back() {
            inner.bytes += cost(&message);
            inner.waiting.push_front(message);
        }
        inner.shrink(self.limit);
    }

    /// Nothing will be sent any more.
    pub(super) fn close(&self) {
        self.broken();
        self.inner().shrink(0);
    }

    /// Whether everything is with the broker.
    pub(super) fn is_empty(&self) -> bool {
        self.inner().left() == 0
    }

    /// Whether everything is with the broker after something was dropped; says so once.
    pub(super) fn caught_up(&self) -> bool {
        let mut inner = self.inner();
        inner.left() == 0 && std::mem::take(&mut inner.dropped_lately)
    }

    pub(super) fn counts(&self) -> Counts {
        let inner = self.inner();
        Counts { waiting: inner.left(), ..inner.counts }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn can_send(&self) -> bool {
        !self.waiting.is_empty() && self.in_flight.len() < WINDOW
    }

    fn left(&self) -> u64 {
        (self.waiting.len() + self.in_flight.len()) as u64 + self.writing
    }

    fn shrink(&mut self, limit: usize) {
        while self.bytes > limit {
            let Some(oldest) = self.waiting.pop_front() else { break };
            self.bytes -= cost(&oldest);
            self.drop_count(1);
        }
    }

    fn drop_count(&mut self, count: u64) {
        self.counts.dropped += count;
        self.dropped_lately |= count > 0;
    }

    /// Not zero and not in use: there are more numbers than places in the window.
    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            let used = self.in_flight.iter().any(|(id, _)| *id == self.last_id);
            if self.last_id != 0 && !used {
                return self.last_id;
            }
        }
    }
}

fn cost(message: &Message) -> usize {
    message.topic.len() + message.payload.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(number: u32) -> Message {
        Message { topic: "t".into(), payload: number.to_be_bytes().to_vec() }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Offer,
        Send(usize),
        Acknowledge(usize),
        Break,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => Just(Step::Offer),
            2 => (1..400_usize).prop_map(Step::Send),
            2 => (0..4_usize).prop_map(Step::Acknowledge),
            1 => Just(Step::Break),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_without_being_counted(
            steps in prop::collection::vec(step(), 0..200),
            acknowledged in any::<bool>(),
            room in 1..30_usize,
        ) {
            let queue = Queue::new(room * cost(&message(0)), acknowledged, false);
            let mut offered = 0;
            for step in steps {
                match step {
                    Step::Offer => {
                        queue.offer(message(offered));
                        offered += 1;
                    }
                    Step::Send(most) => {
                        queue.encode(&mut BytesMut::new(), most);
                        queue.written();
                    }
                    Step::Acknowledge(at) => {
                        let id = queue.inner().in_flight.get(at).map(|(id, _)| *id);
                        prop_assert_eq!(queue.acknowledge(id.unwrap_or(0)), id.is_some());
                    }
                    Step::Break => {
                        queue.encode(&mut BytesMut::new(), 100);
                        queue.broken();
                    }
                }
                let Counts { offered: taken, sent, dropped, waiting } = queue.counts();
                prop_assert_eq!(taken, u64::from(offered));
                prop_assert_eq!(taken, sent + dropped + waiting);
                prop_assert!(queue.inner().bytes <= queue.limit);
                let kept: Vec<Message> = {
                    let inner = queue.inner();
                    inner.in_flight.iter().map(|(_, message)| message.clone()).chain(inner.waiting.iter().cloned()).collect()
                };
                prop_assert!(kept.is_sorted_by(|one, next| one.payload < next.payload), "order is kept");
            }
            queue.close();
            prop_assert_eq!(queue.counts().waiting, 0);
        }
    }

    #[test]
    fn when_too_much_waits_the_oldest_goes() {
        let queue = Queue::new(2 * cost(&message(0)), false, false);
        (0..3).for_each(|number| queue.offer(message(number)));
        assert_eq!(queue.counts(), Counts { offered: 3, sent: 0, dropped: 1, waiting: 2 });
        let mut out = BytesMut::new();
        queue.encode(&mut out, 1000);
        assert!(!queue.caught_up());
        queue.written();
        assert!(queue.caught_up(), "everything is sent after a drop");
        assert!(!queue.caught_up(), "and that is said once");
        assert!(out.ends_with(&2_u32.to_be_bytes()));
    }
}
