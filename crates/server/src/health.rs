//! For machines: `/healthz` and `/metrics`, without a session.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use access::Action;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use domain::PlacePath;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::api::health::{Health, StreamHealth};
use crate::common::Common;
use crate::extract::Json;
use crate::failure::{Failure, Failures};
use crate::ports::Metric;
use crate::who::Who;

/// For the description; the router mounts the same handlers.
pub(crate) fn described() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(metrics))
}

/// How the edge is, for watchdogs. The status is 200 as long as it can answer: read `status`.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("health"))))]
pub(crate) async fn healthz(State(server): State<Shared>, who: Who) -> Result<Json<Health>, Failure> {
    who.may(Action::Health, &PlacePath::site()).await?;
    let mut health = server.site.doctor.health();
    // the streams that are kept in SQL: what is committed is synced
    let versions = server.versions();
    let mut streams = vec![("change", versions.head)];
    match server.site.state.alarm_seq().await {
        Ok(alarms) => streams.push(("alarm", alarms)),
        // a watchdog asks most of all when something is wrong
        Err(error) => {
            "degraded".clone_into(&mut health.status);
            health.words.push(error.problem().what);
        }
    }
    for (stream, seq) in streams {
        let synced_seq = u64::try_from(seq).unwrap_or(0);
        health.log.insert(stream.to_owned(), StreamHealth { synced_seq });
    }
    Ok(Json(health))
}

/// Counters of the path, in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Text", body = String, content_type = "text/plain"), Failures),
    extensions(("x-role" = json!("both")), ("x-access" = json!("health"))))]
pub(crate) async fn metrics(State(server): State<Shared>, who: Who) -> Result<impl IntoResponse, Failure> {
    who.may(Action::Health, &PlacePath::site()).await?;
    let mut metrics = server.site.live.metrics();
    metrics.extend(own(&server));
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, text(metrics)))
}

fn own(server: &Shared) -> Vec<Metric> {
    let mut own = answers(&server.common);
    let counters = &server.common.counters;
    let metric = |name, help, value: f64| Metric { name, help, labels: Vec::new(), value };
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as f64;
    own.extend([
        metric("live_clients", "Live feeds that are open.", server.live_clients() as f64),
        metric("live_events_total", "Events sent to live feeds.", count(&counters.live_events)),
        metric(
            "live_dropped_total",
            "Live feeds closed because their client was too slow.",
            count(&counters.live_dropped),
        ),
    ]);
    own
}

/// What both roles count of their answers.
pub(crate) fn answers(common: &Common) -> Vec<Metric> {
    let metric = |name, help, value: f64| Metric { name, help, labels: Vec::new(), value };
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as f64;
    vec![
        metric("server_requests_total", "Requests answered.", count(&common.counters.requests)),
        metric("server_failures_total", "Requests answered with a problem.", count(&common.counters.failures)),
        metric("change_head", "Number of the newest entry in the record of changes.", common.versions().head as f64),
    ]
}

/// One family after the other, as the format wants it.
pub(crate) fn text(mut metrics: Vec<Metric>) -> String {
    metrics.sort_by(|a, b| a.name.cmp(b.name));
    let mut out = String::new();
    let mut last = "";
    for metric in &metrics {
        if metric.name != last {
            let kind = if metric.name.ends_with("_total") { "counter" } else { "gauge" };
            let _infallible =
                write!(out, "# HELP lastmile_{0} {1}\n# TYPE lastmile_{0} {kind}\n", metric.name, metric.help);
            last = metric.name;
        }
        let labels: Vec<String> =
            metric.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _infallible = writeln!(out, "lastmile_{}{labels} {}", metric.name, metric.value);
    }
    out
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
