//! Asks a CRM at the start of a call. It has a hard limit of time; whatever goes wrong, the call goes on without it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tracing::warn;

use super::flatten::{Flat, MOST_BYTES, flatten};
use super::mapping::form;
use super::service::Crm;
use crate::base::id::SessionId;
use crate::base::mapping::Names;
use crate::base::{Error, Result};
use crate::contract::crm::{CrmPrefetch, PrefetchMethod};
use crate::platform::net::Request;

/// What came of asking.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fetched {
    /// What the CRM said, flat; none when it failed.
    pub fields: Option<Map<String, Value>>,
    /// How it went, for the call: `status` (`ok` or `failed`), `ms`, `n_fields`, `n_left_out`, `error`.
    pub note: Map<String, Value>,
}

impl Fetched {
    /// Whether the CRM said nothing that can be used.
    pub fn has_failed(&self) -> bool {
        self.fields.is_none()
    }
}

impl Crm {
    /// Asks the CRM of a bot about a call, of which `names` tell. Never fails: an error is told in the note. Holds no connection to the database.
    pub async fn prefetch(&self, asked: &CrmPrefetch, session_id: &SessionId, names: Names) -> Fetched {
        let (clock, names) = (&self.setup().clock, Arc::new(names));
        let within = Duration::from_millis(asked.timeout_ms.into());
        let since = clock.monotonic();
        let outcome = tokio::time::timeout(within, self.ask(asked, session_id.as_str(), &names, within)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Error::upstream("the CRM did not answer in time")));
        let ms = clock.monotonic().saturating_duration_since(since).as_millis();
        match outcome {
            Ok(Flat { fields, n_left_out, .. }) => {
                let note = json!({ "status": "ok", "ms": ms, "n_fields": fields.len(), "n_left_out": n_left_out });
                Fetched { fields: Some(fields), note: object(note) }
            }
            Err(failure) => {
                warn!(call.id = %session_id, "The CRM said nothing about the call {session_id}: {failure}");
                Fetched { fields: None, note: object(json!({ "status": "failed", "ms": ms, "error": failure.message() })) }
            }
        }
    }

    async fn ask(&self, asked: &CrmPrefetch, lane: &str, names: &Arc<Names>, within: Duration) -> Result<Flat> {
        let request = self.question(asked, names)?.within(within).lane(lane);
        let answer = self.setup().outbound.guarded(request, within).await?;
        if !answer.is_success() {
            return Err(Error::upstream(format!("the CRM answered {}", answer.status)));
        }
        let bytes = answer.bytes(MOST_BYTES).await?;
        flatten(&bytes, &asked.response_path)
    }

    /// The request with its variables in place.
    fn question(&self, asked: &CrmPrefetch, names: &Arc<Names>) -> Result<Request> {
        let templates = &self.inner.templates;
        let url = templates.fill_url(&asked.url, names).map_err(|error| at("url", &error))?.text;
        let mut params = Vec::new();
        for (name, template) in &asked.params {
            let filled = templates.fill(template, names).map_err(|error| at(&format!("params.{name}"), &error))?;
            params.push((name.clone(), filled.text));
        }
        let request = match asked.method {
            PrefetchMethod::Get => Request::get(with_query(&url, &params)),
            PrefetchMethod::Post => Request::post(url).json(&params.into_iter().collect::<std::collections::BTreeMap<_, _>>())?,
        };
        let given =
            asked.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("host"));
        Ok(given.fold(request.header("accept", "application/json"), |request, (name, value)| request.header(name, &value.0)))
    }
}

fn with_query(url: &str, params: &[(String, String)]) -> String {
    if params.is_empty() {
        return url.to_owned();
    }
    let query = form(params.iter().map(|(name, value)| (name, value)));
    let (before, fragment) = url.split_once('#').unwrap_or((url, ""));
    let join = if before.contains('?') { '&' } else { '?' };
    let end = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
    format!("{before}{join}{query}{end}")
}

fn at(field: &str, error: &Error) -> Error {
    Error::invalid(format!("crm_prefetch.{field}: {}", error.message()))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_the_query_that_a_url_has() {
        let params = [("phone".to_owned(), "+1 5".to_owned())];
        for (url, expected) in [
            ("https://crm.example/a", "https://crm.example/a?phone=%2B1+5"),
            ("https://crm.example/a?b=1", "https://crm.example/a?b=1&phone=%2B1+5"),
            ("https://crm.example/a#x", "https://crm.example/a?phone=%2B1+5#x"),
        ] {
            assert_eq!(with_query(url, &params), expected);
        }
        assert_eq!(with_query("https://crm.example/a", &[]), "https://crm.example/a");
    }
}
