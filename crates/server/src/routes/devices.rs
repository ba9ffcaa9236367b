//! Devices: list, save, test while typing, read now.

use axum::Json;
use axum::extract::{Path, Query};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::common::{AtPlace, Done};
use crate::api::device::{AddressValue, Device, DeviceDetail, DeviceTest, ReadAddresses, SaveDevice, TestDevice};
use crate::api::site::RemoveQuery;
use crate::failure::{Failure, Failures};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list_devices, save_device))
        .routes(routes!(show_device, remove_device))
        .routes(routes!(test_device))
        .routes(routes!(read_device))
}

/// All devices with their state in words.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", params(AtPlace), responses((status = 200, body = Vec<Device>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn list_devices(Query(at): Query<AtPlace>) -> Result<Json<Vec<Device>>, Failure> {
    Err(Failure::not_built())
}

/// One device with its requests and errors.
#[utoipa::path(get, path = "/api/v1/devices/{name}", tag = "devices", responses((status = 200, body = DeviceDetail), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("see"))))]
async fn show_device(Path(name): Path<String>) -> Result<Json<DeviceDetail>, Failure> {
    Err(Failure::not_built())
}

/// Adds a device or changes the one of this name, with tags.
#[utoipa::path(post, path = "/api/v1/devices", tag = "devices", responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn save_device(Json(ask): Json<SaveDevice>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Removes a device and its tags. Its history stays.
#[utoipa::path(delete, path = "/api/v1/devices/{name}", tag = "devices", params(("name" = String, Path), RemoveQuery), responses((status = 200, body = Done), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("configure"))))]
async fn remove_device(Path(name): Path<String>, Query(ask): Query<RemoveQuery>) -> Result<Json<Done>, Failure> {
    Err(Failure::not_built())
}

/// Tries a device while it is being typed. Reads only, keeps nothing.
#[utoipa::path(post, path = "/api/v1/devices/test", tag = "devices", responses((status = 200, body = DeviceTest), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("test-device"))))]
async fn test_device(Json(ask): Json<TestDevice>) -> Result<Json<DeviceTest>, Failure> {
    Err(Failure::not_built())
}

/// Reads addresses of a running device now.
#[utoipa::path(post, path = "/api/v1/devices/{name}/read", tag = "devices", responses((status = 200, body = Vec<AddressValue>), Failures),
    extensions(("x-role" = json!("site")), ("x-access" = json!("test-device"))))]
async fn read_device(
    Path(name): Path<String>,
    Json(ask): Json<ReadAddresses>,
) -> Result<Json<Vec<AddressValue>>, Failure> {
    Err(Failure::not_built())
}
