//! Calls that are placed now or not at all: a CRM waits for the answer of the engine.

use std::time::Duration;

use serde_json::{Map, Value};

use super::model::{Brief, Wish};
use super::service::Orders;
use super::telephone::Telephone;
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::{Error, Result};
use crate::platform::access::Actor;

/// How long a call waits for its turn at the carrier.
const PATIENCE: Duration = Duration::from_secs(2);

/// A call that a CRM, or an admin in its place, wants now.
#[derive(Debug, Clone)]
pub struct Direct {
    /// The bot that speaks.
    pub bot_id: BotId,
    /// Whom to call: E.164.
    pub phone: String,
    /// The number to show: one of a carrier's; that carrier is dialled through.
    pub from_number: Option<String>,
    /// Variables and control flags of this call.
    pub connected_event: Option<Map<String, Value>>,
    /// Longest talk.
    pub max_seconds: u32,
    /// The state of the bot that is tried out; `None`: what every call runs on.
    pub tries: Option<String>,
    /// Whether nothing is carried out that tools ask for, and nobody is transferred.
    pub is_rehearsal: bool,
    /// The telephone at `phone`, where that is no number.
    pub telephone: Option<Telephone>,
}

/// A call that an engine dials.
#[derive(Debug, Clone)]
pub struct Dialled {
    /// The CodeB key.
    pub call_id: CallId,
    /// The CXB key.
    pub session_id: SessionId,
    /// The engine's name of its media room.
    pub room_name: String,
}

impl Orders {
    /// Places a call now. When this answers, an engine dials. What an engine refuses is refused as the engine said it, and the call is kept
    /// as failed. `Unavailable` outside the calling window, with the time until it opens; it is not made later.
    pub async fn dial_now(&self, actor: &Actor, direct: Direct) -> Result<Dialled> {
        let (orders, by, wish) = (self.clone(), actor.clone(), wish(direct));
        let accepted = self.setup().db.write(move |tx| orders.accept(tx, &by, &wish)).await;
        let accepted = self.noting(actor, accepted).await?;
        let attempt = accepted.first.ok_or_else(|| Error::internal("a call that is to be placed now was put off"))?;
        let (call_id, session_id) = (attempt.call_id.clone(), attempt.session_id.clone());
        let room_name = match self.tell(&attempt, PATIENCE).await {
            Ok(reply) => reply.room_name,
            Err(failure) => {
                if self.close_untaken(*attempt, &failure).await? {
                    return Err(failure);
                }
                // An engine has it in spite of its answer.
                session_id.to_string()
            }
        };
        Ok(Dialled { call_id, session_id, room_name })
    }
}

fn wish(direct: Direct) -> Wish {
    Wish {
        display_name: direct.phone.clone(),
        phone: direct.phone,
        email: None,
        api_key: None,
        bot_id: Some(direct.bot_id),
        at: None,
        retries: 0,
        retry_delay_minutes: 5,
        is_direct: true,
        brief: Brief {
            system_prompt: None,
            voice: None,
            language: None,
            model: None,
            max_seconds: direct.max_seconds,
            from_number: direct.from_number,
            connected_event: direct.connected_event,
            tries: direct.tries,
            is_rehearsal: direct.is_rehearsal,
            telephone: direct.telephone,
        },
    }
}
