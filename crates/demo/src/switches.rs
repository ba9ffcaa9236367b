//! The fault switches of the simulated plant, for the page and for `--fault`. They change the plant, never the product.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use server::Extra;
use server::api::about::{Demo, DemoFault};
use server::api::common::Texts;
use simulator::Simulator;

/// On or off.
#[derive(Deserialize)]
struct Switch {
    on: bool,
}

/// What the demonstration adds to the edge's routes.
pub(crate) fn extra(plant: Arc<Simulator>) -> Extra {
    let router = Router::new().route("/faults/{name}", post(set)).with_state(Arc::clone(&plant));
    Extra { router, about: Arc::new(move || about(&plant)) }
}

/// Switches faults on, each at its time.
pub(crate) async fn schedule(plant: Arc<Simulator>, mut faults: Vec<(String, Duration)>) {
    faults.sort_by_key(|(_, at)| *at);
    let start = tokio::time::Instant::now();
    for (name, at) in faults {
        tokio::time::sleep_until(start + at).await;
        if let Err(problem) = plant.set_fault(&name, true) {
            tracing::warn!(%problem, "a fault could not be switched on");
        }
    }
}

async fn set(State(plant): State<Arc<Simulator>>, Path(name): Path<String>, Json(switch): Json<Switch>) -> Response {
    match plant.set_fault(&name, switch.on) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => (StatusCode::NOT_FOUND, Json(problem)).into_response(),
    }
}

fn about(plant: &Simulator) -> Demo {
    let words = |en: &str, de: &str| {
        Texts(BTreeMap::from([("en".to_owned(), en.to_owned()), ("de".to_owned(), de.to_owned())]))
    };
    let faults = plant.faults().into_iter().map(|fault| DemoFault {
        name: fault.name.to_owned(),
        title: words(fault.title, german(fault.name).unwrap_or(fault.title)),
        path: format!("/demo/faults/{}", fault.name),
        on: fault.on,
    });
    Demo {
        about: words(
            "A simulated pump station on real Modbus TCP. Break something and watch.",
            "Eine simulierte Pumpstation an echtem Modbus TCP. Etwas kaputt machen und zusehen.",
        ),
        faults: faults.collect(),
    }
}

fn german(fault: &str) -> Option<&'static str> {
    Some(match fault {
        "bearing-wear" => "Das Lager der Antriebsseite von Pumpe 7 verschleißt innerhalb einer halben Minute",
        "cavitation" => "Pumpe 7 kavitiert",
        "sensor-stuck" => "Der Schwingungssensor der Antriebsseite hängt",
        "sensor-drift" => "Der Sensor der Lagertemperatur driftet",
        "sensor-break" => "Das Kabel zu den Sensoren von Pumpe 7 ist gebrochen",
        "plc-dead" => "PLC 2 antwortet nicht",
        "plc-slow" => "Beide Steuerungen antworten langsam",
        "plc-late" => "PLC 2 antwortet manchmal viel zu spät",
        "restart" => "Pumpe 7 hält an und läuft wieder an",
        "product-change" => "Die Linie stellt das andere Produkt her",
        _ => return None,
    })
}
