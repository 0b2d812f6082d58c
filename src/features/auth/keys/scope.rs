//! Scopes of `ak_` keys: what a key that was given some may do. A key without scopes reaches all that its kind may.

use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::{Error, Result};

/// One scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// See calls, their events and recordings.
    #[serde(rename = "calls:read")]
    CallsRead,
    /// Start calls, over WebSockets too, and hang them up; see them too.
    #[serde(rename = "calls:write")]
    CallsWrite,
    /// See virtual numbers.
    #[serde(rename = "numbers:read")]
    NumbersRead,
    /// See transcripts.
    #[serde(rename = "transcripts:read")]
    TranscriptsRead,
    /// See inbound routes.
    #[serde(rename = "routes:read")]
    RoutesRead,
    /// Change inbound routes; see them too.
    #[serde(rename = "routes:write")]
    RoutesWrite,
    /// See webhooks and pull events.
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
}

impl Scope {
    /// Resources it reaches, and whether it may change them.
    fn reach(self) -> (&'static [&'static str], bool) {
        match self {
            Self::CallsRead => (CALLS, false),
            Self::CallsWrite => (CALLS_AND_SOCKETS, true),
            Self::NumbersRead => (&["/api.ashx/v1/numbers", "/api/v1/numbers"], false),
            Self::TranscriptsRead => (&["/api.ashx/v1/transcripts", "/api/v1/transcripts"], false),
            Self::RoutesRead => (ROUTES, false),
            Self::RoutesWrite => (ROUTES, true),
            Self::WebhooksRead => (&["/api.ashx/v1/webhooks", "/api/v1/webhooks", "/api/v1/events"], false),
        }
    }
}

const CALLS: &[&str] = &["/api.ashx/v1/calls", "/api/v1/calls"];
/// Opening a socket begins a call, though it is a GET.
const CALLS_AND_SOCKETS: &[&str] = &["/api.ashx/v1/calls", "/api/v1/calls", "/ws"];
const ROUTES: &[&str] = &["/api.ashx/v1/inbound-routes", "/api/v1/inbound-routes"];
/// What any key may ask: who it is, and what there is.
const ALWAYS: &[&str] = &["/api/v1/auth/me", "/api.ashx/v1"];

/// Refuses a request that none of the key's scopes covers.
pub(in crate::features::auth) fn check(scopes: &[Scope], method: &Method, path: &str) -> Result<()> {
    let reads = *method == Method::GET || *method == Method::HEAD;
    let is_open = reads && ALWAYS.contains(&path);
    let covers = |scope: &Scope| {
        let (roots, may_write) = scope.reach();
        (reads || may_write) && roots.iter().any(|root| is_below(path, root))
    };
    if scopes.is_empty() || is_open || scopes.iter().any(covers) {
        return Ok(());
    }
    Err(Error::forbidden("the scopes of this API key do not reach this far").code("insufficient_scope"))
}

fn is_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reaches_its_resource_and_reading_is_not_writing() {
        use Scope::*;
        let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
        let table: Vec<(&[Scope], &Method, &str, bool)> = vec![
            (&[], &delete, "/api/v1/bots/bot_1", true),
            (&[CallsRead], &get, "/api.ashx/v1/calls", true),
            (&[CallsRead], &get, "/api.ashx/v1/calls/oac-1", true),
            (&[CallsRead], &post, "/api.ashx/v1/calls", false),
            (&[CallsWrite], &post, "/api.ashx/v1/calls", true),
            (&[CallsWrite], &post, "/api.ashx/v1/calls/oac-1/hangup", true),
            (&[CallsWrite], &get, "/api/v1/calls", true),
            (&[CallsWrite], &get, "/api.ashx/v1/callsigns", false),
            (&[CallsWrite], &get, "/api.ashx/v1/numbers", false),
            (&[CallsWrite], &get, "/ws/bot_1", true),
            (&[CallsRead], &get, "/ws/bot_1", false),
            (&[NumbersRead], &get, "/api.ashx/v1/numbers", true),
            (&[NumbersRead], &post, "/api/v1/numbers", false),
            (&[TranscriptsRead], &get, "/api.ashx/v1/transcripts/oac-1", true),
            (&[TranscriptsRead], &post, "/api/v1/transcripts/oac-1/shares", false),
            (&[RoutesRead], &put, "/api.ashx/v1/inbound-routes/1", false),
            (&[RoutesWrite], &put, "/api.ashx/v1/inbound-routes/1", true),
            (&[RoutesWrite], &delete, "/api.ashx/v1/inbound-routes/1", true),
            (&[WebhooksRead], &get, "/api.ashx/v1/webhooks", true),
            (&[WebhooksRead], &post, "/api/v1/webhooks", false),
            (&[WebhooksRead, CallsWrite], &post, "/api/v1/calls/s/hangup", true),
            (&[CallsRead], &get, "/api/v1/auth/me", true),
            (&[CallsRead], &get, "/api.ashx/v1", true),
            (&[CallsRead], &get, "/api/v1/bots", false),
            (&[CallsRead], &get, "/", false),
        ];
        for (scopes, method, path, expected) in table {
            assert_eq!(check(scopes, method, path).is_ok(), expected, "{scopes:?} {method} {path}");
        }
    }
}
