//! Changing the configuration: a new immutable revision.

use access::Action;
use config::SiteConfig;
use domain::PlacePath;
use serde_json::json;

use crate::ActError;
use crate::act::Outcome;
use crate::db::{deployment, site};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};

pub(super) async fn change(work: &mut Work<'_>, config: SiteConfig, based_on: Option<i64>) -> Result<Effect, ActError> {
    let allowed = work.may(Action::Configure, &PlacePath::site())?;
    let before = work.state.site_in(work.sql).await?;
    if based_on.is_some_and(|based_on| based_on < before.head) {
        return Err(crate::apply::too_late());
    }
    // checked with the deployments that stand on it: a tag that a model needs can't go
    let deployments = match work.deployments_to_be {
        Some(deployments) => deployments.to_vec(),
        None => deployment::all(work.sql).await?.iter().map(crate::apply::wanted).collect(),
    };
    let whole = SiteConfig { deployments, ..config };
    config::check_model(&whole, work.state.addresses().as_ref()).into_result(())?;
    let config = SiteConfig { deployments: Vec::new(), ..whole };
    let differences = config::differences(&before.config, &config);
    if config == before.config {
        let outcome = Outcome::Site { differences };
        return Ok(Effect::Same { words: "changed nothing".to_owned(), outcome });
    }
    site::insert(work.sql, work.number, work.now, &config).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: Some(json!({"revision": before.head})),
        to: Some(json!({"revision": work.number, "differences": differences})),
        topics: vec![Topic::Site],
        outcome: Outcome::Site { differences },
        by: None,
    })))
}
