//! The hub's own key: made at the first start, kept in `hub.key`, never shown. Edges learn its public half when they are let in.

use std::path::Path;

use domain::Problem;
use domain::said::link as said;
use link::key::PrivateKey;

/// Its file in the data folder: the seed as 64 hex digits.
const FILE: &str = "hub.key";

/// Reads the key, or makes it.
pub(crate) fn load_or_make(folder: &Path) -> Result<PrivateKey, Problem> {
    let path = folder.join(FILE);
    let problem = |why: String| said::HUB_KEY.problem(path.display().to_string(), [("why", why.into())]);
    let mut seed = [0; 32];
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let bad = |_| problem("it does not hold 64 hex digits".to_owned());
            hex::decode_to_slice(text.trim(), &mut seed).map_err(bad)?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            seed = rand::random();
            // synced before it is used
            let written = state::write_private(&path, &hex::encode(seed));
            written.map_err(|error| problem(error.to_string()))?;
        }
        Err(error) => return Err(problem(error.to_string())),
    }
    Ok(PrivateKey::from_seed(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = load_or_make(folder.path()).unwrap().public();
        assert_eq!(load_or_make(folder.path()).unwrap().public(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_is_a_problem_and_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "123").unwrap();
        assert_eq!(load_or_make(folder.path()).err().unwrap().code, "hub.key");
        assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), "123");
    }
}
