//! The tree of places.

use std::collections::BTreeMap;

use access::Action;
use axum::extract::State;
use domain::{AdvisoryState, PlacePath};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::{AtPlace, Mark, Ne107};
use crate::api::device::DeviceStateKind;
use crate::api::place::Place;
use crate::extract::{Json, Query, place};
use crate::failure::{Failure, Failures};
use crate::shape::place_of;
use crate::who::Who;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_places))
}

/// The tree of places, in the order of flow, with the site itself first.
#[utoipa::path(get, path = "/api/v1/places", tag = "places", params(AtPlace),
    responses((status = 200, body = Vec<Place>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_places(
    State(server): State<Shared>,
    who: Who,
    Query(at): Query<AtPlace>,
) -> Result<Json<Vec<Place>>, Failure> {
    who.may_somewhere(Action::See).await?;
    let asked = place(at.place.as_deref())?;
    let site = server.config().await?;
    let config = &site.config;
    let state = &server.site.state;
    let deployments = state.deployments().await?;
    let advisories = state.active_advisories().await?;
    let marks = marks(&server, &advisories, &config.site.language);
    let root = (PlacePath::site(), config.site.name.clone(), "site".to_owned(), None, Vec::new());
    let rest = config.places.iter().map(|one| {
        let key_tags = one.key_tags.iter().map(ToString::to_string).collect();
        (one.path.clone(), one.name.clone(), word(&one.level), one.picture.as_ref().map(word), key_tags)
    });
    let places = std::iter::once(root).chain(rest);
    let places = places.filter(|(path, ..)| asked.contains(path.as_str()) && who.sees(path.as_str()));
    let shaped = places.map(|(path, name, level, picture, key_tags)| {
        let below = |other: &str| path.contains(other);
        Place {
            parent: path.parent().map(|parent| parent.to_string()),
            name,
            level,
            picture,
            key_tags,
            deployments: deployments
                .iter()
                .filter(|one| place_of(one) == path.as_str())
                .map(|one| one.name.clone())
                .collect(),
            advisories: count(advisories.iter().filter(|one| below(one.place.as_str())).count()),
            mark: marks
                .iter()
                .filter(|(place, _)| below(place))
                .flat_map(|(_, marks)| marks)
                .min_by_key(|mark| mark.letter)
                .cloned(),
            path: path.to_string(),
        }
    });
    Ok(Json(shaped.collect()))
}

/// What is not as it should be, by place: devices that do not answer, models that say so, advice that stands.
fn marks(server: &Shared, advisories: &[domain::Advisory], language: &str) -> BTreeMap<String, Vec<Mark>> {
    let mut marks: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
    let silent =
        server.site.devices.devices().into_iter().filter(|one| one.state.kind == DeviceStateKind::NotAnswering);
    for device in silent {
        marks.entry(device.place).or_default().push(Mark { letter: Ne107::F, words: device.state.words });
    }
    for runtime in server.site.deployments.runtimes() {
        marks.entry(runtime.place).or_default().extend(runtime.mark);
    }
    for advisory in advisories.iter().filter(|one| one.state() != AdvisoryState::Done) {
        let words = advisory.title.get(language).or_else(|| advisory.title.get("en")).cloned().unwrap_or_default();
        marks.entry(advisory.place.to_string()).or_default().push(Mark { letter: Ne107::M, words });
    }
    marks
}

/// The name of a level or picture, as files write it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
