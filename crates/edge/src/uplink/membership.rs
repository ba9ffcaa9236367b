//! What an edge keeps about its hub, in its data folder: its key (`edge.key`) and its membership (`uplink.json`). Both are
//! files for this user alone, and a power cut leaves the old or the new one.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use domain::said::uplink as said;
use domain::{Id, Problem, Timestamp};
use link::enrol::ClaimCode;
use link::key::{PrivateKey, PublicKey};
use link::up::Life;
use link::{Digest, PerStream};
use serde::{Deserialize, Serialize};

/// Its name in the data folder.
pub(super) const FILE: &str = "uplink.json";
/// The key's name in the data folder.
pub(super) const KEY: &str = "edge.key";
/// No membership is longer: sixty lives, some certificates.
const MOST: u64 = 4 << 20;

/// Which hub, and what this edge is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Membership {
    /// Its address, as it was typed.
    pub hub: String,
    /// The code to ask with, until it was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ClaimCode>,
    /// Certificates (PEM) of who may vouch for the hub, beside those that this computer trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// What this edge is at the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<Enrolled>,
    /// The lives of this edge's store, the present one first.
    #[serde(default)]
    pub lives: Vec<Life>,
    /// The epoch of the store when the present life began: a store with another one has begun anew.
    #[serde(default)]
    pub store: u64,
    /// Up to where the hub has everything, as far as it was noted.
    #[serde(default)]
    pub cursors: PerStream<u64>,
    /// The furthest that this edge was allowed to forget: cursors go back when the hub was restored, and this does not.
    #[serde(default)]
    pub released: PerStream<u64>,
}

/// What a person at the hub approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Enrolled {
    /// This edge.
    pub edge: Id,
    /// Site and place that it stands for.
    pub place: String,
    /// The hub's own key.
    pub hub: PublicKey,
    /// After this a person has to approve it again.
    pub expires: Timestamp,
}

/// The membership as it lies on the disk: with what shows that no bit of it fell over.
#[derive(Serialize, Deserialize)]
struct Sealed {
    membership: serde_json::Value,
    sha256: Digest,
}

impl Membership {
    /// The one in this folder; none when this edge has no hub.
    pub(super) fn load(data: &Path) -> Result<Option<Self>, Problem> {
        let path = data.join(FILE);
        let damaged = |why: String| said::MEMBERSHIP_DAMAGED.problem(path.display().to_string(), [("why", why.into())]);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(found) if found.len() > MOST => return Err(damaged("the file is far too long".to_owned())),
            _ => {}
        }
        let bytes = fs::read(&path).map_err(|error| damaged(error.to_string()))?;
        let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if Digest::of(sealed.membership.to_string().as_bytes()) != sealed.sha256 {
            return Err(damaged("its digest does not fit".to_owned()));
        }
        serde_json::from_value(sealed.membership).map(Some).map_err(|error| damaged(error.to_string()))
    }

    /// On the disk when this returns.
    pub(super) fn save(&self, data: &Path) -> Result<(), Problem> {
        let path = data.join(FILE);
        let unwritable = |error: io::Error| {
            said::MEMBERSHIP_UNWRITABLE.problem(path.display().to_string(), [("why", error.to_string().into())])
        };
        let membership = serde_json::to_value(self).map_err(|error| unwritable(error.into()))?;
        let sha256 = Digest::of(membership.to_string().as_bytes());
        let text = serde_json::to_string_pretty(&Sealed { membership, sha256 });
        let text = text.map_err(|error| unwritable(error.into()))?;
        state::write_private(&path, &text).map_err(unwritable)
    }

    /// This edge forgets its hub, and who it was there.
    pub(super) fn forget(data: &Path) -> Result<(), Problem> {
        for name in [FILE, KEY] {
            let removed = match fs::remove_file(data.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed.and_then(|()| sync_folder(data)),
            };
            removed.map_err(|error| {
                let place = data.join(name).display().to_string();
                said::MEMBERSHIP_UNWRITABLE.problem(place, [("why", error.to_string().into())])
            })?;
        }
        Ok(())
    }
}

/// The key of this box: made here from `seed` when there is none, and on the disk before anybody sees its public half.
pub(super) fn key(data: &Path, seed: [u8; 32]) -> Result<PrivateKey, Problem> {
    let path = data.join(KEY);
    let unusable = |why: String| said::KEY_UNUSABLE.problem(path.display().to_string(), [("why", why.into())]);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            state::write_private(&path, &hex::encode(seed)).map_err(|error| unusable(error.to_string()))?;
            return Ok(PrivateKey::from_seed(&seed));
        }
        Err(error) => return Err(unusable(error.to_string())),
    };
    let mut kept = [0; 32];
    hex::decode_to_slice(text.trim(), &mut kept).map_err(|_| unusable("it is not 64 hex digits".to_owned()))?;
    Ok(PrivateKey::from_seed(&kept))
}

/// A name survives a power cut after this.
fn sync_folder(data: &Path) -> io::Result<()> {
    // a folder cannot be opened where names are durable by themselves
    File::open(data).map_or(Ok(()), |folder| folder.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership() -> Membership {
        Membership {
            hub: "https://hub.example.com".to_owned(),
            enrolled: Some(Enrolled {
                edge: Id::new(Timestamp::from_millis(5), &[7; 10]),
                place: "north/line-2".to_owned(),
                hub: PrivateKey::from_seed(&[1; 32]).public(),
                expires: Timestamp::from_millis(9),
            }),
            lives: vec![Life { epoch: u64::MAX - 1, same_until: PerStream::of(|_| 3) }],
            store: 7,
            ..Membership::default()
        }
    }

    #[test]
    fn a_membership_comes_back_and_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Membership::load(dir.path()), Ok(None));
        membership().save(dir.path()).unwrap();
        assert_eq!(Membership::load(dir.path()), Ok(Some(membership())));
        Membership::forget(dir.path()).unwrap();
        Membership::forget(dir.path()).unwrap();
        assert_eq!(Membership::load(dir.path()), Ok(None));
    }

    #[test]
    fn any_flipped_bit_is_found_and_the_file_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        membership().save(dir.path()).unwrap();
        let path = dir.path().join(FILE);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            match Membership::load(dir.path()) {
                // white space and the like say nothing
                Ok(found) => assert_eq!(found, Some(membership()), "byte {at}"),
                Err(problem) => assert_eq!(problem.code, "edge.membership-damaged"),
            }
            assert_eq!(fs::read(&path).unwrap(), bad);
        }
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        assert_eq!(Membership::load(dir.path()).unwrap_err().code, "edge.membership-damaged");
    }

    #[test]
    fn a_write_that_was_cut_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        membership().save(dir.path()).unwrap();
        fs::write(dir.path().join(format!(".{FILE}.new")), b"{\"membership\": {\"hub\"").unwrap();
        assert_eq!(Membership::load(dir.path()), Ok(Some(membership())));
        let next = Membership { store: 8, ..membership() };
        next.save(dir.path()).unwrap();
        assert_eq!(Membership::load(dir.path()), Ok(Some(next)));
    }

    #[test]
    fn the_key_is_made_once_and_nobody_else_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let made = key(dir.path(), [3; 32]).unwrap();
        let again = key(dir.path(), [4; 32]).unwrap();
        assert_eq!(made.public(), again.public());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(dir.path().join(KEY)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(dir.path().join(KEY), "nonsense").unwrap();
        assert_eq!(key(dir.path(), [4; 32]).err().unwrap().code, "edge.key");
        assert_eq!(fs::read_to_string(dir.path().join(KEY)).unwrap(), "nonsense", "it is never overwritten");
    }
}
