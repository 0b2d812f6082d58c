//! Calls that a CRM asks for (contract §2.8): the body becomes a call that is placed now, through the same gate as every other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::callee::{Callee, no_number};
use super::hours;
use super::service::Runtime;
use crate::base::id::{ApiKeyId, BotId, CallId, SessionId, UserId};
use crate::base::{Error, Result};
use crate::features::outbound::{Dialled, Direct};
use crate::platform::access::{Actor, Caller, Role, Via};

/// Longest `variables`, as JSON in bytes: they travel in a URL on their way to the config.
const MOST_VARIABLES: usize = 16 * 1024;
/// What the contract says when there is no room anywhere.
const NO_CAPACITY: &str = "No healthy fleet server available";

/// Body of `POST /api/v1/sip/dialout`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DialoutBody {
    /// The bot that speaks.
    bot_id: BotId,
    /// Whom to call: `+15551234567`, the same without the plus, or a local number with a leading zero, which is read by the country of
    /// `from_number`, else by the `destination_country` of the carrier.
    to_number: String,
    /// The number to show: one that a carrier has for outbound calls.
    #[serde(default)]
    from_number: Option<String>,
    /// Variables of this call: what the bot knows as `call.*`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    variables: Option<Map<String, Value>>,
    /// The same under its other name. Only one of the two may be sent.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    connected_event: Option<Map<String, Value>>,
}

/// A call that an engine dials.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct DialoutReply {
    /// Always `ok`.
    status: &'static str,
    /// The key of the call on the CodeB surface.
    call_id: CallId,
    /// The key of the call everywhere else.
    session_id: SessionId,
    /// The engine's name of its media room.
    room_name: String,
}

impl From<Dialled> for DialoutReply {
    fn from(dialled: Dialled) -> Self {
        Self { status: "ok", call_id: dialled.call_id, session_id: dialled.session_id, room_name: dialled.room_name }
    }
}

/// Who may have calls placed: a CRM's key, or an admin.
#[derive(Debug, Clone)]
pub(super) enum Dialler {
    /// A key, with the bots it may dial with; empty means all.
    Key(ApiKeyId, Vec<BotId>),
    /// A person, or a key that stands for one.
    Person(Actor),
}

impl Dialler {
    /// The dialler of a request, or the refusal of anybody else.
    pub(super) fn of(caller: &Caller) -> Result<Self> {
        match caller {
            Caller::Crm { key_id, bot_ids } => Ok(Self::Key(key_id.clone(), bot_ids.clone())),
            Caller::Actor(actor) if actor.role >= Role::Admin => Ok(Self::Person(actor.clone())),
            Caller::Actor(_) => Err(Error::forbidden("this needs the role admin, or an API key of a CRM")),
            Caller::Engine => Err(Error::forbidden("this route is for CRMs and people, not for engines")),
        }
    }

    fn may_use(&self, bot_id: &BotId) -> Result<()> {
        match self {
            Self::Key(_, bots) if !bots.is_empty() && !bots.contains(bot_id) => {
                Err(Error::forbidden("this API key may not dial with this bot").code("bot_not_in_scope"))
            }
            _ => Ok(()),
        }
    }

    /// Who answers for the call. A key answers for itself, under its id.
    fn actor(&self) -> Actor {
        match self {
            Self::Person(actor) => actor.clone(),
            Self::Key(id, _) => Actor {
                user_id: UserId::from(id.as_str()),
                name: id.to_string(),
                email: String::new(),
                role: Role::Admin,
                via: Via::ApiKey(id.clone()),
                ip: None,
            },
        }
    }
}

/// A body that can be dialled.
#[derive(Debug, PartialEq)]
struct Asked {
    to: Callee,
    from: Option<String>,
    event: Option<Map<String, Value>>,
}

impl Runtime {
    /// Places a call for a CRM. Checked in this order: who asks, the body, the bot (404), its hours (503), the number to show (404), whether
    /// the number may be called, the engines (503).
    pub(super) async fn dial_out(&self, dialler: &Dialler, body: DialoutBody) -> Result<DialoutReply> {
        let bot_id = body.bot_id.clone();
        let asked = asked(body)?;
        dialler.may_use(&bot_id)?;
        let phone = self.number_of_callee("to_number", asked.to, asked.from.as_deref()).await?;
        let (runtime, wanted, from) = (self.clone(), bot_id.clone(), asked.from.clone());
        let now = self.inner.clock.now();
        let max_seconds = self
            .inner
            .db
            .read(move |conn| {
                let bot = runtime.running_bot(conn, &wanted)?;
                hours::gate(&bot.body, now)?;
                runtime.trunk_for(conn, from.as_deref())?;
                Ok(bot.body.max_call_duration_seconds)
            })
            .await?;
        let direct = Direct {
            bot_id,
            phone,
            from_number: asked.from,
            connected_event: asked.event,
            max_seconds,
            tries: None,
            is_rehearsal: false,
            telephone: None,
        };
        let dialled = self.inner.orders.dial_now(&dialler.actor(), direct).await;
        dialled.map(DialoutReply::from).map_err(|failure| in_words_of_the_contract(failure, "to_number"))
    }
}

/// No engine that answers is the same to a CRM as none with room.
pub(super) fn in_words_of_the_contract(failure: Error, field: &str) -> Error {
    match failure.stable_code() {
        "bridge_unreachable" => Error::unavailable(NO_CAPACITY).code("no_capacity").retry_after(10),
        "call_not_permitted" => failure.about(field),
        _ => failure,
    }
}

/// Reads a body, or refuses it and names the field.
fn asked(body: DialoutBody) -> Result<Asked> {
    if body.variables.is_some() && body.connected_event.is_some() {
        return Err(refused("variables", "send either variables or connected_event, not both"));
    }
    let event = body.variables.or(body.connected_event);
    event.as_ref().map(refuse_large).transpose()?;
    let from = body.from_number.filter(|from| !from.trim().is_empty());
    let to = Callee::read(&body.to_number).ok_or_else(|| no_number("to_number"))?;
    Ok(Asked { to, from: from.map(|from| from.trim().to_owned()), event })
}

/// Refuses variables that would not fit into a URL.
pub(super) fn refuse_large(event: &Map<String, Value>) -> Result<()> {
    match Value::Object(event.clone()).to_string().len() > MOST_VARIABLES {
        true => Err(refused("variables", "must have at most 16 KB as JSON")),
        false => Ok(()),
    }
}

fn refused(field: &str, sentence: &str) -> Error {
    Error::invalid(format!("{field}: {sentence}")).field(field, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_refusal_names_its_field() {
        let read = |change: Value| {
            let mut body = json!({ "bot_id": "bot_1", "to_number": "+15551234567" });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            asked(serde_json::from_value(body).unwrap()).map_err(|error| error.fields()[0].field.clone())
        };
        assert_eq!(read(json!({ "variables": { "a": 1 } })).unwrap().event, json!({ "a": 1 }).as_object().cloned());
        assert_eq!(read(json!({ "connected_event": { "a": 1 }, "from_number": " " })).unwrap().from, None);
        for (change, field) in [
            (json!({ "variables": {}, "connected_event": {} }), "variables"),
            (json!({ "variables": { "a": "x".repeat(20_000) } }), "variables"),
            (json!({ "to_number": "0555" }), "to_number"),
        ] {
            assert_eq!(read(change.clone()), Err(field.to_owned()), "{change}");
        }
    }
}
