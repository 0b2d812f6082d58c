//! What becomes of an incoming call: routes, then the dialled number's bot, then the catch-all (decision 24).

use serde_json::{Map, Value, json};
use tracing::info;

use super::hours;
use super::service::Runtime;
use crate::base::id::SessionId;
use crate::base::phone::mask;
use crate::base::{Kind, Result};
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::features::bots::Published;
use crate::features::calls::{self, Direction, NewCall, Origin};
use crate::features::numbers::{InboundRoute, NumberView, first_match};
use crate::platform::db::Tx;

/// SIP: nobody is there now.
const TEMPORARILY_UNAVAILABLE: u16 = 480;
/// SIP: there is no such number.
const NOT_FOUND: u16 = 404;

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// To the user of a route.
    User(&'a str),
    /// To the virtual number that was dialled.
    DialledNumber,
    /// Nowhere.
    Nobody,
}

/// Where a call goes: the first route that fits but the catch-all, else the virtual number that was dialled, else the catch-all.
pub fn choose_route<'a>(routes: &'a [InboundRoute], has_number: bool, did: &str, from: Option<&str>) -> Choice<'a> {
    if let Some(route) = first_match(routes.iter().filter(|route| !route.is_catch_all()), did, from) {
        return Choice::User(&route.user);
    }
    if has_number {
        return Choice::DialledNumber;
    }
    routes.iter().find(|route| route.is_catch_all()).map_or(Choice::Nobody, |route| Choice::User(&route.user))
}

impl Runtime {
    /// Decides about an incoming call and opens its row. The same call id gets the same answer again.
    pub(super) async fn inbound(&self, call: InboundCall) -> Result<InboundAnswer> {
        let runtime = self.clone();
        let (id, did) = (call.call_id.clone(), call.did.clone());
        let answer = self.inner.db.write(move |tx| runtime.inbound_in(tx, &call)).await?;
        info!(call.id = %id, "A call to {} is for {}", mask(&did), word(&answer));
        Ok(answer)
    }

    fn inbound_in(&self, tx: &Tx<'_>, call: &InboundCall) -> Result<InboundAnswer> {
        if let Some(known) = calls::find_by_call_id(tx, &call.call_id)?
            && let (Some(bot_id), Some(number_id)) = (known.bot_id, known.number_id)
        {
            return Ok(InboundAnswer::Bot { bot_id, number_id, session_id: known.session_id });
        }
        let routes = self.inner.inbound_routes.in_order(tx)?;
        let dialled = self.inner.numbers.find_dialled(tx, &call.did)?;
        let number = match choose_route(&routes, dialled.is_some(), &call.did, call.from_number.as_deref()) {
            Choice::DialledNumber => dialled,
            Choice::Nobody => return Ok(InboundAnswer::Reject { sip_code: NOT_FOUND }),
            Choice::User(user) => match self.inner.numbers.find_user(tx, user)? {
                Some(number) => Some(number),
                None => return Ok(InboundAnswer::Ring { aor: user.to_owned() }),
            },
        };
        match number {
            Some(number) => self.answer_by(tx, call, &number),
            None => Ok(InboundAnswer::Reject { sip_code: NOT_FOUND }),
        }
    }

    fn answer_by(&self, tx: &Tx<'_>, call: &InboundCall, number: &NumberView) -> Result<InboundAnswer> {
        let bot = match self.running_bot(tx, &number.body.bot_id) {
            Ok(bot) => bot,
            Err(error) if error.kind() == Kind::NotFound => return Ok(InboundAnswer::Reject { sip_code: TEMPORARILY_UNAVAILABLE }),
            Err(error) => return Err(error),
        };
        if hours::gate(&bot.body, tx.now).is_err() {
            return Ok(InboundAnswer::Reject { sip_code: TEMPORARILY_UNAVAILABLE });
        }
        let session_id = call.session_id.clone().unwrap_or_else(|| SessionId::new(&self.inner.random));
        calls::open_skeleton(tx, &skeleton(&session_id, call, number, &bot))?;
        Ok(InboundAnswer::Bot { bot_id: bot.id, number_id: number.id.clone(), session_id })
    }
}

/// The row of a call that a number's bot takes. The number's limit and the bot's both hold.
fn skeleton(session_id: &SessionId, call: &InboundCall, number: &NumberView, bot: &Published) -> NewCall {
    let own = &number.body;
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let mut overrides = Map::new();
    overrides.insert("maxSeconds".to_owned(), json!(own.max_duration_sec.min(bot.body.max_call_duration_seconds)));
    for (key, value) in [("voice", given(&own.voice)), ("language", given(&own.language))] {
        if let Some(value) = value {
            overrides.insert(key.to_owned(), Value::String(value));
        }
    }
    NewCall {
        call_id: Some(call.call_id.clone()),
        bot_id: Some(bot.id.clone()),
        bot_version: Some(bot.version),
        direction: Direction::Inbound,
        origin: Origin::Vnum,
        number_id: Some(number.id.clone()),
        number: Some(own.number.clone()),
        number_name: Some(own.name.clone()),
        did: Some(call.did.clone()),
        caller_id: call.from_number.clone(),
        from_number: call.from_number.clone(),
        carrier_id: Some(call.carrier_id.clone()),
        save_transcript: own.save_transcripts,
        voice: given(&own.voice).or_else(|| bot.body.tts.voice.clone()),
        language: given(&own.language).or_else(|| Some(bot.body.language.clone())),
        model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
        overrides: Some(Value::Object(overrides)),
        ..NewCall::of(session_id.clone())
    }
}

fn word(answer: &InboundAnswer) -> String {
    match answer {
        InboundAnswer::Bot { bot_id, .. } => format!("the bot {bot_id}"),
        InboundAnswer::Ring { aor } => format!("the phone of {aor}"),
        InboundAnswer::Reject { sip_code } => format!("nobody ({sip_code})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(did: &str, user: &str) -> InboundRoute {
        InboundRoute { did: did.into(), from_number: None, user: user.into() }
    }

    #[test]
    fn routes_come_first_then_the_dialled_number_then_the_catch_all() {
        let routes = [route("100", "alex"), route("anonymous", "screening"), route("*", "reception")];
        for (did, from, has_number, choice) in [
            ("100", Some("+1555"), true, Choice::User("alex")),
            ("200", Some("+1555"), true, Choice::DialledNumber),
            ("200", None, true, Choice::User("screening")),
            ("200", Some("+1555"), false, Choice::User("reception")),
        ] {
            assert_eq!(choose_route(&routes, has_number, did, from), choice, "{did} {from:?}");
        }
        assert_eq!(choose_route(&[], false, "200", None), Choice::Nobody);
    }
}
