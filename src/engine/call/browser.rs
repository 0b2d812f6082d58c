//! A call from a browser: whom it reaches, its config, our media and the answer; then it waits until the browser has found its way.

use std::time::Instant;

use tokio::sync::mpsc;
use tracing::info;

use super::exchange::Exchange;
use super::inbound::admit;
use super::live::{Order, Seat};
use super::prepare::{Prepared, prepare};
use super::record::Record;
use super::session::{Setup, run};
use super::state::{CallState, Direction, End, Input, empty_room};
use crate::base::{Error, Result};
use crate::contract::browser::{BrowserAccepted, BrowserCall};
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::contract::result::CallResultsPayload;
use crate::engine::link::report::{ConfigAsk, ask_inbound, fetch_config};
use crate::engine::media::{Answer, MediaEvent, MediaSession};
use crate::engine::sip::{Leg, LegEnd, LegEvent};
use crate::engine::webrtc::Offer;

/// A call that is ready and waits for the far end.
pub(super) struct Waiting {
    pub(super) exchange: Exchange,
    pub(super) seat: Seat,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) prepared: Prepared,
    pub(super) leg: Leg,
    pub(super) session: MediaSession,
    pub(super) sounds: mpsc::Receiver<MediaEvent>,
    pub(super) asked_at: Instant,
    /// Where numbers are transferred to.
    pub(super) host: Option<String>,
    pub(super) direction: Direction,
}

/// Takes a call from a browser and gives the answer to its offer. The call then runs in its own task, and whatever becomes of it, there is a
/// result. `Invalid` for an offer that cannot be answered; `TooMany` at capacity; `Unavailable` while draining, or when the bot takes no calls.
pub async fn take_browser(exchange: Exchange, call: BrowserCall) -> Result<BrowserAccepted> {
    let asked_at = exchange.clock.monotonic();
    let offer = Offer::parse(&call.sdp)?;
    let mut seat = admit(&exchange)?;
    let record = Record::begin(&exchange, call.session_id.clone(), skeleton(&call));
    let ask = match route(&exchange, question(&call)).await {
        Ok(ask) => ask,
        Err(NotRouted::Nobody(error)) => {
            record.discard();
            return Err(error);
        }
        Err(NotRouted::Failed(error)) => return Err(failed(record, error).await),
    };
    let mut record = record.under(ask.session_id.clone());
    let orders = match seat.take(&ask.session_id) {
        Ok(orders) => orders,
        Err(error) => return Err(failed(record, error).await),
    };
    match Box::pin(pick_up(&exchange, offer, &call, &ask, &mut record)).await {
        Ok(PickedUp { sdp, leg, session, sounds, prepared }) => {
            let (host, direction) = (None, Direction::Browser);
            let waiting = Waiting { exchange, seat, orders, prepared, leg, session, sounds, asked_at, host, direction };
            tokio::spawn(Box::pin(hold(waiting, record)));
            Ok(BrowserAccepted { sdp })
        }
        Err(error) => Err(failed(record, error).await),
    }
}

/// What the result says of the call in any case.
fn skeleton(call: &BrowserCall) -> CallResultsPayload {
    CallResultsPayload {
        call_id: Some(call.call_id.clone()),
        caller_id: call.from.user.clone(),
        call_direction: Some("inbound".to_owned()),
        ..CallResultsPayload::default()
    }
}

/// The call has a row, which needs a result.
pub(super) async fn failed(record: Record, error: Error) -> Error {
    record.finish(End::failed(error.message().to_owned()), None).await;
    error
}

/// Why there is no bot.
pub(super) enum NotRouted {
    /// Nobody is there; the call has no row.
    Nobody(Error),
    /// It may have one.
    Failed(Error),
}

fn question(call: &BrowserCall) -> InboundCall {
    InboundCall {
        call_id: call.call_id.clone(),
        session_id: Some(call.session_id.clone()),
        carrier_id: None,
        aor: None,
        did: String::new(),
        from_number: None,
        headers: Default::default(),
        is_inside: false,
        browser: Some(call.from.clone()),
        socket: None,
    }
}

/// Which bot takes the call.
pub(super) async fn route(exchange: &Exchange, call: InboundCall) -> Result<ConfigAsk, NotRouted> {
    match ask_inbound(&exchange.control, &call).await.map_err(NotRouted::Failed)? {
        InboundAnswer::Bot { bot_id, session_id, .. } => {
            Ok(ConfigAsk { bot_id, session_id, caller_id: call.from_number, connected_event: None })
        }
        InboundAnswer::Ring { .. } => Err(NotRouted::Nobody(nobody())),
        InboundAnswer::Reject { reason, .. } => Err(NotRouted::Nobody(reason.map_or_else(nobody, Error::unavailable))),
    }
}

fn nobody() -> Error {
    Error::unavailable("nobody takes calls there now").code("not_taken")
}

/// A call whose answer is ready.
struct PickedUp {
    sdp: String,
    leg: Leg,
    session: MediaSession,
    sounds: mpsc::Receiver<MediaEvent>,
    prepared: Prepared,
}

/// Config, first words, media, our answer.
async fn pick_up(exchange: &Exchange, offer: Offer, call: &BrowserCall, ask: &ConfigAsk, record: &mut Record) -> Result<PickedUp> {
    let config = fetch_config(&exchange.control, ask).await?;
    record.configured(&config);
    let prepared = prepare(exchange, config).await?;
    record.watch_providers(prepared.providers.ledger.clone());
    let line = exchange.browsers.open(offer, exchange.media.outside()?, call.client_ip)?;
    let Answer { session, sdp, events } = exchange.media.answer_inside(&line.plain_offer()?)?;
    let (sdp, leg) = line.answer(&sdp, session.local())?;
    Ok(PickedUp { sdp, leg, session, sounds: events, prepared })
}

/// Waits until somebody is there, then holds the conversation.
pub(super) async fn hold(waiting: Waiting, mut record: Record) {
    let Waiting { exchange, seat, mut orders, prepared, mut leg, session, sounds, asked_at, host, direction } = waiting;
    match until_connected(&mut leg, &mut orders).await {
        Ok(()) => {
            let took = exchange.clock.monotonic().saturating_duration_since(asked_at).as_millis();
            record.answered(exchange.clock.now(), u32::try_from(took).unwrap_or(u32::MAX));
            let mut state = CallState::new(direction);
            state.step(Input::Answered);
            Box::pin(run(Setup { exchange, host, hops: 0, leg, session, sounds, orders, prepared, record, state })).await;
        }
        Err(end) => {
            if let Err(error) = leg.control.hang_up().await {
                info!(%error, "A far end was gone before it was hung up");
            }
            record.finish(end, None).await;
        }
    }
    drop(seat);
}

/// Waits until sound can flow. The line itself gives up on a browser that never comes.
async fn until_connected(leg: &mut Leg, orders: &mut mpsc::Receiver<Order>) -> Result<(), End> {
    loop {
        tokio::select! {
            event = leg.events.recv() => match event {
                Some(LegEvent::Answered { .. }) => return Ok(()),
                Some(LegEvent::Ended { how: LegEnd::Failed { why } }) => return Err(empty_room(Some(why))),
                Some(LegEvent::Ended { .. }) | None => return Err(empty_room(None)),
                Some(_) => {}
            },
            Some(order) = orders.recv() => return Err(match order {
                Order::HangUp => End::new("bot", "finished", None),
                Order::Stop => End::failed("the engine was stopped during the call"),
                // Nothing is recorded yet.
                Order::Record(_) => continue,
            }),
        }
    }
}
