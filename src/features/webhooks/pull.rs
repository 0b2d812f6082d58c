//! Events for whoever asks instead of being called: the same words as the deliveries, by position, as far as facts are kept.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::event::EventName;
use super::service::Webhooks;
use super::told::told;
use crate::base::{Error, Millis, Result};
use crate::platform::db::Conn;
use crate::platform::outbox::{self, Kept};

/// Facts read in one go.
const FACTS_AT_ONCE: u32 = 200;
/// Most facts looked through for one answer: rare events come with several.
const MOST_LOOKED_AT: u32 = 4000;

/// An event as it is pulled.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PulledEvent {
    /// Position among all events; later ones have higher ones.
    pub id: i64,
    /// Name of the event.
    pub event: String,
    /// The host of this appliance.
    pub tenant: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub ts: Millis,
    /// What happened, as in a delivery.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

/// Events after a position.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PulledEvents {
    /// The events, oldest first.
    pub data: Vec<PulledEvent>,
    /// Most events of one answer.
    pub limit: u32,
    /// What to give as `after` next time, also when there was nothing new.
    pub cursor: i64,
    /// The next request; null when there is nothing more at present.
    pub next: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// The position after which to begin; the oldest kept event without it.
    pub(super) after: Option<i64>,
    pub(super) limit: u32,
    /// Only these; all when empty.
    pub(super) names: Vec<EventName>,
}

impl Webhooks {
    /// The events after a position, oldest first.
    pub(super) async fn pull(&self, wish: Wish) -> Result<PulledEvents> {
        let tenant = self.tenant().to_owned();
        self.db().read(move |conn| pull(conn, &tenant, &wish)).await
    }
}

fn pull(conn: &Conn, tenant: &str, wish: &Wish) -> Result<PulledEvents> {
    let kept = outbox::kept(conn)?;
    let mut cursor = begin(kept, wish.after)?;
    let mut data = Vec::new();
    let mut n_looked_at = 0;
    while n_looked_at < MOST_LOOKED_AT {
        let stretch = outbox::facts_after(conn, cursor, FACTS_AT_ONCE)?;
        let Some(last) = stretch.last else { break };
        for heard in stretch.events {
            if data.len() >= wish.limit as usize {
                return Ok(answer(data, wish, cursor, kept));
            }
            cursor = heard.id;
            let Some(told) = told(conn, &heard.fact)? else { continue };
            if wish.names.is_empty() || wish.names.contains(&told.event) {
                let event = told.event.as_str().to_owned();
                data.push(PulledEvent { id: heard.id, event, tenant: tenant.to_owned(), ts: heard.at, data: told.data });
            }
        }
        cursor = last;
        n_looked_at += FACTS_AT_ONCE;
    }
    Ok(answer(data, wish, cursor, kept))
}

/// The position to begin after. Refuses one before which events are gone: whoever pulls must learn that it has missed some.
fn begin(kept: Kept, after: Option<i64>) -> Result<i64> {
    match after {
        None => Ok(kept.before_first),
        Some(after) if after > kept.last => {
            Err(Error::gone(format!("no event has the position {after} yet, the newest has {}: begin again without after", kept.last))
                .code("cursor_unknown"))
        }
        Some(after) if after < kept.before_first => {
            Err(Error::gone(format!("the events after {after} are kept only from {} on: begin again without after", kept.before_first + 1))
                .code("cursor_too_old"))
        }
        Some(after) => Ok(after),
    }
}

fn answer(data: Vec<PulledEvent>, wish: &Wish, cursor: i64, kept: Kept) -> PulledEvents {
    let names: Vec<&str> = wish.names.iter().map(|name| name.as_str()).collect();
    let names = if names.is_empty() { String::new() } else { format!("&event={}", names.join(",")) };
    let next = (cursor < kept.last).then(|| format!("/api/v1/events?after={cursor}&limit={}{names}", wish.limit));
    PulledEvents { data, limit: wish.limit, cursor, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_good_as_long_as_nothing_after_it_is_gone() {
        let kept = Kept { before_first: 10, last: 20 };
        let table =
            [(None, Ok(10)), (Some(10), Ok(10)), (Some(20), Ok(20)), (Some(9), Err("cursor_too_old")), (Some(21), Err("cursor_unknown"))];
        for (after, expected) in table {
            assert_eq!(begin(kept, after).map_err(|error| error.stable_code()), expected, "{after:?}");
        }
        let empty = Kept { before_first: 20, last: 20 };
        assert_eq!(begin(empty, Some(20)).ok(), Some(20));
        assert!(begin(empty, Some(19)).is_err());
    }
}
