//! A call over a WebSocket: a place for it, what call it is, its bot and config, our media; then it waits until somebody is there.

use tokio::sync::{mpsc, oneshot};

use super::browser::{NotRouted, Waiting, failed, hold, route};
use super::exchange::Exchange;
use super::inbound::admit;
use super::live::Seat;
use super::prepare::{Prepared, prepare};
use super::record::Record;
use super::state::Direction;
use crate::base::{Error, Result};
use crate::contract::inbound::InboundCall;
use crate::contract::result::CallResultsPayload;
use crate::contract::socket::{FromSocket, SocketCall};
use crate::engine::link::report::{ConfigAsk, fetch_config};
use crate::engine::media::{Answer, MediaEvent, MediaSession};
use crate::engine::sip::Leg;
use crate::engine::socket::{Inside, Names, Opening, Start, Wire};

/// Numbers go to the far end as they are; it dials them itself.
const THEIR_OWN: &str = "";

/// Takes a place for a call whose socket is being opened. The call begins when the socket is sent, and its place is free again when the sender
/// is dropped. `TooMany` at capacity, `Unavailable` while draining.
pub fn take_socket(exchange: Exchange, call: SocketCall) -> Result<oneshot::Sender<Wire>> {
    let seat = admit(&exchange)?;
    let (line, opened) = oneshot::channel();
    tokio::spawn(async move {
        if let Ok(wire) = opened.await {
            Box::pin(answer(exchange, seat, call, wire)).await;
        }
    });
    Ok(line)
}

async fn answer(exchange: Exchange, mut seat: Seat, call: SocketCall, wire: Wire) {
    let Some(opening) = Opening::begin(wire, &exchange.clock).await else { return };
    let asked_at = exchange.clock.monotonic();
    let record = Record::begin(&exchange, call.session_id.clone(), skeleton(&call, &opening.start));
    let ask = match route(&exchange, question(&call, &opening.start)).await {
        Ok(ask) => ask,
        Err(NotRouted::Nobody(error)) => {
            record.discard();
            return opening.refuse(&error).await;
        }
        Err(NotRouted::Failed(error)) => return give_up(record, opening, error).await,
    };
    let mut record = record.under(ask.session_id.clone());
    let orders = match seat.take(&ask.session_id) {
        Ok(orders) => orders,
        Err(error) => return give_up(record, opening, error).await,
    };
    let ready = match Box::pin(ready(&exchange, &ask, &mut record)).await {
        Ok(ready) => ready,
        Err(error) => return give_up(record, opening, error).await,
    };
    let names = Names { call_id: call.call_id.to_string(), session_id: ask.session_id.to_string() };
    let Ready { prepared, inside, session, sounds } = ready;
    let leg: Leg = opening.connect(inside, session.local(), &names);
    let (host, direction) = (Some(THEIR_OWN.to_owned()), Direction::Inbound);
    hold(Waiting { exchange, seat, orders, prepared, leg, session, sounds, asked_at, host, direction }, record).await;
}

/// What the result says of the call in any case.
fn skeleton(call: &SocketCall, start: &Start) -> CallResultsPayload {
    CallResultsPayload {
        call_id: Some(call.call_id.clone()),
        stream_id: Some(stream_id(call, start)),
        caller_id: start.from.clone().or_else(|| call.from.user.clone()),
        from_number: start.from.clone(),
        call_direction: Some("inbound".to_owned()),
        ..CallResultsPayload::default()
    }
}

/// The far end's key of the stream; ours where it has none, so that every such call is known as one.
fn stream_id(call: &SocketCall, start: &Start) -> String {
    start.stream_id.clone().unwrap_or_else(|| call.session_id.to_string())
}

fn question(call: &SocketCall, start: &Start) -> InboundCall {
    InboundCall {
        call_id: call.call_id.clone(),
        session_id: Some(call.session_id.clone()),
        carrier_id: None,
        aor: None,
        did: start.to.clone().unwrap_or_default(),
        from_number: start.from.clone(),
        headers: start.parameters.clone(),
        is_inside: false,
        browser: None,
        socket: Some(FromSocket { stream_id: Some(stream_id(call, start)), ..call.from.clone() }),
    }
}

/// The call has a row, which needs a result; the far end is told why there is no more.
async fn give_up(record: Record, opening: Opening, error: Error) {
    opening.refuse(&error).await;
    failed(record, error).await;
}

/// A call that can be connected.
struct Ready {
    prepared: Prepared,
    inside: Inside,
    session: MediaSession,
    sounds: mpsc::Receiver<MediaEvent>,
}

/// Config, first words, media.
async fn ready(exchange: &Exchange, ask: &ConfigAsk, record: &mut Record) -> Result<Ready> {
    let config = fetch_config(&exchange.control, ask).await?;
    record.configured(&config);
    let prepared = prepare(exchange, config).await?;
    record.watch_providers(prepared.providers.ledger.clone());
    let inside = Inside::open().await?;
    let Answer { session, events, .. } = exchange.media.answer_inside(&inside.offer()?)?;
    Ok(Ready { prepared, inside, session, sounds: events })
}
