//! The uplink: the only place on an edge that waits for the network. It asks to be enrolled, then sends every record once. The path
//! does not know it; it only reads what is synced (`docs/decisions/0021-site-and-hub-without-io.md`).

mod address;
mod call;
mod connect;
mod driver;
mod enrol;
mod membership;
mod nudge;
mod records;
pub(crate) mod seen;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::site::SiteConfig;
use domain::Problem;
use domain::said::uplink as said;
use link::enrol::ClaimCode;
use link::up::Life;
use link::{PerStream, Stream};
use state::State;
use store::{Store, Synced};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::address::HubAddress;
use self::call::Caller;
use self::connect::Way;
use self::driver::{Driver, Ended};
use self::membership::{Enrolled, Membership};
use self::records::Records;
use self::seen::{Doing, Seen};
use crate::clock::Clock;
use crate::tasks::Tasks;

/// The cursor of the log: what the hub does not have is kept for it, as long as there is room.
const CURSOR: &str = "hub";
/// What the hub says of a box that a person has to approve again: it asks by itself.
const EXPIRED: &str = "edge.expired";
/// Before a box asks to be enrolled again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Before a box that the hub does not hear says hello again: a person there may have changed that.
const UNHEARD: Duration = Duration::from_mins(2);
/// What is typed to have no hub.
const NONE: &str = "none";

/// What was typed about the hub at this start; what was typed before is kept in the data folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joining {
    /// Its address, or `none` to forget it.
    pub hub: Option<String>,
    /// The code of the claim.
    pub claim: Option<String>,
    /// A file of certificates (PEM) of who may vouch for the hub.
    pub ca: Option<PathBuf>,
}

/// What the uplink stands on.
pub(crate) struct Ground {
    /// The data folder.
    pub data: PathBuf,
    /// The log.
    pub store: Arc<Store>,
    /// SQL.
    pub state: State,
    /// The edge's clock.
    pub clock: Arc<Clock>,
    /// The configuration.
    pub site: watch::Receiver<Arc<SiteConfig>>,
    /// Changes with every commit of the log.
    pub synced: watch::Receiver<Synced>,
    /// What is told.
    pub seen: Arc<Seen>,
}

/// Whether this edge has a hub.
#[derive(Debug)]
pub(crate) enum Joined {
    /// It works by itself.
    Nowhere,
    /// It has one, or asks to.
    Hub(Box<Membership>, HubAddress),
    /// What it keeps about its hub cannot be read; it is left as it is.
    Unknown(Problem),
}

/// Takes over what was typed, and keeps it. An error is for who typed.
pub(crate) async fn join(data: &Path, joining: Joining) -> Result<Joined, Problem> {
    let data = data.to_owned();
    let joined = tokio::task::spawn_blocking(move || take_over(&data, &joining)).await;
    match joined.unwrap_or_else(|error| Err(ended(&error))) {
        Ok(None) => Ok(Joined::Nowhere),
        Ok(Some(membership)) => {
            let address = membership.hub.parse()?;
            Ok(Joined::Hub(Box::new(membership), address))
        }
        Err(problem) if problem.code == said::MEMBERSHIP_DAMAGED.code => Ok(Joined::Unknown(problem)),
        Err(problem) => Err(problem),
    }
}

/// Starts the uplink if there is a hub.
pub(crate) async fn start(ground: Ground, joined: Joined, tasks: &Tasks) -> Result<(), Problem> {
    let (membership, address) = match joined {
        Joined::Nowhere => return ground.hold_log(None).await,
        Joined::Unknown(problem) => {
            ground.seen.trouble(problem, ground.clock.now());
            return Ok(());
        }
        Joined::Hub(membership, address) => (*membership, address),
    };
    ground.hold_log(Some(membership.cursors)).await?;
    ground.seen.set(|now| now.hub = Some(address.to_string()));
    let (stop, inner) = (tasks.stopping().clone(), tasks.clone());
    tasks.spawn("uplink", async move {
        if let Err(problem) = run(&ground, membership, address, &inner, &stop).await {
            ground.seen.trouble(problem, ground.clock.now());
        }
    });
    Ok(())
}

fn ended(error: &tokio::task::JoinError) -> Problem {
    Problem::new("uplink.ended", "hub", error.to_string())
}

/// What was typed goes before what was kept. Gives what holds from now on, on the disk; none without a hub.
fn take_over(data: &Path, joining: &Joining) -> Result<Option<Membership>, Problem> {
    if joining.hub.as_deref() == Some(NONE) {
        Membership::forget(data)?;
        return Ok(None);
    }
    let kept = Membership::load(data)?;
    let mut membership = kept.clone().unwrap_or_default();
    if let Some(hub) = &joining.hub {
        membership.hub = hub.parse::<HubAddress>()?.to_string();
    }
    if let Some(code) = &joining.claim {
        let bad =
            |why: String| said::HUB_CLAIM.problem("--claim", [("code", code.as_str().into()), ("why", why.into())]);
        membership.code = Some(code.parse::<ClaimCode>().map_err(bad)?);
    }
    if let Some(file) = &joining.ca {
        let name = file.display().to_string();
        let bad = |why: String| said::HUB_CA.problem("--hub-ca", [("file", name.as_str().into()), ("why", why.into())]);
        let ca = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
        connect::check_ca(&ca).map_err(bad)?;
        membership.ca = Some(ca);
    }
    if membership.hub.is_empty() {
        let is_nothing = *joining == Joining::default();
        return if is_nothing { Ok(None) } else { Err(said::HUB_NO_URL.problem("--hub", [])) };
    }
    if kept.as_ref() != Some(&membership) {
        membership.save(data)?;
    }
    Ok(Some(membership))
}

/// Enrols, sends, and asks again when the hub does not hear this box, until `stop`.
async fn run(
    ground: &Ground,
    mut membership: Membership,
    address: HubAddress,
    tasks: &Tasks,
    stop: &CancellationToken,
) -> Result<(), Problem> {
    let (data, ca, seed, group) = (ground.data.clone(), membership.ca.clone(), rand::random(), tasks.clone());
    let made = tokio::task::spawn_blocking(move || {
        Ok((membership::key(&data, seed)?, Way::new(address, ca.as_deref(), group)?))
    });
    let (key, way) = made.await.unwrap_or_else(|error| Err(ended(&error)))?;
    let caller = Arc::new(Caller::new(way, key, Arc::clone(&ground.clock)));
    tasks.spawn("nudge", nudge::run(Arc::clone(&caller), Arc::clone(&ground.seen), stop.clone()));
    let mut known = membership.enrolled.clone();
    loop {
        let enrolled = match known.take() {
            Some(enrolled) => enrolled,
            None => match enrol::run(ground, &caller, &mut membership, stop).await {
                Some(enrolled) => enrolled,
                None => return Ok(()),
            },
        };
        ground.begin_life(&mut membership).await?;
        ground.seen.set(|now| {
            now.edge = Some((enrolled.edge, enrolled.place.clone()));
            now.expires = Some(enrolled.expires);
        });
        match Driver::new(ground, Arc::clone(&caller), &mut membership, &enrolled).run(stop).await {
            Ended::Stopped => return Ok(()),
            Ended::OtherPace => known = Some(enrolled),
            Ended::Unknown(problem) => {
                let may_ask = problem.code == EXPIRED || membership.code.is_some();
                tracing::warn!(%problem, may_ask, "The hub does not hear this box");
                known = (!may_ask).then_some(enrolled);
                ground.seen.doing(if may_ask { Doing::Asking } else { Doing::Connecting }, ground.clock.now());
                let quiet = if may_ask { ASK_AGAIN } else { UNHEARD }.mul_f64(rand::random_range(0.5..1.0));
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(quiet) => {}
                }
            }
        }
    }
}

impl Ground {
    /// On the disk when this returns.
    async fn save(&self, membership: &Membership) -> Result<(), Problem> {
        let (data, membership) = (self.data.clone(), membership.clone());
        let saved = tokio::task::spawn_blocking(move || membership.save(&data)).await;
        saved.unwrap_or_else(|error| {
            Err(said::MEMBERSHIP_UNWRITABLE.problem("hub", [("why", error.to_string().into())]))
        })
    }

    /// What the hub does not have is kept in the log from now on; none lets it go.
    async fn hold_log(&self, cursors: Option<PerStream<u64>>) -> Result<(), Problem> {
        let store = Arc::clone(&self.store);
        let held = tokio::task::spawn_blocking(move || {
            for (stream, of_log) in Stream::ALL.into_iter().filter_map(|stream| Some((stream, stream.of_log()?))) {
                let wanted = cursors.map(|cursors| cursors[stream]);
                if store.cursor(CURSOR, of_log) != wanted {
                    store.set_cursor(CURSOR, of_log, wanted)?;
                }
            }
            Ok(())
        });
        held.await.unwrap_or_else(|error| Err(said::READ_FAILED.problem("uplink", [("why", error.to_string().into())])))
    }

    /// A person approved this box. As another edge than before it has nothing at the hub.
    async fn enrolled(&self, membership: &mut Membership, enrolled: &Enrolled) -> Result<(), Problem> {
        let is_same = membership.enrolled.as_ref().is_some_and(|before| before.edge == enrolled.edge);
        let mut next = Membership { enrolled: Some(enrolled.clone()), code: None, ..membership.clone() };
        if !is_same {
            (next.cursors, next.released) = <_>::default();
        }
        self.save(&next).await?;
        *membership = next;
        Ok(())
    }

    /// The first life is that of the store. A store with another epoch than when the present life began has begun anew: of the log
    /// nothing is as the hub has it, of SQL all that is there.
    async fn begin_life(&self, membership: &mut Membership) -> Result<(), Problem> {
        let store = self.store.epoch();
        if membership.store == store && !membership.lives.is_empty() {
            return Ok(());
        }
        let mut next = Membership { store, ..membership.clone() };
        if membership.lives.is_empty() {
            next.lives = vec![Life { epoch: store, same_until: PerStream::default() }];
        } else {
            let records = Records { store: Arc::clone(&self.store), state: self.state.clone() };
            let mut same_until = PerStream::default();
            for stream in Stream::ALL.into_iter().filter(|stream| stream.of_log().is_none()) {
                same_until[stream] = records.tip(stream).await?.seq;
            }
            next.lives = Life::begin(&membership.lives, rand::random(), &same_until);
            next.cursors =
                PerStream::of(|stream| if stream.of_log().is_some() { 0 } else { membership.cursors[stream] });
            next.released = next.cursors;
        }
        self.save(&next).await?;
        self.hold_log(Some(next.cursors)).await?;
        *membership = next;
        Ok(())
    }
}
