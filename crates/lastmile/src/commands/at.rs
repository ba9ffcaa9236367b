//! Talking to an edge that runs: address, token, and its answers as problems or values.

use std::time::Duration;

use domain::{Problem, Problems};
use serde::de::DeserializeOwned;

use crate::args::AtArgs;

/// A running edge.
pub(super) struct At {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl At {
    /// With the token of its folder.
    pub(super) fn new(args: &AtArgs) -> Result<Self, Problems> {
        let file = args.token.clone().unwrap_or_else(|| args.data.join("cli-token"));
        let token = std::fs::read_to_string(&file).map_err(|error| {
            Problem::new("token.unreadable", file.display().to_string(), format!("the token cannot be read: {error}"))
                .hint("run this as the user of the edge, with --data FOLDER or --token FILE")
        })?;
        let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build();
        let client = client.map_err(|error| Problem::new("client.failed", "this program", error.to_string()))?;
        Ok(Self { client, base: args.at.trim_end_matches('/').to_owned(), token: token.trim().to_owned() })
    }

    /// GET, as JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Problems> {
        self.json(self.client.get(self.url(path, query))).await
    }

    /// PUT of JSON, as JSON.
    pub(super) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Problems> {
        self.json(self.client.put(self.url(path, &[])).json(body)).await
    }

    /// POST of JSON, as JSON.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Problems> {
        self.json(self.client.post(self.url(path, &[])).json(body)).await
    }

    /// POST without a body, as JSON.
    pub(super) async fn ask<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Problems> {
        self.json(self.client.post(self.url(path, query))).await
    }

    /// POST of bytes, as JSON.
    pub(super) async fn post_bytes<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<T, Problems> {
        self.json(self.client.post(self.url(path, &[])).body(body)).await
    }

    /// POST of JSON; the answer comes piece by piece.
    pub(super) async fn post_stream(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<reqwest::Response, Problems> {
        self.send(self.client.post(self.url(path, &[])).json(body)).await
    }

    /// GET of anything, piece by piece.
    pub(super) async fn stream(&self, path: &str, query: &[(&str, String)]) -> Result<reqwest::Response, Problems> {
        self.send(self.client.get(self.url(path, query))).await
    }

    fn url(&self, path: &str, query: &[(&str, String)]) -> String {
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{}/api/v1/{path}{query}", self.base)
    }

    async fn json<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Problems> {
        let response = self.send(request).await?;
        let answer = response.json().await;
        answer.map_err(|error| Problem::new("edge.bad-answer", self.base.clone(), error.to_string()).into())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Problems> {
        let response = request.bearer_auth(&self.token).send().await.map_err(|error| {
            Problem::new("edge.not-reached", self.base.clone(), "no edge answers there")
                .why(error.to_string())
                .hint("is it running? Give its address with --at")
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        Err(problems_of(&text).unwrap_or_else(|| {
            Problem::new("edge.refused", self.base.clone(), format!("the edge answered {status}")).why(text).into()
        }))
    }
}

/// The problems in an answer of `application/problem+json`: all of them when there are several.
fn problems_of(text: &str) -> Option<Problems> {
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    if let Some(all) = body.get("problems").filter(|all| all.as_array().is_some_and(|all| !all.is_empty())) {
        return serde_json::from_value(all.clone()).ok();
    }
    serde_json::from_value::<Problem>(body).ok().map(Problems::from)
}

/// Percent-encodes what may not stand in a query (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
