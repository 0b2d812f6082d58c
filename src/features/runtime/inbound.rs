//! What becomes of an incoming call: routes, then the dialled number's bot, then the catch-all (decision 24).

use tracing::info;

use super::service::Runtime;
use super::{connected, hours, number};
use crate::base::id::{BotId, SessionId};
use crate::base::phone::mask;
use crate::base::{Kind, Result};
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::features::bots::Published;
use crate::features::calls::{self, CallRecord, NewCall};
use crate::features::carriers::DidView;
use crate::features::numbers::{InboundRoute, NumberMode, NumberView, Visibility, first_match};
use crate::platform::db::Tx;

/// SIP: nobody is there now.
const TEMPORARILY_UNAVAILABLE: u16 = 480;
/// SIP: there is no such number.
pub(super) const NOT_FOUND: u16 = 404;
/// SIP: not for you.
const FORBIDDEN: u16 = 403;

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// To the user of a route.
    User(&'a str),
    /// To the virtual number that was dialled.
    DialledNumber,
    /// To the bot of the carrier's number that was dialled.
    DidBot,
    /// Nowhere.
    Nobody,
}

/// Whom the dialled number itself means, whatever the routes say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialled {
    /// It is a virtual number.
    pub is_number: bool,
    /// It is a number of a carrier with a bot of its own.
    pub has_bot: bool,
}

/// Where a call goes: the first route that fits but the catch-all, else the virtual number that was dialled, else the bot of the carrier's
/// number, else the catch-all.
pub fn choose_route<'a>(routes: &'a [InboundRoute], dialled: Dialled, did: &str, from: Option<&str>) -> Choice<'a> {
    if let Some(route) = first_match(routes.iter().filter(|route| !route.is_catch_all()), did, from) {
        return Choice::User(&route.user);
    }
    if dialled.is_number {
        return Choice::DialledNumber;
    }
    if dialled.has_bot {
        return Choice::DidBot;
    }
    routes.iter().find(|route| route.is_catch_all()).map_or(Choice::Nobody, |route| Choice::User(&route.user))
}

/// Who takes a call.
pub(super) enum Taker {
    /// A virtual number.
    Number(Box<NumberView>),
    /// The bot of a carrier's number.
    Did(DidView, BotId),
    /// The telephones of a person, by their address of record.
    Phone(String),
    /// Nobody: the SIP status, and why if the caller is to know.
    Nobody(u16, Option<&'static str>),
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
        if let Some(answer) = calls::find_by_call_id(tx, &call.call_id)?.and_then(answered_before) {
            return Ok(answer);
        }
        if let Some(from) = &call.browser {
            return self.answer_browser(tx, call, from);
        }
        if let Some(from) = &call.socket {
            return self.answer_socket(tx, call, from);
        }
        let taker = match &call.aor {
            _ if call.is_inside => self.within(tx, &call.did, call.from_number.as_deref())?,
            Some(aor) => self.dialled_by_phone(tx, call, aor)?,
            None => self.routed(tx, call)?,
        };
        match taker {
            Taker::Number(number) => self.answer_by(tx, call, &number),
            Taker::Did(did, bot_id) => self.answer_for_did(tx, call, &did, bot_id),
            Taker::Phone(aor) => self.ring(tx, call, aor),
            Taker::Nobody(sip_code, reason) => Ok(InboundAnswer::Reject { sip_code, reason: reason.map(str::to_owned) }),
        }
    }

    /// Whom a carrier's call is for, by the routes and the number that was dialled.
    fn routed(&self, tx: &Tx<'_>, call: &InboundCall) -> Result<Taker> {
        let routes = self.inner.inbound_routes.in_order(tx)?;
        let dialled = self.inner.numbers.find_dialled(tx, &call.did)?;
        let did = self.inner.carriers.find_did(tx, &call.did)?.and_then(|did| Some((did.body.bot_id.clone()?, did)));
        let meant = Dialled { is_number: dialled.is_some(), has_bot: did.is_some() };
        let user = match choose_route(&routes, meant, &call.did, call.from_number.as_deref()) {
            Choice::DidBot => return Ok(did.map_or(Taker::Nobody(NOT_FOUND, None), |(bot_id, did)| Taker::Did(did, bot_id))),
            Choice::DialledNumber => return Ok(dialled.map_or(Taker::Nobody(NOT_FOUND, None), by_dialling)),
            Choice::Nobody => return Ok(Taker::Nobody(NOT_FOUND, None)),
            Choice::User(user) => user,
        };
        self.user(tx, user)
    }

    /// The user of a route: a virtual number by its name or number, else a person whose telephones ring.
    pub(super) fn user(&self, tx: &Tx<'_>, user: &str) -> Result<Taker> {
        if let Some(number) = self.inner.numbers.find_user(tx, user)? {
            return Ok(Taker::Number(Box::new(number)));
        }
        let phone = self.inner.phones.registered(tx, user, tx.now)?;
        Ok(phone.map_or(Taker::Nobody(TEMPORARILY_UNAVAILABLE, None), Taker::Phone))
    }

    /// A person's telephone reaches virtual numbers, by number or name, whatever their visibility; nothing else.
    fn dialled_by_phone(&self, tx: &Tx<'_>, call: &InboundCall, aor: &str) -> Result<Taker> {
        if !self.inner.phones.is_active(tx, aor)? {
            return Ok(Taker::Nobody(FORBIDDEN, Some("This phone's account is switched off")));
        }
        let number = match self.inner.numbers.find_dialled(tx, &call.did)? {
            Some(number) => Some(number),
            None => self.inner.numbers.find_user(tx, &call.did)?,
        };
        Ok(number.map_or(Taker::Nobody(FORBIDDEN, Some("Phones reach virtual numbers only")), |number| Taker::Number(Box::new(number))))
    }

    pub(super) fn answer_by(&self, tx: &Tx<'_>, call: &InboundCall, number: &NumberView) -> Result<InboundAnswer> {
        let bot_id = self.inner.numbers.bot_of(number);
        let session_id = self.session(call);
        let row = of_call(call, number::skeleton(&session_id, number));
        let row = match number.body.mode {
            NumberMode::Tts => number::of_announcement(row, &number.body, bot_id.clone()),
            NumberMode::LiveVoiceAi => match self.open_bot(tx, &bot_id)? {
                Some(bot) => {
                    let headers = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                    let seen = connected::admitted(headers, bot.body.sip_header_config.as_ref());
                    let row = NewCall { connected_event: Some(seen).filter(|seen| !seen.is_empty()), ..row };
                    number::of_bot(row, &number.body, &bot)
                }
                None => return Ok(InboundAnswer::Reject { sip_code: TEMPORARILY_UNAVAILABLE, reason: None }),
            },
        };
        calls::open_skeleton(tx, &row)?;
        Ok(InboundAnswer::Bot { bot_id, number_id: Some(number.id.clone()), session_id })
    }

    fn answer_for_did(&self, tx: &Tx<'_>, call: &InboundCall, did: &DidView, bot_id: BotId) -> Result<InboundAnswer> {
        let Some(bot) = self.open_bot(tx, &bot_id)? else {
            return Ok(InboundAnswer::Reject { sip_code: TEMPORARILY_UNAVAILABLE, reason: None });
        };
        let session_id = self.session(call);
        calls::open_skeleton(tx, &of_call(call, number::of_did(&session_id, did, &bot)))?;
        Ok(InboundAnswer::Bot { bot_id, number_id: None, session_id })
    }

    /// The bot, if it takes calls now.
    pub(super) fn open_bot(&self, tx: &Tx<'_>, bot_id: &BotId) -> Result<Option<Published>> {
        match self.running_bot(tx, bot_id) {
            Ok(bot) => Ok(hours::gate(&bot.body, tx.now).is_ok().then_some(bot)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn ring(&self, tx: &Tx<'_>, call: &InboundCall, aor: String) -> Result<InboundAnswer> {
        let session_id = self.session(call);
        let row = of_call(call, NewCall::of(session_id.clone()));
        calls::open_skeleton(tx, &NewCall { phone_user: Some(aor.clone()), ..row })?;
        Ok(InboundAnswer::Ring { aor, session_id: Some(session_id) })
    }

    pub(super) fn session(&self, call: &InboundCall) -> SessionId {
        call.session_id.clone().unwrap_or_else(|| SessionId::new(&self.inner.random))
    }
}

/// A number that was dialled from outside. One for people who are signed in is not reached this way: a route must lead there.
fn by_dialling(number: NumberView) -> Taker {
    match number.body.visibility {
        Visibility::Public => Taker::Number(Box::new(number)),
        Visibility::SignedIn => Taker::Nobody(FORBIDDEN, Some("This number is for people who are signed in")),
    }
}

/// What the engine was told about this call before.
fn answered_before(known: CallRecord) -> Option<InboundAnswer> {
    let session_id = known.session_id;
    match (known.bot_id, known.number_id, known.phone_user) {
        (Some(bot_id), number_id, _) => Some(InboundAnswer::Bot { bot_id, number_id, session_id }),
        (None, None, Some(aor)) => Some(InboundAnswer::Ring { aor, session_id: Some(session_id) }),
        _ => None,
    }
}

/// The row with what the call itself says. A browser dials no number, and is known by its user's name, if at all.
pub(super) fn of_call(call: &InboundCall, row: NewCall) -> NewCall {
    let by_socket = call.socket.as_ref().and_then(|from| from.user.clone());
    let user = call.browser.as_ref().and_then(|from| from.user.clone()).or(by_socket);
    NewCall {
        call_id: Some(call.call_id.clone()),
        did: Some(call.did.clone()).filter(|did| !did.is_empty()),
        caller_id: call.from_number.clone().or_else(|| user.clone()),
        requested_by: user,
        from_number: call.from_number.clone(),
        carrier_id: call.carrier_id.clone(),
        phone_user: call.aor.clone(),
        ..row
    }
}

fn word(answer: &InboundAnswer) -> String {
    match answer {
        InboundAnswer::Bot { bot_id, .. } => format!("the bot {bot_id}"),
        InboundAnswer::Ring { aor, .. } => format!("the phone of {aor}"),
        InboundAnswer::Reject { sip_code, .. } => format!("nobody ({sip_code})"),
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
        let number = Dialled { is_number: true, has_bot: false };
        let (bot, both) = (Dialled { is_number: false, has_bot: true }, Dialled { is_number: true, has_bot: true });
        for (did, from, dialled, choice) in [
            ("100", Some("+1555"), both, Choice::User("alex")),
            ("200", Some("+1555"), number, Choice::DialledNumber),
            ("200", Some("+1555"), both, Choice::DialledNumber),
            ("200", Some("+1555"), bot, Choice::DidBot),
            ("200", None, both, Choice::User("screening")),
            ("200", Some("+1555"), Dialled::default(), Choice::User("reception")),
        ] {
            assert_eq!(choose_route(&routes, dialled, did, from), choice, "{did} {from:?} {dialled:?}");
        }
        assert_eq!(choose_route(&[], Dialled::default(), "200", None), Choice::Nobody);
    }
}
