//! A call that tries a bot out: its draft or any version of it calls a number or a telephone, through the same gate as every other call.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::callee::{Callee, no_number};
use super::dialout::{DialoutReply, in_words_of_the_contract, refuse_large};
use super::service::Runtime;
use crate::base::Result;
use crate::base::id::BotId;
use crate::features::bots::BotState;
use crate::features::outbound::{Direct, Telephone};
use crate::platform::access::Actor;

/// Body of `POST /api/v1/bots/{id}/test-call`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestCallBody {
    /// A number with its country code, or a telephone in your own networks: `sip:anna@192.168.1.20:5060`.
    to: String,
    /// `draft`, `published` or the number of a version; `published` if absent.
    #[serde(default)]
    version: Option<String>,
    /// Nothing is carried out that tools ask for, and nobody is transferred; the transcript shows what would have been.
    #[serde(default)]
    rehearsal: bool,
    /// The number to show: one that a carrier has for outbound calls.
    #[serde(default)]
    from_number: Option<String>,
    /// Variables of this call: what the bot knows as `call.*`. `_skip_post_push: false` has the CRM told of it, which a test is not.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    variables: Option<Map<String, Value>>,
}

impl Runtime {
    /// Places the call now. The bot need not be active and its hours do not hold; who may be called, and when, holds as always.
    pub(super) async fn test_call(&self, actor: &Actor, bot_id: BotId, body: TestCallBody) -> Result<DialoutReply> {
        let state = BotState::parse("version", body.version.as_deref().unwrap_or("published"))?;
        let (bots, wanted) = (self.inner.bots.clone(), bot_id.clone());
        let tried = self.inner.db.read(move |conn| bots.in_state(conn, &wanted, state)).await?;
        let from = body.from_number.map(|from| from.trim().to_owned()).filter(|from| !from.is_empty());
        let (phone, telephone) = match body.to.trim().starts_with("sip") {
            true => (body.to.trim().to_owned(), Some(Telephone::parse(&body.to)?)),
            false => {
                let callee = Callee::read(&body.to).ok_or_else(|| no_number("to"))?;
                (self.number_of_callee("to", callee, from.as_deref()).await?, None)
            }
        };
        let mut event = body.variables.unwrap_or_default();
        refuse_large(&event)?;
        event.entry("_skip_post_push").or_insert(json!(true));
        if telephone.is_none() {
            let (runtime, shown) = (self.clone(), from.clone());
            self.inner.db.read(move |conn| runtime.trunk_for(conn, shown.as_deref())).await?;
        }
        let direct = Direct {
            bot_id,
            phone,
            from_number: from,
            connected_event: Some(event),
            max_seconds: tried.body.max_call_duration_seconds,
            tries: Some(state.word()),
            is_rehearsal: body.rehearsal,
            telephone,
        };
        let dialled = self.inner.orders.dial_now(actor, direct).await.map_err(|error| in_words_of_the_contract(error, "to"))?;
        Ok(DialoutReply::from(dialled))
    }
}
