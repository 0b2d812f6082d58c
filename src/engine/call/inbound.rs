//! A call that comes in: 180, what to do with it, its config, our media, 200.

use tokio::sync::mpsc;
use tracing::info;

use super::exchange::Exchange;
use super::live::Seat;
use super::pick_up::{NotAnswered, fail, open_media, refuse, turn_away, until_ended};
use super::prepare::{Prepared, prepare};
use super::record::Record;
use super::ring::ring;
use super::session::{Setup, run};
use super::state::{CallState, Direction, End, Input};
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};
use crate::contract::config::CallConfig;
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::contract::result::CallResultsPayload;
use crate::contract::trunk::Transport;
use crate::engine::link::report::{ConfigAsk, ask_inbound, fetch_config};
use crate::engine::media::{MediaEvent, MediaSession};
use crate::engine::sip::{Incoming, LegEnd, Sender};

/// Takes a call from its INVITE to its result. Ends when the call is over.
pub async fn take(exchange: Exchange, mut incoming: Incoming) {
    let seat = match admit(&exchange) {
        Ok(seat) => seat,
        Err(error) => return refuse(&incoming.leg, &error).await,
    };
    if let Err(error) = incoming.leg.control.ring().await {
        return info!(%error, "A call was gone before it could ring");
    }
    let (call_id, session_id) = (CallId::new(&exchange.random), SessionId::new(&exchange.random));
    let ask = question(&exchange, &incoming, &call_id, &session_id);
    let record = Record::begin(&exchange, session_id, skeleton(&incoming, call_id));
    let routed = tokio::select! {
        routed = route(&exchange, ask) => routed,
        _ = until_ended(&mut incoming.leg.events) => return record.finish(left_early(), None).await,
    };
    match routed {
        Ok(Routed::Bot(config)) => Box::pin(answer(exchange, incoming, seat, record.under(config.session_id.clone()), *config)).await,
        Ok(Routed::Phones { aor, session_id }) => {
            Box::pin(ring(exchange, incoming, seat, record.under(session_id), aor)).await;
        }
        Err(NotRouted::Nobody { sip_code, reason }) => {
            record.discard();
            turn_away(&incoming.leg, sip_code, reason).await;
        }
        Err(NotRouted::Failed(error)) => fail(record, &incoming.leg, &error).await,
    }
}

/// Who takes a call.
enum Routed {
    /// A bot, or the voice of an announcement.
    Bot(Box<CallConfig>),
    /// The telephones of a person.
    Phones { aor: String, session_id: SessionId },
}

/// Why a call has no bot.
enum NotRouted {
    /// The control plane knows nobody for it, and says with which status.
    Nobody { sip_code: u16, reason: Option<String> },
    /// The control plane could not say, or the bot's config is not to be had.
    Failed(Error),
}

/// What the result says of the call in any case.
fn skeleton(incoming: &Incoming, call_id: CallId) -> CallResultsPayload {
    CallResultsPayload {
        call_id: Some(call_id),
        caller_id: incoming.from.clone(),
        from_number: incoming.from.clone(),
        call_direction: Some("inbound".to_owned()),
        ..CallResultsPayload::default()
    }
}

pub(super) fn admit(exchange: &Exchange) -> Result<Seat> {
    if exchange.trunks.now().is_connected { exchange.live.admit() } else { Err(Error::unavailable("there is no control plane")) }
}

/// What the control plane is asked about the call.
fn question(exchange: &Exchange, incoming: &Incoming, call_id: &CallId, session_id: &SessionId) -> InboundCall {
    // The SIP stack knows the address only; the port tells apart carriers that share one.
    let by_port = || exchange.trunks.now().carrier_of(incoming.source).map(|trunk| trunk.carrier_id.clone());
    let (carrier_id, aor) = match &incoming.sender {
        Sender::Carrier(carrier) if incoming.transport == Transport::Tls => (Some(carrier.clone()), None),
        Sender::Carrier(carrier) => (Some(by_port().unwrap_or_else(|| carrier.clone())), None),
        Sender::Phone(aor) => (None, Some(aor.clone())),
        Sender::Inside { carrier, .. } => (carrier.clone(), None),
    };
    InboundCall {
        call_id: call_id.clone(),
        session_id: Some(session_id.clone()),
        carrier_id,
        aor,
        did: incoming.did.clone(),
        from_number: incoming.from.clone(),
        headers: incoming.headers.clone(),
        is_inside: matches!(incoming.sender, Sender::Inside { .. }),
        browser: None,
        socket: None,
    }
}

/// Who takes the call; of a bot, the config it runs on.
async fn route(exchange: &Exchange, call: InboundCall) -> Result<Routed, NotRouted> {
    let (bot_id, session_id) = match ask_inbound(&exchange.control, &call).await.map_err(NotRouted::Failed)? {
        InboundAnswer::Bot { bot_id, session_id, .. } => (bot_id, session_id),
        InboundAnswer::Ring { aor, session_id } => {
            let own = call.session_id.unwrap_or_else(|| SessionId::new(&exchange.random));
            return Ok(Routed::Phones { aor, session_id: session_id.unwrap_or(own) });
        }
        InboundAnswer::Reject { sip_code, reason } => return Err(NotRouted::Nobody { sip_code: sound(sip_code), reason }),
    };
    let ask = ConfigAsk { bot_id, session_id, caller_id: call.from_number, connected_event: None };
    fetch_config(&exchange.control, &ask).await.map(|config| Routed::Bot(Box::new(config))).map_err(NotRouted::Failed)
}

/// A status that refuses: whatever else the control plane says reads as 480.
fn sound(sip_code: u16) -> u16 {
    if (400..700).contains(&sip_code) { sip_code } else { 480 }
}

async fn answer(exchange: Exchange, mut incoming: Incoming, mut seat: Seat, mut record: Record, config: CallConfig) {
    let orders = match seat.take(&config.session_id) {
        Ok(orders) => orders,
        Err(error) => return fail(record, &incoming.leg, &error).await,
    };
    record.configured(&config);
    let (host, hops) = match &incoming.sender {
        Sender::Inside { host, hops, .. } => (host.clone(), *hops),
        Sender::Carrier(_) | Sender::Phone(_) => (Some(incoming.source.to_string()), 0),
    };
    match pick_up(&exchange, &mut incoming, config).await {
        Ok(Answered { prepared, session, sounds }) => {
            record.watch_providers(prepared.providers.ledger.clone());
            let took = exchange.clock.monotonic().saturating_duration_since(incoming.received).as_millis();
            record.answered(exchange.clock.now(), u32::try_from(took).unwrap_or(u32::MAX));
            let mut state = CallState::new(Direction::Inbound);
            state.step(Input::Answered);
            Box::pin(run(Setup { exchange, host, hops, leg: incoming.leg, session, sounds, orders, prepared, record, state })).await;
        }
        Err(NotAnswered::Left) => record.finish(left_early(), None).await,
        Err(NotAnswered::Failed(error)) => fail(record, &incoming.leg, &error).await,
    }
    drop(seat);
}

fn left_early() -> End {
    let actions = CallState::new(Direction::Inbound).step(Input::LegEnded(LegEnd::Cancelled));
    actions
        .into_iter()
        .find_map(|a| if let super::state::Action::Finish(end) = a { Some(end) } else { None })
        .unwrap_or_else(|| End::failed("cancelled"))
}

struct Answered {
    prepared: Prepared,
    session: MediaSession,
    sounds: mpsc::Receiver<MediaEvent>,
}

/// First words, media, 200 OK.
async fn pick_up(exchange: &Exchange, incoming: &mut Incoming, config: CallConfig) -> Result<Answered, NotAnswered> {
    let prepared = tokio::select! {
        prepared = prepare(exchange, config) => prepared?,
        _ = until_ended(&mut incoming.leg.events) => return Err(NotAnswered::Left),
    };
    let (session, sounds) = open_media(exchange, incoming).await?;
    Ok(Answered { prepared, session, sounds })
}
