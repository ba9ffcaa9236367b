//! A wire between two programs on this machine that a test can cut, hold, and pull out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the wire is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    /// Connections taken before the last cut are broken.
    cuts: u64,
    /// What is said either way is swallowed, and nobody is told: half-open.
    swallows: bool,
    /// Every piece is held back for so long.
    delay: Duration,
}

/// A TCP proxy on loopback.
pub struct Wire {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Wire {
    /// Passes on to `target`, whether somebody listens there or not.
    pub async fn to(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(watch::Sender::new(State::default()));
        let of_connections = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connection(near, target, of_connections.subscribe()));
            }
        });
        Ok(Self { address, state, task })
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks all connections now, in the middle of whatever passes; new ones work.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Swallows what is said either way without breaking anything, until told otherwise.
    pub fn swallow(&self, swallows: bool) {
        self.state.send_modify(|state| state.swallows = swallows);
    }

    /// Holds every piece back for so long.
    pub fn delay(&self, delay: Duration) {
        self.state.send_modify(|state| state.delay = delay);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn connection(near: TcpStream, target: SocketAddr, state: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(target).await else { return };
    let cuts = state.borrow().cuts;
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let mut watched = state.clone();
    tokio::select! {
        () = pass(near_read, far_write, state.clone()) => {}
        () = pass(far_read, near_write, state) => {}
        _ = watched.wait_for(|state| state.cuts != cuts) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut bytes = vec![0; 2048];
    loop {
        let count = match from.read(&mut bytes).await {
            // that one side hung up is swallowed as well
            Ok(0) | Err(_) => return drop(state.wait_for(|state| !state.swallows).await),
            Ok(count) => count,
        };
        let State { swallows, delay, .. } = *state.borrow();
        tokio::time::sleep(delay).await; // a slow line
        if !swallows && to.write_all(bytes.get(..count).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}
