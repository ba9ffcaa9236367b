//! Registering a bundle.

use access::Action;
use domain::PlacePath;
use domain::said::act as said;
use serde_json::json;

use crate::ActError;
use crate::act::{NewBundle, Outcome};
use crate::db::bundle::{self, StoredBundle};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};

pub(super) async fn add(work: &mut Work<'_>, new: NewBundle) -> Result<Effect, ActError> {
    let allowed = work.may(Action::AddBundle, &PlacePath::site())?;
    if bundle::get(work.sql, &new.digest).await?.is_some() {
        return Ok(Effect::Same { words: "was there already".to_owned(), outcome: Outcome::Nothing });
    }
    let site = work.state.site_in(work.sql).await?;
    if !site.config.site.accept_unsigned {
        let args = [("bundle", new.contract.name.into()), ("version", new.contract.version.into())];
        return Err(said::BUNDLE_UNSIGNED.problem("bundle", args).into());
    }
    let stored = StoredBundle {
        digest: new.digest,
        contract: new.contract,
        size: new.size,
        added: work.now,
        added_by: work.actor.reference(),
    };
    bundle::insert(work.sql, &stored).await?;
    let contract = &stored.contract;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: None,
        to: Some(json!({"digest": stored.digest, "name": contract.name, "version": contract.version, "signed": false})),
        topics: vec![Topic::Bundles],
        outcome: Outcome::Nothing,
        by: None,
    })))
}
