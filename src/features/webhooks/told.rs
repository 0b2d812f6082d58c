//! What receivers are told of a fact: the same words whether they are pushed, pulled or sent again.

use serde_json::{Map, Value};

use super::event::EventName;
use super::payload;
use crate::base::Result;
use crate::base::id::{DeliveryId, SessionId, WebhookId};
use crate::base::secret::sha256_hex;
use crate::contract::fact::Fact;
use crate::features::{calls, transcripts};
use crate::platform::db::Conn;
use crate::platform::outbox::Event;

/// An event for receivers.
pub(super) struct Told {
    pub(super) event: EventName,
    /// The call it tells of.
    pub(super) session_id: Option<SessionId>,
    pub(super) data: Map<String, Value>,
}

/// Every fact about calls and shares can be told to receivers.
pub fn wants(fact: &Fact) -> bool {
    session_of(fact).is_some() || is_of_share(fact)
}

/// What is told of a fact. `None` when it is none of the receivers' business, or what it is about is no longer stored.
pub(super) fn told(conn: &Conn, fact: &Fact) -> Result<Option<Told>> {
    if is_of_share(fact) {
        let Some(event) = EventName::of(fact, false) else { return Ok(None) };
        return Ok(transcripts::share_event(conn, fact)?.map(|data| Told { event, session_id: None, data }));
    }
    let Some(session_id) = session_of(fact) else { return Ok(None) };
    let Some(call) = calls::find(conn, session_id)? else { return Ok(None) };
    let Some(event) = EventName::of(fact, payload::is_outbound(&call)) else { return Ok(None) };
    if event == EventName::CallAnswered && payload::is_browser(&call) {
        return Ok(None);
    }
    Ok(Some(Told { event, session_id: Some(call.session_id.clone()), data: payload::of_call(event, &call) }))
}

/// The id of a fact's delivery to a subscription. It follows from the two, so that a delivery that is made anew from the fact, when its
/// log line is long gone, still carries the id the receiver may have seen. The time is in it because positions come again after a restore.
pub(super) fn delivery_id(webhook_id: &WebhookId, heard: &Event) -> DeliveryId {
    let digest = sha256_hex(&format!("{webhook_id}:{}:{}", heard.id, heard.at.0));
    DeliveryId(format!("dlv_{}", &digest[..24]))
}

fn is_of_share(fact: &Fact) -> bool {
    matches!(fact, Fact::ShareCreated { .. } | Fact::ShareViewed { .. } | Fact::ShareRevoked { .. })
}

fn session_of(fact: &Fact) -> Option<&SessionId> {
    match fact {
        Fact::CallAnswered { session_id, .. }
        | Fact::CallStarted { session_id }
        | Fact::CallTransferred { session_id }
        | Fact::CallCompleted { session_id, .. }
        | Fact::TranscriptSaved { session_id } => Some(session_id),
        Fact::ShareCreated { .. } | Fact::ShareViewed { .. } | Fact::ShareRevoked { .. } | Fact::WebhookPaused { .. } => None,
    }
}
