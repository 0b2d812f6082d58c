//! A call for a person: all their registered telephones ring at once, the first that answers has the caller, the others stop.

use std::time::Duration;

use serde_json::Map;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::exchange::Exchange;
use super::live::{Order, Seat};
use super::pick_up::{NotAnswered, fail, open_media, turn_away};
use super::record::Record;
use super::state::{End, refused};
use super::talk::{Side, talk};
use crate::contract::event::CallEventKind;
use crate::contract::phone::Registration;
use crate::contract::trunk::Trunk;
use crate::engine::media::PendingSession;
use crate::engine::sip::{Incoming, Leg, LegEnd, LegEvent, PlaceCall};

/// How long telephones ring.
const RING_FOR: Duration = Duration::from_secs(30);
/// SIP: nobody is there now.
const TEMPORARILY_UNAVAILABLE: u16 = 480;
/// SIP: the line is taken.
const BUSY: u16 = 486;

/// A telephone that answered.
struct Picked {
    leg: Leg,
    pending: PendingSession,
    sdp: Vec<u8>,
}

/// Why nobody answered.
struct Unanswered {
    end: End,
    /// What the caller is told; nothing to one who has gone.
    sip_code: Option<u16>,
}

/// Rings the telephones of a person and holds the call to its result. Ends when the call is over.
pub(super) async fn ring(exchange: Exchange, mut incoming: Incoming, mut seat: Seat, mut record: Record, aor: String) {
    let mut orders = match seat.take(record.session_id()) {
        Ok(orders) => orders,
        Err(error) => return fail(record, &incoming.leg, &error).await,
    };
    record.runs_on(Map::from_iter([("phone".to_owned(), aor.clone().into())]));
    let phones = exchange.sip.phones_of(&aor);
    let picked = match until_picked(&exchange, &mut incoming, phones, &mut orders, &mut record).await {
        Ok(picked) => picked,
        Err(Unanswered { end, sip_code }) => {
            if let Some(code) = sip_code {
                turn_away(&incoming.leg, code, None).await;
            }
            return record.finish(end, None).await;
        }
    };
    let phone = match picked.pending.complete(&picked.sdp) {
        Ok((session, sounds)) => Side { leg: picked.leg, session, sounds },
        Err(error) => return fail(record, &incoming.leg, &error).await,
    };
    match open_media(&exchange, &mut incoming).await {
        Ok((session, sounds)) => {
            let took = exchange.clock.monotonic().saturating_duration_since(incoming.received).as_millis();
            record.answered(exchange.clock.now(), u32::try_from(took).unwrap_or(u32::MAX));
            let caller = Side { leg: incoming.leg, session, sounds };
            talk(&exchange, caller, phone, &mut orders, record).await;
        }
        Err(NotAnswered::Left) => record.finish(gave_up(), None).await,
        Err(NotAnswered::Failed(error)) => fail(record, &incoming.leg, &error).await,
    }
    drop(seat);
}

/// Lets all telephones ring until one answers, all have refused, the time is over or the caller gives up. What still rings is cancelled.
async fn until_picked(
    exchange: &Exchange,
    incoming: &mut Incoming,
    phones: Vec<Registration>,
    orders: &mut mpsc::Receiver<Order>,
    record: &mut Record,
) -> Result<Picked, Unanswered> {
    let (rang, mut ringing) = mpsc::channel(1);
    let mut calls = JoinSet::new();
    for phone in phones {
        calls.spawn(Box::pin(call(exchange.clone(), phone, incoming.from.clone(), rang.clone())));
    }
    drop(rang);
    let mut refusal = (TEMPORARILY_UNAVAILABLE, "no telephone is registered".to_owned());
    let mut has_rung = false;
    let rang_out = exchange.clock.sleep(RING_FOR);
    tokio::pin!(rang_out);
    loop {
        tokio::select! {
            called = calls.join_next() => match called {
                Some(Ok(Ok(picked))) => return Ok(picked),
                Some(Ok(Err(how))) => refusal = worse(refusal, &how),
                // A task that died is a telephone that did not answer.
                Some(Err(_)) => {}
                None => return Err(Unanswered { end: refused(refusal.0, &refusal.1), sip_code: Some(refusal.0) }),
            },
            Some(()) = ringing.recv(), if !has_rung => {
                has_rung = true;
                record.event(CallEventKind::Ringing);
            }
            event = incoming.leg.events.recv() => if matches!(event, Some(LegEvent::Ended { .. }) | None) {
                return Err(Unanswered { end: gave_up(), sip_code: None });
            },
            Some(order) = orders.recv() => return Err(Unanswered {
                end: match order {
                    Order::HangUp => End::new("bot", "cancelled", None),
                    Order::Stop => End::failed("the engine was stopped before the call was answered"),
                    // Nothing is recorded yet.
                    Order::Record(_) => continue,
                },
                sip_code: Some(TEMPORARILY_UNAVAILABLE),
            }),
            () = &mut rang_out => return Err(Unanswered {
                end: End::new("no_answer", "no-answer", Some("nobody answered within 30 seconds".to_owned())),
                sip_code: Some(TEMPORARILY_UNAVAILABLE),
            }),
        }
    }
}

/// The caller gave up while it rang.
fn gave_up() -> End {
    End::new("no_answer", "no-answer", Some("the caller gave up".to_owned()))
}

/// What the caller is told when several telephones refuse: busy before declined before not there.
fn worse(before: (u16, String), how: &LegEnd) -> (u16, String) {
    let now = match how {
        LegEnd::Refused { code: 486 | 600, .. } => (BUSY, "busy".to_owned()),
        LegEnd::Refused { code: 603, reason } => (603, reason.clone()),
        LegEnd::Refused { code, reason } => (TEMPORARILY_UNAVAILABLE, format!("the telephone answered {code} {reason}")),
        LegEnd::Failed { why } => (TEMPORARILY_UNAVAILABLE, why.clone()),
        LegEnd::Local | LegEnd::Remote | LegEnd::Cancelled => (TEMPORARILY_UNAVAILABLE, "the telephone hung up".to_owned()),
    };
    let rank = |code: u16| match code {
        BUSY => 2,
        603 => 1,
        _ => 0,
    };
    if rank(now.0) >= rank(before.0) { now } else { before }
}

/// Calls one telephone. Dropping this cancels it, also when it answers in the same moment.
async fn call(exchange: Exchange, phone: Registration, from: Option<String>, rang: mpsc::Sender<()>) -> Result<Picked, LegEnd> {
    let failed = |error: crate::base::Error| LegEnd::Failed { why: error.message().to_owned() };
    let towards = phone.source.parse::<std::net::SocketAddr>().ok().map(|source| source.ip());
    let (pending, offer) = exchange.media.offer(towards).map_err(failed)?;
    let mut leg = exchange.sip.place(to_phone(phone, from, offer)).await.map_err(failed)?;
    loop {
        match leg.events.recv().await {
            // Somebody has been told already that it rings.
            Some(LegEvent::Ringing { .. }) => drop(rang.try_send(())),
            Some(LegEvent::Answered { sdp }) => return Ok(Picked { leg, pending, sdp }),
            Some(LegEvent::Ended { how }) => return Err(how),
            Some(_) => {}
            None => return Err(LegEnd::Failed { why: "the leg is gone".to_owned() }),
        }
    }
}

/// The call to a telephone: its own URI, sent to where it registered from.
fn to_phone(phone: Registration, from: Option<String>, offer: Vec<u8>) -> PlaceCall {
    PlaceCall {
        trunk: Trunk { name: phone.aor.clone(), ..Trunk::new("phone".into(), phone.source, phone.transport) },
        to: phone.aor,
        uri: Some(phone.contact),
        from: from.unwrap_or_else(|| "anonymous".to_owned()),
        display_name: None,
        offer,
        headers: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_told_before_declined_before_not_there() {
        let refusal = |code: u16| LegEnd::Refused { code, reason: "No".to_owned() };
        let cases: [(&[LegEnd], u16); 5] = [
            (&[refusal(486), refusal(603), refusal(480)], 486),
            (&[refusal(480), refusal(600)], 486),
            (&[refusal(603), refusal(404)], 603),
            (&[refusal(404), refusal(503)], 480),
            (&[LegEnd::Failed { why: "x".to_owned() }], 480),
        ];
        for (ends, expected) in cases {
            let told = ends.iter().fold((480, String::new()), worse);
            assert_eq!(told.0, expected, "{ends:?}");
        }
    }
}
