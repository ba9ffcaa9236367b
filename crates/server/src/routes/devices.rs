//! Devices: list, save, test while typing, read now.

use access::Action;
use axum::extract::{DefaultBodyLimit, State};
use domain::said;
use domain::{PlacePath, Problem};
use state::Act;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::{AtPlace, Done};
use crate::api::device::{
    AddressValue, Device, DeviceDetail, DeviceSettings, DeviceTest, ReadAddresses, SaveDevice, TestDevice,
};
use crate::api::site::RemoveQuery;
use crate::extract::{Json, Path, Query, place};
use crate::failure::{Failure, Failures};
use crate::routes::done;
use crate::routes::edit::{DOCUMENT_BYTES, SiteEdit};
use crate::who::Who;

/// So many addresses at once.
const ADDRESSES: usize = 500;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_devices, save_device))
        .layer(DefaultBodyLimit::max(DOCUMENT_BYTES))
        .routes(routes!(show_device, remove_device))
        .routes(routes!(test_device))
        .routes(routes!(read_device))
}

/// All devices with their state in words.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", params(AtPlace),
    responses((status = 200, body = Vec<Device>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_devices(
    State(server): State<Shared>,
    who: Who,
    Query(at): Query<AtPlace>,
) -> Result<Json<Vec<Device>>, Failure> {
    who.may_somewhere(Action::See).await?;
    let asked = place(at.place.as_deref())?;
    let devices = server.site.devices.devices().into_iter();
    Ok(Json(devices.filter(|one| asked.contains(&one.place) && who.sees(&one.place)).collect()))
}

/// One device with its settings, requests and errors.
#[utoipa::path(get, path = "/api/v1/devices/{name}", tag = "devices",
    responses((status = 200, body = DeviceDetail), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_device(
    State(server): State<Shared>,
    who: Who,
    Path(name): Path<String>,
) -> Result<Json<DeviceDetail>, Failure> {
    let configured = configured(&server, &name).await?;
    who.may(Action::See, &configured.place).await?;
    let settings = settings(&configured)?;
    // a device that was saved a moment ago may not run yet
    let now = server.site.devices.device(&name).ok_or_else(|| not_running(&name))?;
    Ok(Json(DeviceDetail { device: now.device, settings, blocks: now.blocks, errors: now.errors }))
}

/// Adds a device or changes the one of this name, with tags.
#[utoipa::path(post, path = "/api/v1/devices", tag = "devices", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn save_device(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<SaveDevice>,
) -> Result<Json<Done>, Failure> {
    who.may(Action::Configure, &PlacePath::site()).await?;
    let mut edit = SiteEdit::of(&server).await?;
    edit.put("device", &ask.device.name, &ask.device);
    edit.put_all("tag", ask.tags.iter().map(|tag| (tag.name.as_str(), tag)));
    let act = Act::ChangeSite { config: edit.checked()?, based_on: Some(ask.based_on) };
    who.act(act, ask.because).await.map(done)
}

/// Removes a device and its tags. Its history stays.
#[utoipa::path(delete, path = "/api/v1/devices/{name}", tag = "devices",
    params(("name" = String, Path), RemoveQuery), responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn remove_device(
    State(server): State<Shared>,
    who: Who,
    Path(name): Path<String>,
    Query(ask): Query<RemoveQuery>,
) -> Result<Json<Done>, Failure> {
    who.may(Action::Configure, &PlacePath::site()).await?;
    configured(&server, &name).await?;
    let mut edit = SiteEdit::of(&server).await?;
    edit.remove("device", "name", &name);
    edit.remove("tag", "device", &name);
    let act = Act::ChangeSite { config: edit.checked()?, based_on: Some(ask.based_on) };
    who.act(act, ask.because).await.map(done)
}

/// Tries a device while it is being typed. Reads only, keeps nothing.
#[utoipa::path(post, path = "/api/v1/devices/test", tag = "devices",
    responses((status = 200, body = DeviceTest), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("test-device"))))]
async fn test_device(
    State(server): State<Shared>,
    who: Who,
    Json(ask): Json<TestDevice>,
) -> Result<Json<DeviceTest>, Failure> {
    who.may(Action::TestDevice, &place(ask.device.place.as_deref())?).await?;
    few_enough(ask.addresses.len())?;
    Ok(Json(server.site.devices.test(ask).await))
}

/// Reads addresses of a running device now, within its budget.
#[utoipa::path(post, path = "/api/v1/devices/{name}/read", tag = "devices",
    responses((status = 200, body = Vec<AddressValue>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("test-device"))))]
async fn read_device(
    State(server): State<Shared>,
    who: Who,
    Path(name): Path<String>,
    Json(ask): Json<ReadAddresses>,
) -> Result<Json<Vec<AddressValue>>, Failure> {
    let configured = configured(&server, &name).await?;
    who.may(Action::TestDevice, &configured.place).await?;
    few_enough(ask.addresses.len())?;
    server.site.devices.read(&name, ask).await.map(Json).map_err(Failure::wrong)
}

async fn configured(server: &Shared, name: &str) -> Result<config::site::Device, Failure> {
    let site = server.config().await?;
    site.config.device(name).cloned().ok_or_else(|| Failure::missing(&said::device::UNKNOWN, name))
}

fn settings(device: &config::site::Device) -> Result<DeviceSettings, Failure> {
    let settings = serde_json::to_value(device).and_then(serde_json::from_value);
    settings.map_err(|error| {
        let problem =
            Problem::new("device.settings", format!("device {}", device.name), "Its settings can't be shown.");
        Failure::wrong(problem.why(error.to_string()))
    })
}

fn few_enough(number: usize) -> Result<(), Failure> {
    if number <= ADDRESSES {
        return Ok(());
    }
    let args = [("count", number.into()), ("most", ADDRESSES.into())];
    Err(Failure::wrong(said::act::TOO_MANY_ADDRESSES.problem("addresses", args)))
}

fn not_running(name: &str) -> Failure {
    let problem = said::device::NOT_RUNNING.problem(format!("device {name}"), []);
    Failure::new(axum::http::StatusCode::NOT_FOUND, problem)
}
