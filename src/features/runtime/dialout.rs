//! Calls that a CRM asks for (contract §2.8): the body becomes a call that is placed now, through the same gate as every other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::hours;
use super::service::Runtime;
use crate::base::id::{ApiKeyId, BotId, CallId, SessionId, UserId};
use crate::base::phone::is_e164;
use crate::base::{Error, Kind, Result};
use crate::features::outbound::{Dialled, Direct};
use crate::platform::access::{Actor, Caller, Role, Via};

/// Longest `variables`, as JSON in bytes: they travel in a URL on their way to the config.
const MOST_VARIABLES: usize = 16 * 1024;
/// Longest number as people write it.
const LONGEST_NUMBER: usize = 40;
/// What the contract says when there is no room anywhere.
const NO_CAPACITY: &str = "No healthy fleet server available";

/// Body of `POST /api/v1/sip/dialout`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DialoutBody {
    /// The bot that speaks.
    bot_id: BotId,
    /// Whom to call: `+15551234567`, or the same without the plus.
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
    to: String,
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
        let direct = Direct { bot_id, phone: asked.to, from_number: asked.from, connected_event: asked.event, max_seconds };
        let Dialled { call_id, session_id, room_name } =
            self.inner.orders.dial_now(&dialler.actor(), direct).await.map_err(in_words_of_the_contract)?;
        Ok(DialoutReply { status: "ok", call_id, session_id, room_name })
    }
}

/// No engine that answers is the same to a CRM as none with room.
fn in_words_of_the_contract(failure: Error) -> Error {
    match failure.stable_code() {
        "bridge_unreachable" => Error::unavailable(NO_CAPACITY).code("no_capacity").retry_after(10),
        "call_not_permitted" => {
            let said = failure.message().to_owned();
            Error::new(Kind::Invalid, said.clone()).code("call_not_permitted").field("to_number", said)
        }
        _ => failure,
    }
}

/// Reads a body, or refuses it and names the field.
fn asked(body: DialoutBody) -> Result<Asked> {
    let refused = |field: &str, sentence: &str| Error::invalid(format!("{field}: {sentence}")).field(field, sentence);
    if body.variables.is_some() && body.connected_event.is_some() {
        return Err(refused("variables", "send either variables or connected_event, not both"));
    }
    let number = |field: &str, text: &str| {
        e164(text).ok_or_else(|| {
            refused(
                field,
                "must be a number with its country code, such as +15551234567; a local number cannot be told from another country's",
            )
        })
    };
    let event = body.variables.or(body.connected_event);
    if event.as_ref().is_some_and(|event| Value::Object(event.clone()).to_string().len() > MOST_VARIABLES) {
        return Err(refused("variables", "must have at most 16 KB as JSON"));
    }
    let from = body.from_number.filter(|from| !from.trim().is_empty());
    Ok(Asked { to: number("to_number", &body.to_number)?, from: from.map(|from| from.trim().to_owned()), event })
}

/// The number in E.164: spaces, dots, dashes and brackets go, a leading `00` becomes `+`, international digits get their `+`.
fn e164(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST_NUMBER || text.is_empty() {
        return None;
    }
    let rest = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
    if !rest.chars().all(|c| c.is_ascii_digit() || " .-/()\u{a0}".contains(c)) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    // Fewer than ten digits without a plus may be a local number; guessing would call a stranger.
    let is_marked = rest.len() < text.len();
    if !is_marked && digits.len() < 10 {
        return None;
    }
    let number = format!("+{digits}");
    is_e164(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn international_digits_get_their_plus_and_local_ones_are_not_guessed() {
        for (text, number) in [
            ("+15551234567", Some("+15551234567")),
            ("919876543210", Some("+919876543210")),
            ("91 98765-43210", Some("+919876543210")),
            ("0049 30 123456", Some("+4930123456")),
            ("+1 (555) 123.4567", Some("+15551234567")),
            ("09876543210", None),
            ("5551234", None),
            ("123456789", None),
            ("", None),
            ("+", None),
            ("sip:a@b", None),
            ("+1555123456789012345", None),
        ] {
            assert_eq!(e164(text).as_deref(), number, "{text}");
        }
    }

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
