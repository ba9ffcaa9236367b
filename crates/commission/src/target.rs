//! What the verbs share: a URL understood, a connection opened.

use std::time::Duration;

use domain::Problems;
use drivers::{DeviceUrl, Driver, Limits};

/// How long a verb waits for a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// How long a verb waits for one answer: longer than a scan would, because a person is waiting once.
pub(crate) const ANSWER: Duration = Duration::from_secs(3);

/// As much as the protocol allows; holes are never read.
pub(crate) fn limits() -> Limits {
    Limits { timeout: ANSWER, ..Limits::default() }
}

/// Understands `url` and connects to it.
pub(crate) async fn connect(url: &str) -> Result<(DeviceUrl, Box<dyn Driver>), Problems> {
    let url: DeviceUrl = url.parse()?;
    let mut driver = url.open();
    driver.connect(CONNECT).await.map_err(|error| error.problem(url.to_string()))?;
    Ok((url, driver))
}
