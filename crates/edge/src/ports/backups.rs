//! Backups that go out while the edge runs: one at a time, at half the speed of one processor, and never waiting for ever.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use ::backup::Passphrase;
use async_trait::async_trait;
use domain::Problem;
use domain::said::backup as said;
use server::ports::{self, ByteStream};
use state::Secret;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use crate::backup::{Ready, Source};
use crate::clock::Clock;

/// Pieces under way to whoever takes them.
const PIECES: usize = 4;
const PIECE: usize = 64 << 10;
/// Whoever takes nothing for this long has gone.
const STALL: Duration = Duration::from_mins(1);
/// The longest rest after a piece.
const REST: Duration = Duration::from_millis(100);

/// See the module.
pub(crate) struct Backups {
    pub source: Source,
    pub clock: Arc<Clock>,
    pub one: Arc<Semaphore>,
}

struct Outgoing {
    ready: Ready,
    passphrase: Passphrase,
    permit: OwnedSemaphorePermit,
}

#[async_trait]
impl ports::Backups for Backups {
    async fn prepare(&self, passphrase: Secret, history: bool) -> Result<Box<dyn ports::Backup>, Problem> {
        let passphrase = Passphrase::new(passphrase.reveal())?;
        let permit = Arc::clone(&self.one).try_acquire_owned();
        let permit = permit.map_err(|_| said::UNDER_WAY.problem("the backup", []))?;
        let ready = self.source.ready(history, self.clock.now()).await?;
        Ok(Box::new(Outgoing { ready, passphrase, permit }))
    }
}

impl ports::Backup for Outgoing {
    fn send(self: Box<Self>) -> ByteStream {
        let (sender, receiver) = mpsc::channel(PIECES);
        let handle = Handle::current();
        tokio::task::spawn_blocking(move || {
            let Self { ready, passphrase, permit } = *self;
            let pipe = Pipe { sender: sender.clone(), handle, since: Instant::now() };
            let mut pipe = io::BufWriter::with_capacity(PIECE, pipe);
            if let Err(error) = ready.prepared.write(&mut pipe, &passphrase) {
                let problem = error.problem("the backup");
                tracing::warn!(%problem, "A backup broke off");
                let _gone = sender.blocking_send(Err(io::Error::other(problem)));
            }
            drop(permit);
        });
        Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver))
    }
}

/// A writer into a channel, which rests as long as it worked.
struct Pipe {
    sender: mpsc::Sender<Result<Vec<u8>, io::Error>>,
    handle: Handle,
    since: Instant,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        std::thread::sleep(self.since.elapsed().min(REST));
        let sent = self.handle.block_on(self.sender.send_timeout(Ok(bytes.to_vec()), STALL));
        self.since = Instant::now();
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
