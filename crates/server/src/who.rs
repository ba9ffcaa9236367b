//! Who asks: from the session cookie of a browser or the bearer token of a program.

use access::{Action, Actor, Allowed, Holder, may, who_could};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use domain::{Id, PlacePath};
use state::{Act, ActError, Done, SignedIn, StateError};

use crate::api::common::Permission;
use crate::common::Common;
use crate::failure::Failure;

/// Name of the session cookie. Browsers do not tell ports apart: two edges on one machine need two names.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let port: String = port.chars().filter(char::is_ascii_digit).collect();
    format!("lastmile_session_{port}")
}

/// Who asks. Without a session it is nobody, who may see health and sign in.
pub(crate) struct Who {
    pub(crate) actor: Actor,
    pub(crate) session: Option<Id>,
    pub(crate) label: String,
    common: Common,
}

impl<S: Send + Sync> FromRequestParts<S> for Who
where
    Common: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, server: &S) -> Result<Self, Failure> {
        Self::of(&parts.headers, &Common::from_ref(server)).await
    }
}

/// The token of a request; a program's bearer token goes before a browser's cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    bearer(headers).or_else(|| cookie(headers))
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let name = cookie_name(headers);
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(&*name)?.strip_prefix('='))
}

impl Who {
    pub(crate) async fn of(headers: &HeaderMap, common: &Common) -> Result<Self, Failure> {
        let signed_in = match token(headers) {
            Some(token) => common.state.signed_in(token, common.now()).await?,
            None => None,
        };
        Ok(Self::from_signed_in(signed_in, common))
    }

    pub(crate) fn from_signed_in(signed_in: Option<SignedIn>, common: &Common) -> Self {
        let common = common.clone();
        match signed_in {
            Some(SignedIn { session, actor, label }) => Self { actor, session: Some(session), label, common },
            None => Self { actor: Actor::Nobody, session: None, label: String::new(), common },
        }
    }

    /// The same asker once more, for the parts of a feed.
    pub(crate) fn again(&self) -> Self {
        let common = self.common.clone();
        Self { actor: self.actor.clone(), session: self.session, label: self.label.clone(), common }
    }

    /// Asks `access`; a refusal says who could.
    pub(crate) async fn may(&self, action: Action, place: &PlacePath) -> Result<Allowed, Failure> {
        match may(&self.actor, action, place) {
            Ok(allowed) => Ok(allowed),
            Err(refused) => {
                let who_could = self.who_could(action, place).await?;
                Err(Failure::refused(&refused, who_could))
            }
        }
    }

    /// For what has no place of its own: allowed somewhere at all.
    pub(crate) async fn may_somewhere(&self, action: Action) -> Result<Allowed, Failure> {
        self.may(action, &self.place()).await
    }

    /// Whether things at this place may be seen; lists leave out what may not.
    pub(crate) fn sees(&self, place: &str) -> bool {
        place.parse().is_ok_and(|place: PlacePath| may(&self.actor, Action::See, &place).is_ok())
    }

    /// Where this actor's role holds.
    pub(crate) fn place(&self) -> PlacePath {
        self.actor.holds().map(|(_, place)| place).unwrap_or_default()
    }

    /// Does an act, now and as this actor: the only way a route changes anything.
    pub(crate) async fn act(&self, act: Act, because: Option<String>) -> Result<Done, Failure> {
        let common = &self.common;
        match common.state.act(&self.actor, act, because, common.now()).await {
            Ok(done) => Ok(done),
            Err(error) => Err(self.failure(error).await?),
        }
    }

    /// An act that was not done, as an answer.
    pub(crate) async fn failure(&self, error: ActError) -> Result<Failure, StateError> {
        if let ActError::Refused(refused) = &error {
            let who_could = self.who_could(refused.action(), refused.place()).await?;
            return Ok(Failure::refused(refused, who_could));
        }
        Ok(error.into())
    }

    async fn who_could(&self, action: Action, place: &PlacePath) -> Result<Vec<String>, StateError> {
        if self.actor == Actor::Nobody {
            return Ok(Vec::new());
        }
        let holders = self.common.holders().await?;
        Ok(names(action, place, &holders))
    }

    /// The answer to "may I?" before anybody asks, for buttons.
    pub(crate) fn permission(&self, action: Action, place: &PlacePath, holders: &[Holder]) -> Permission {
        let refused = may(&self.actor, action, place).err();
        let who_could = if refused.is_some() { names(action, place, holders) } else { Vec::new() };
        Permission {
            action: action.to_string(),
            allowed: refused.is_none(),
            why_not: refused.as_ref().map(access::Refused::why_not),
            said: refused.map(|refused| refused.said().into()),
            who_could,
        }
    }
}

fn names(action: Action, place: &PlacePath, holders: &[Holder]) -> Vec<String> {
    who_could(action, place, holders).map(|holder| holder.name.clone()).collect()
}
