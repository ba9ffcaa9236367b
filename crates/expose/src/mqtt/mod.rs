//! Tags to an MQTT broker (3.1.1, OASIS standard of 2014).
//!
//! `namespace` and `template` make messages of scans; `queue` holds them, bounded and counted; `session` brings them to
//! the broker over what `connect` opened; `told` is what people may know of it.
//!
//! Packets are rumqttc's. Its event loop is not used: it forgets what it holds without a word when the broker has
//! forgotten the session, its store of messages grows without a limit while the broker is away, and it writes and
//! flushes once per message (decision 0019).

mod connect;
mod namespace;
mod packet;
mod queue;
mod session;
mod template;
mod tls;
mod told;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use domain::{GroupId, TagPath, Timestamp};
use tokio::sync::watch;

pub use namespace::{NamedTag, Namespace};
pub use queue::Counts;
pub use session::Session;
pub use template::Templates;
pub use told::{Connection, Told};
pub use words::json_text;

use queue::Queue;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it goes.
    pub topic: Arc<str>,
    /// What it says.
    pub payload: Vec<u8>,
}

/// How a broker is reached and spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What people call it, for problems.
    pub name: String,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Encrypted, when there is something.
    pub tls: Option<TlsFiles>,
    /// Who we say we are. Two with the same throw each other out.
    pub client_id: String,
    /// The user the broker knows.
    pub user: Option<String>,
    /// The file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// `QoS` 1 instead of 0.
    pub acknowledged: bool,
    /// Whether the broker keeps the last message of each topic.
    pub retain: bool,
    /// How many bytes may wait.
    pub queue_bytes: usize,
    /// Where it says `online` and `offline`.
    pub status_topic: String,
}

/// Files for TLS, read anew with each connection, so that a renewed certificate needs no restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who may vouch for the broker (PEM).
    pub ca: PathBuf,
    /// The name in its certificate; none = the host.
    pub server_name: Option<String>,
    /// Our certificate and its key (PEM).
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Where messages are handed in. Cheap to clone; never waits.
#[derive(Clone, Debug)]
pub struct Publisher {
    queue: Arc<Queue>,
    told: Arc<Told>,
    resend: watch::Receiver<u64>,
}

impl Publisher {
    /// A publisher, and the session that has to run beside it.
    pub fn new(settings: Settings) -> (Self, Session) {
        let queue = Arc::new(Queue::new(settings.queue_bytes, settings.acknowledged, settings.retain));
        let told = Arc::new(Told::default());
        let (sender, resend) = watch::channel(0);
        let publisher = Self { queue: Arc::clone(&queue), told: Arc::clone(&told), resend };
        (publisher, Session::new(settings, queue, told, sender))
    }

    /// Hands a message in. When too much waits, the oldest goes and is counted.
    pub fn publish(&self, message: Message) {
        self.queue.offer(message);
    }

    /// What came in and what became of it.
    pub fn counts(&self) -> Counts {
        self.queue.counts()
    }

    /// What it is doing.
    pub fn connection(&self) -> Connection {
        self.told.now()
    }

    /// Changes whenever the broker should hear everything again: after a connection, and when something was dropped.
    pub fn resend(&self) -> watch::Receiver<u64> {
        self.resend.clone()
    }
}

/// Where a tag is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// Its scan group.
    pub group: GroupId,
    /// Its position there.
    pub position: usize,
    /// A value that holds until somebody changes it, whatever the time of its scan: a local variable.
    pub holds: bool,
}

/// Where a tag is found; none: there is no such tag now.
pub type Locate<'a> = &'a dyn Fn(&TagPath) -> Option<Spot>;

/// ISO 8601 in UTC.
pub fn iso(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.micros()).map_or_else(|_| String::new(), |time| time.to_string())
}
