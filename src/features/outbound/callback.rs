//! Calls back whoever asks for it during a call: an order like every other, for a time by the clocks of the other end.

use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value};

use super::answers_store;
use super::model::{Brief, Wish};
use super::service::Orders;
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::phone::is_e164;
use crate::base::{Error, Millis, Result};
use crate::contract::callback::{Callback, CallbackAsk, CallbackOffer};
use crate::features::bots::{BotBody, Callbacks};
use crate::features::calls::{self, CallRecord, Direction};
use crate::platform::access::Actor;
use crate::platform::db::{Conn, Tx};

/// Who has asked, among those whose requests are remembered.
const CALLER: &str = "callback";
/// Longest reason, in characters.
const MOST_REASON: usize = 500;

/// A call that somebody asks to be called back on.
struct Asked {
    phone: String,
    bot_id: BotId,
    rules: Callbacks,
    zone: TimeZone,
    display_name: Option<String>,
    max_seconds: u32,
}

impl Orders {
    /// What a model must know to take such a wish on a call; none when the bot takes none or the other end has no number.
    pub fn callback_offer(&self, call: &CallRecord, bot: &BotBody) -> Option<CallbackOffer> {
        let phone = phone_of(call).filter(|_| bot.callbacks.enabled)?;
        let zone = self.setup().permit.zone(phone, &bot.timezone);
        Some(CallbackOffer { time_zone: name_of(&zone), local_time: shown(self.setup().clock.now(), &zone) })
    }

    /// Plans a call to the other end of a call, in the place of one that was planned on it before. Refused as every other call is, and when
    /// the time is no time, in the past or too far away; a call of which the same was asked already stays as it is.
    pub(super) async fn call_back(&self, session_id: SessionId, ask: CallbackAsk) -> Result<Callback> {
        let (orders, session) = (self.clone(), session_id.clone());
        let asked = self.setup().db.read(move |conn| orders.asked(conn, &session)).await?;
        let now = self.setup().clock.now();
        let at = moment(&ask.time, &asked.zone, now).ok_or_else(|| refused("must be a time such as 2026-11-27T15:30"))?;
        within(at, now, &asked)?;
        let (key, hash) = (session_id.to_string(), at.0.to_string());
        let known = key.clone();
        let known = self.setup().db.write(move |tx| answers_store::find(tx, CALLER, &known)).await?;
        if let Some(known) = known.as_ref().filter(|known| known.body_hash == hash) {
            return self.planned(known.call_id.clone(), &asked.zone).await;
        }
        let wish = wish(&asked, &session_id, at, &ask.reason);
        let orders = self.clone();
        let place = move |tx: &Tx<'_>| {
            let call_id = orders.accept(tx, &Actor::system(), &wish)?.call_id().clone();
            answers_store::forget(tx, CALLER, &key)?;
            answers_store::insert(tx, CALLER, &key, &hash, &call_id)?;
            Ok(call_id)
        };
        let call_id = self.noting(&Actor::system(), self.setup().db.write(place).await).await?;
        if let Some(before) = known {
            self.hang_up(&Actor::system(), before.call_id).await?;
        }
        self.planned(call_id, &asked.zone).await
    }

    fn asked(&self, conn: &Conn, session_id: &SessionId) -> Result<Asked> {
        let call = calls::get(conn, session_id)?;
        let phone = phone_of(&call).ok_or_else(|| Error::invalid("the number of the other end is not known"))?;
        let bot_id = call.bot_id.clone().ok_or_else(|| Error::conflict("no bot holds this call"))?;
        let bot = self.bot(conn, &bot_id, None)?.body;
        if !bot.callbacks.enabled {
            return Err(Error::conflict("the bot of this call takes no wishes to be called back"));
        }
        Ok(Asked {
            phone: phone.to_owned(),
            bot_id,
            zone: self.setup().permit.zone(phone, &bot.timezone),
            display_name: call.display_name.clone(),
            max_seconds: bot.max_call_duration_seconds,
            rules: bot.callbacks,
        })
    }

    /// The order as it stands: its time may be later than the wish.
    async fn planned(&self, call_id: CallId, zone: &TimeZone) -> Result<Callback> {
        let order = self.get(call_id).await?;
        let at = order.scheduled_for.unwrap_or(order.created_at);
        Ok(Callback { call_id: order.call_id, at, local_time: shown(at, zone), time_zone: name_of(zone) })
    }
}

/// The number of the other end.
fn phone_of(call: &CallRecord) -> Option<&str> {
    let own = match call.direction {
        Direction::Inbound => &call.from_number,
        Direction::Outbound => &call.to_number,
    };
    own.as_deref().or(call.caller_id.as_deref()).filter(|phone| is_e164(phone))
}

fn wish(asked: &Asked, session_id: &SessionId, at: Millis, reason: &str) -> Wish {
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(MOST_REASON).collect();
    let variables = [("callback_of", Value::from(session_id.as_str())), ("callback_reason", reason.trim().into())];
    Wish {
        phone: asked.phone.clone(),
        display_name: asked.display_name.clone().unwrap_or_else(|| asked.phone.clone()),
        email: None,
        api_key: None,
        bot_id: Some(asked.bot_id.clone()),
        at: Some(at),
        retries: asked.rules.retries,
        retry_delay_minutes: asked.rules.retry_delay_minutes,
        is_direct: false,
        brief: Brief {
            system_prompt: None,
            voice: None,
            language: None,
            model: None,
            max_seconds: asked.max_seconds,
            from_number: None,
            connected_event: Some(Map::from_iter(variables.map(|(name, value)| (name.to_owned(), value)))),
            tries: None,
            is_rehearsal: false,
            telephone: None,
        },
    }
}

fn within(at: Millis, now: Millis, asked: &Asked) -> Result<()> {
    if at <= now {
        return Err(refused(format!("is in the past: it is {} there now", shown(now, &asked.zone))));
    }
    if at.since(now) > Duration::from_secs(u64::from(asked.rules.max_days) * 86_400) {
        return Err(refused(format!("must be within {} days", asked.rules.max_days)));
    }
    Ok(())
}

fn refused(sentence: impl Into<String>) -> Error {
    let sentence = sentence.into();
    Error::invalid(format!("time {sentence}")).field("time", sentence)
}

/// The moment that is meant. A time without a date is the next one of that kind.
fn moment(text: &str, zone: &TimeZone, now: Millis) -> Option<Millis> {
    let text = text.trim();
    let local = |at: DateTime| at.to_zoned(zone.clone()).ok().map(|at| Millis(at.timestamp().as_millisecond()));
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Millis(at.as_millisecond()));
    }
    if let Ok(at) = text.parse::<DateTime>().or_else(|_| text.replacen(' ', "T", 1).parse()) {
        // A date alone says nothing about the hour.
        return if text.len() > "2026-11-27".len() { local(at) } else { None };
    }
    let time = text.parse::<Time>().ok()?;
    let today = zone.to_datetime(Timestamp::from_millisecond(now.0).ok()?).date();
    [today, today.checked_add(1.day()).ok()?].into_iter().filter_map(|day| local(day.to_datetime(time))).find(|at| *at > now)
}

/// A moment as people there write it.
fn shown(at: Millis, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_millisecond(at.0) else { return at.to_string() };
    at.to_zoned(zone.clone()).strftime("%A %Y-%m-%d %H:%M").to_string()
}

fn name_of(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_by_the_clocks_of_the_other_end() {
        let malta = TimeZone::get("Europe/Malta").unwrap();
        // 14:00 there.
        let now = Millis::parse("2026-06-09T12:00:00Z").unwrap();
        for (text, expected) in [
            ("2026-06-10T15:30", Some("2026-06-10T13:30:00Z")),
            ("2026-06-10 15:30:00", Some("2026-06-10T13:30:00Z")),
            ("2026-06-10T15:30:00Z", Some("2026-06-10T15:30:00Z")),
            ("2026-06-10T15:30:00+09:00", Some("2026-06-10T06:30:00Z")),
            ("15:30", Some("2026-06-09T13:30:00Z")),
            ("09:00", Some("2026-06-10T07:00:00Z")),
            ("2026-01-10T15:30", Some("2026-01-10T14:30:00Z")),
            ("2026-06-10", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(moment(text, &malta, now), expected.map(|at| Millis::parse(at).unwrap()), "{text}");
        }
        assert_eq!(shown(now, &malta), "Tuesday 2026-06-09 14:00");
    }
}
