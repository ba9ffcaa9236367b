//! Listening: plain HTTP on this machine alone, until there is HTTPS.

use std::net::SocketAddr;

use axum::Router;
use domain::Problem;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Listens on a loopback address; port 0 takes a free one. Any other address is refused.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Problem> {
    let place = address.to_string();
    if !address.ip().is_loopback() {
        let what = format!("Pages are served on this machine alone, not on {address}.");
        return Err(Problem::new("listen.not-loopback", place, what)
            .why("There is no HTTPS yet, and passwords must not travel in plain text.")
            .hint("Listen on 127.0.0.1 and reach it through an SSH tunnel."));
    }
    TcpListener::bind(address).await.map_err(|error| {
        Problem::new("listen.failed", place, "The address can't be listened on.")
            .why(error.to_string())
            .hint("Another program may listen there already; choose another port with --listen.")
    })
}

/// Serves until `stop`; answers that have begun are finished, live feeds end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let stopping = stop.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move { stopping.cancelled().await });
    let serving = serving.into_future();
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended,
        () = too_long(&stop) => Ok(()),
    }
}

/// A live feed never ends by itself; whoever still listens this long after the stop is cut off.
async fn too_long(stop: &CancellationToken) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
    stop.cancelled().await;
    tokio::time::sleep(PATIENCE).await;
}
