//! Advice with the words of its bundle and the tags of its deployment.

use access::Action;
use bundle::Contract;
use bundle::contract::Rule;
use domain::AdvisoryState as Stands;
use state::Deployment;

use crate::api::advisory::{Advisory, AdvisoryState};
use crate::api::common::Texts;
use crate::api::deployment::Contribution;
use crate::shape::Scene;
use crate::shape::bundle::unit;

pub(crate) fn advisory(found: &domain::Advisory, deployments: &[Deployment], scene: &Scene) -> Advisory {
    let deployment = deployments.iter().find(|one| one.name == found.deployment);
    let contract = deployment.and_then(|one| scene.contract(&one.revision.bundle));
    let map = deployment.and_then(|one| one.revision.at.iter().find(|at| at.place == found.place)).map(|at| &at.map);
    let because = found.because.iter().map(|one| {
        let mut shaped = contribution(one, contract);
        shaped.tag = map.and_then(|map| map.get(&one.signal)).map(ToString::to_string);
        shaped
    });
    let rule = contract.and_then(|contract| contract.rule.as_ref());
    let score = rule.zip(contract).map(|(rule, contract)| format!("{}/{}", contract.name, rule.output));
    let score_tag = score.map(|score| match found.place.as_str() {
        "" => score,
        place => format!("{place}/{score}"),
    });
    Advisory {
        id: found.id.to_string(),
        deployment: found.deployment.clone(),
        model: contract.map_or_else(|| Texts::plain(&found.deployment), |contract| contract.title.clone().into()),
        version: found.version.clone(),
        place: found.place.to_string(),
        state: match found.state() {
            Stands::Unacknowledged => AdvisoryState::Unacknowledged,
            Stands::Acknowledged => AdvisoryState::Acknowledged,
            Stands::Returned => AdvisoryState::Returned,
            Stands::Done => AdvisoryState::Done,
        },
        title: found.title.clone().into(),
        reason: reason(&found.reason, rule),
        response: found.response.clone(),
        because: because.collect(),
        score_tag,
        raised_ms: found.raised.millis(),
        cleared_ms: found.cleared.map(domain::Timestamp::millis),
        acknowledged_ms: found.acknowledged.as_ref().map(|(at, _)| at.millis()),
        acknowledged_by: found.acknowledged.as_ref().map(|(_, who)| scene.names.of(who)),
        permission: scene.permission(Action::Acknowledge, &found.place),
    }
}

/// What was said when it was raised; in every language when it is the bundle's own sentence, word for word.
fn reason(said: &str, rule: Option<&Rule>) -> Texts {
    let own = rule.map(|rule| &rule.reason).filter(|reason| reason.values().any(|words| words == said));
    own.map_or_else(|| Texts::plain(said), |reason| reason.clone().into())
}

fn contribution(found: &domain::Contribution, contract: Option<&Contract>) -> Contribution {
    let signal = contract.and_then(|contract| contract.signal(&found.signal));
    Contribution {
        signal: found.signal.clone(),
        title: signal.map_or_else(|| Texts::plain(&found.signal), |signal| signal.title.clone().into()),
        tag: None,
        unit: signal.map(|signal| unit(signal.unit.as_ref())).unwrap_or_default(),
        value: found.value,
        normal: found.normal,
        deviation: found.deviation,
    }
}
