//! Before something is deployed: which tags could be meant, and what would be found.

use std::collections::BTreeMap;

use access::Action;
use axum::extract::State;
use bundle::mapping;
use domain::said;
use domain::{PlacePath, TagPath};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::deployment::{CheckDeployment, Choice, DeploymentCheck, SignalChoices, SuggestMap};
use crate::api::problem::ProblemItem;
use crate::extract::{Json, place};
use crate::failure::{Failure, Failures};
use crate::routes::deployments::places;
use crate::shape::{self, Scene, Tags};
use crate::who::Who;

/// So many other tags per signal.
const CHOICES: usize = 10;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(suggest_map)).routes(routes!(check_deployment))
}

/// Tags that fit a bundle's signals, by name, unit and range.
#[utoipa::path(post, path = "/api/v1/deployments/suggest", tag = "deployments",
    responses((status = 200, body = Vec<SignalChoices>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn suggest_map(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<SuggestMap>,
) -> Result<Json<Vec<SignalChoices>>, Failure> {
    let at = place(Some(&ask.place))?;
    who.may(Action::See, &at).await?;
    let scene = Scene::load(&server, who).await?;
    let contract =
        scene.contract(&ask.bundle).ok_or_else(|| Failure::missing(&said::act::BUNDLE_UNKNOWN, &ask.bundle))?;
    let tags = Tags::of(&scene);
    let suggested = mapping::suggest(contract, &at, tags.facts());
    let choices = contract.signals.iter().map(|signal| {
        let best = suggested.iter().find(|one| one.signal == signal.name);
        SignalChoices {
            signal: signal.name.clone(),
            tag: best.map(|best| best.tag.to_string()),
            choices: choices(contract, &signal.name, best, &at, tags.facts()),
        }
    });
    Ok(Json(choices.collect()))
}

/// The suggested tag, then others that could carry this signal; those of the place first.
fn choices(
    contract: &bundle::Contract,
    signal: &str,
    best: Option<&mapping::Suggestion>,
    at: &PlacePath,
    tags: &mapping::Tags,
) -> Vec<Choice> {
    let words = |tag: &TagPath| -> Option<String> {
        let map = BTreeMap::from([(signal.to_owned(), tag.clone())]);
        let found = mapping::check(contract, &map, tags).into_iter().find(|one| one.signal == signal)?;
        let words = || found.findings.iter().map(|finding| finding.said.words()).collect::<Vec<String>>().join("; ");
        (!found.is_blocked()).then(words)
    };
    let suggested =
        best.and_then(|best| Some(Choice { tag: best.tag.to_string(), score: best.score, words: words(&best.tag)? }));
    let others = tags.keys().filter(|tag| best.is_none_or(|best| best.tag != **tag));
    let (near, far): (Vec<&TagPath>, Vec<&TagPath>) = others.partition(|tag| at.contains(tag.place()));
    let others = near.into_iter().chain(far);
    let others = others.filter_map(|tag| Some(Choice { tag: tag.to_string(), score: 0.0, words: words(tag)? }));
    suggested.into_iter().chain(others).take(CHOICES).collect()
}

/// What would be found if this were deployed. Nothing is saved.
#[utoipa::path(post, path = "/api/v1/deployments/check", tag = "deployments",
    responses((status = 200, body = DeploymentCheck), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn check_deployment(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<CheckDeployment>,
) -> Result<Json<DeploymentCheck>, Failure> {
    let at = places(ask.at)?;
    who.may_somewhere(Action::See).await?;
    for one in &at {
        who.may(Action::See, &one.place).await?;
    }
    let scene = Scene::load(&server, who).await?;
    let contract =
        scene.contract(&ask.bundle).ok_or_else(|| Failure::missing(&said::act::BUNDLE_UNKNOWN, &ask.bundle))?;
    let tags = Tags::of(&scene);
    let name = contract.name.clone();
    let problems = state::check_deployment(&scene.site.config, tags.facts(), contract, &name, &at, &ask.tune);
    Ok(Json(DeploymentCheck {
        ok: problems.is_empty(),
        at: at.iter().map(|one| shape::place(one, Some(contract), &tags, None)).collect(),
        // what is wrong with single signals stands beside them
        problems: problems
            .0
            .into_iter()
            .filter(|one| !one.code.starts_with("mapping."))
            .map(ProblemItem::from)
            .collect(),
    }))
}
