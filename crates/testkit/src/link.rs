//! A TCP link that misbehaves on command: holds replies back, goes silent, breaks, refuses.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// A proxy on loopback. Dropping it breaks all its connections.
pub struct FaultyLink {
    addr: SocketAddr,
    faults: Arc<Faults>,
    task: JoinHandle<()>,
}

struct Faults {
    delay_each: AtomicU64,
    delay_ms: AtomicU64,
    garble_each: AtomicU64,
    replies: AtomicU64,
    connections: AtomicU64,
    refusing: AtomicBool,
    silent: watch::Sender<bool>,
    cuts: watch::Sender<u64>,
}

impl FaultyLink {
    /// Listens on a free port and passes everything on to `target`.
    pub async fn to(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let faults = Arc::new(Faults {
            delay_each: AtomicU64::new(0),
            delay_ms: AtomicU64::new(0),
            garble_each: AtomicU64::new(0),
            replies: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            refusing: AtomicBool::new(false),
            silent: watch::Sender::new(false),
            cuts: watch::Sender::new(0),
        });
        let task = tokio::spawn(accept(listener, target, Arc::clone(&faults)));
        Ok(Self { addr, faults, task })
    }

    /// Where to connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Holds back each `n`-th reply (counted over all connections), and everything behind it; 0 holds back none.
    pub fn delay_each(&self, n: u64, delay: Duration) {
        self.faults.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.faults.delay_each.store(n, Ordering::Relaxed);
    }

    /// Turns over bits of one byte in each `n`-th reply; 0 leaves all as they are.
    pub fn garble_each(&self, n: u64) {
        self.faults.garble_each.store(n, Ordering::Relaxed);
    }

    /// Keeps replies until told otherwise; they come then.
    pub fn silence(&self, silent: bool) {
        self.faults.silent.send_replace(silent);
    }

    /// Breaks all connections now. New ones work.
    pub fn cut(&self) {
        self.faults.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Closes new connections at once.
    pub fn refuse(&self, refuse: bool) {
        self.faults.refusing.store(refuse, Ordering::Relaxed);
    }

    /// How many pieces have come back from the target.
    pub fn replies(&self) -> u64 {
        self.faults.replies.load(Ordering::Relaxed)
    }

    /// How many connections there have been.
    pub fn connections(&self) -> u64 {
        self.faults.connections.load(Ordering::Relaxed)
    }
}

impl Drop for FaultyLink {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, faults: Arc<Faults>) {
    while let Ok((near, _)) = listener.accept().await {
        if faults.refusing.load(Ordering::Relaxed) {
            continue;
        }
        faults.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(relay(near, target, Arc::clone(&faults)));
    }
}

async fn relay(near: TcpStream, target: SocketAddr, faults: Arc<Faults>) {
    let mut cuts = faults.cuts.subscribe();
    let Ok(far) = TcpStream::connect(target).await else { return };
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_err() {
        return;
    }
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::select! {
        _ = requests(near_read, far_write) => {}
        _ = replies(far_read, near_write, &faults) => {}
        _ = cuts.changed() => {}
    }
}

async fn requests(mut near: OwnedReadHalf, mut far: OwnedWriteHalf) -> io::Result<()> {
    tokio::io::copy(&mut near, &mut far).await.map(|_| ())
}

async fn replies(mut far: OwnedReadHalf, mut near: OwnedWriteHalf, faults: &Faults) -> io::Result<()> {
    let mut silent = faults.silent.subscribe();
    let mut bytes = vec![0; 4096];
    loop {
        let count = far.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        let number = faults.replies.fetch_add(1, Ordering::Relaxed) + 1;
        let each = faults.delay_each.load(Ordering::Relaxed);
        if each > 0 && number.is_multiple_of(each) {
            sleep(Duration::from_millis(faults.delay_ms.load(Ordering::Relaxed))).await;
        }
        let garble = faults.garble_each.load(Ordering::Relaxed);
        if garble > 0 && number.is_multiple_of(garble) {
            let hit = usize::try_from(number).unwrap_or(0) % count;
            bytes.iter_mut().skip(hit).take(1).for_each(|byte| *byte ^= 0x55);
        }
        if silent.wait_for(|silent| !silent).await.is_err() {
            return Ok(());
        }
        near.write_all(bytes.get(..count).unwrap_or_default()).await?;
    }
}
