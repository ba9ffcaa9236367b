//! Talking to an edge as the web app and the command line do.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// One edge's HTTP interface.
#[derive(Clone, Debug)]
pub struct Http {
    base: String,
    token: Option<String>,
    cookie: Option<String>,
    client: Client,
}

impl Http {
    /// `base` is what the edge printed, for example `http://127.0.0.1:7433`.
    pub fn new(base: &str) -> Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token: None, cookie: None, client })
    }

    /// Acts as the owner, by the token that an edge writes into its data folder at first start.
    pub fn with_token_of(mut self, data: &Path) -> Result<Self> {
        let file = data.join("cli-token");
        let token = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        self.token = Some(token.trim().to_owned());
        Ok(self)
    }

    /// Signs in as the page does with a link's code, or with name and password, and keeps the session's cookie.
    pub async fn signed_in(mut self, with: &Value) -> Result<Self> {
        let request = self.client.post(format!("{}/api/v1/session", self.base)).header("x-lastmile", "1").json(with);
        let answer = request.send().await?;
        let status = answer.status();
        let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        if !status.is_success() {
            bail!("signing in: {status}\n{}", answer.text().await?);
        }
        self.cookie = Some(cookie.context("signing in gave no cookie")?);
        Ok(self)
    }

    /// The address given at the start.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for `path`, for example `/api/v1/devices`.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// Sends `body` to `path`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Puts `body` to `path`.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// The text at `path`, for `/metrics` and pages.
    pub async fn text(&self, path: &str) -> Result<String> {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("GET {path}: {status}\n{text}");
        }
        Ok(text)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = self.client.request(method, format!("{}{path}", self.base));
        self.answer(body.into_iter().fold(request, RequestBuilder::json), path).await
    }

    async fn answer(&self, mut request: RequestBuilder, path: &str) -> Result<Value> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie).header("x-lastmile", "1");
        }
        let answer = request.send().await.with_context(|| path.to_owned())?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status}\n{text}");
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{path} did not answer JSON: {text}"))
    }
}
