//! A session with a broker: connects, sends what waits at once, comes back after whatever went wrong.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use domain::Problem;
use drivers::Backoff;
use rumqttc::mqttbytes::v4::Packet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::connect::{Stream, connect};
use super::queue::Queue;
use super::told::Told;
use super::{Message, Settings, packet};

/// About so many bytes go out at once, when so many wait.
const AT_ONCE: usize = 64 * 1024;
/// A broker that takes nothing for so long is given up.
const WRITE: Duration = Duration::from_secs(10);
/// How often we ask whether it is there.
const PING: Duration = Duration::from_secs(packet::KEEP_ALIVE as u64 / 3);
/// A broker that says nothing for so long is given up: it should have answered four times.
const SILENCE: Duration = Duration::from_secs(packet::KEEP_ALIVE as u64 * 3 / 2);
/// What waits when we are asked to stop has so long.
const FAREWELL: Duration = Duration::from_secs(2);
/// After drops everything is sent again, at most this often.
const RESEND: Duration = Duration::from_secs(30);

/// See the module. Made by [`super::Publisher::new`].
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    queue: Arc<Queue>,
    told: Arc<Told>,
    resend: watch::Sender<u64>,
}

impl Session {
    pub(super) fn new(settings: Settings, queue: Arc<Queue>, told: Arc<Told>, resend: watch::Sender<u64>) -> Self {
        Self { settings, queue, told, resend }
    }

    /// Runs until `stop`; what is left then has two seconds, and what remains after them is counted as dropped.
    pub async fn run(self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        while !stop.is_cancelled() {
            let connected = select! {
                () = stop.cancelled() => break,
                connected = connect(&self.settings) => connected,
            };
            let problem = match connected {
                Ok(stream) => {
                    self.told.connected();
                    tracing::info!(outlet = self.settings.name, "The broker is connected");
                    self.resend.send_modify(|number| *number += 1);
                    let ended = select! {
                        ended = self.talk(stream, &stop, &mut backoff) => ended,
                        // a broker that does not read must not hold up the end
                        () = async { stop.cancelled().await; sleep(FAREWELL * 2).await; } => break,
                    };
                    match ended {
                        Ok(()) => break,
                        Err(error) => self.ended(&error),
                    }
                }
                Err(problem) => problem,
            };
            self.queue.broken();
            if self.told.failed(problem.clone()) {
                tracing::warn!(outlet = self.settings.name, %problem, "The broker is not connected");
            }
            let wait = backoff.fail(rand::random());
            select! {
                () = stop.cancelled() => break,
                () = sleep(wait) => {}
            }
        }
        self.queue.close();
        self.told.ended();
    }

    fn ended(&self, error: &io::Error) -> Problem {
        let what = match error.kind() {
            io::ErrorKind::TimedOut => "the broker stopped answering",
            io::ErrorKind::WriteZero => "the broker stopped reading",
            _ => "the broker ended the connection",
        };
        Problem::new("outlet.lost", &self.settings.name, what).why(error.to_string())
    }

    /// Sends and listens until something breaks, or until it was told to stop and said good-bye.
    async fn talk(
        &self,
        mut stream: Box<dyn Stream>,
        stop: &CancellationToken,
        backoff: &mut Backoff,
    ) -> io::Result<()> {
        let (mut out, mut came) = (BytesMut::with_capacity(AT_ONCE), BytesMut::with_capacity(1024));
        self.say(&mut out, packet::ONLINE);
        send(&mut stream, &mut out).await?;
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut resent) = (Instant::now(), Instant::now());
        let mut leave = None;
        loop {
            select! {
                () = self.queue.ready() => {
                    self.queue.encode(&mut out, AT_ONCE);
                    send(&mut stream, &mut out).await?;
                    self.queue.written();
                }
                read = stream.read_buf(&mut came) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    heard = Instant::now();
                    self.hear(&mut came)?;
                    backoff.succeed();
                }
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    packet::ping(&mut out);
                    send(&mut stream, &mut out).await?;
                }
                () = stop.cancelled(), if leave.is_none() => leave = Some(Instant::now() + FAREWELL),
                () = sleep_until(leave.unwrap_or_else(Instant::now)), if leave.is_some() => break,
            }
            if leave.is_some() && self.queue.is_empty() {
                break;
            }
            if resent.elapsed() > RESEND && self.queue.caught_up() {
                resent = Instant::now();
                self.resend.send_modify(|number| *number += 1);
            }
        }
        self.say(&mut out, packet::OFFLINE);
        packet::disconnect(&mut out);
        send(&mut stream, &mut out).await?;
        stream.shutdown().await
    }

    /// Our status, kept by the broker: QoS 0, because nobody waits for it.
    fn say(&self, out: &mut BytesMut, payload: &[u8]) {
        let message = Message { topic: self.settings.status_topic.as_str().into(), payload: payload.to_vec() };
        packet::publish(out, &message, None, true);
    }

    /// Takes in what the broker said.
    fn hear(&self, came: &mut BytesMut) -> io::Result<()> {
        let nonsense = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        while let Some(packet) = packet::read(came).map_err(|error| nonsense(error.to_string()))? {
            match packet {
                Packet::PubAck(ack) if self.queue.acknowledge(ack.pkid) => {}
                Packet::PingResp => {}
                other => return Err(nonsense(format!("it sent what nobody asked for: {other:?}"))),
            }
        }
        Ok(())
    }
}

/// Writes everything at once; a broker that takes nothing is an error.
async fn send(stream: &mut Box<dyn Stream>, out: &mut BytesMut) -> io::Result<()> {
    let written = timeout(WRITE, async {
        stream.write_all(out).await?;
        stream.flush().await
    });
    written.await.map_err(|_| io::Error::from(io::ErrorKind::WriteZero))??;
    out.clear();
    Ok(())
}
