//! A call that comes in: 180, what to do with it, its config, our media, 200.

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::exchange::Exchange;
use super::live::Seat;
use super::prepare::{Prepared, prepare};
use super::record::Record;
use super::result::pipeline_config;
use super::session::{Setup, run};
use super::state::{CallState, Direction, End, Input};
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Kind, Result};
use crate::contract::config::CallConfig;
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::contract::result::CallResultsPayload;
use crate::engine::link::report::{ConfigAsk, ask_inbound, fetch_config};
use crate::engine::media::{MediaEvent, MediaSession, PendingSession};
use crate::engine::sip::{Incoming, Leg, LegEnd, LegEvent};

/// Takes a call from its INVITE to its result. Ends when the call is over.
pub async fn take(exchange: Exchange, mut incoming: Incoming) {
    let seat = match admit(&exchange) {
        Ok(seat) => seat,
        Err(error) => return refuse(&incoming.leg, &error).await,
    };
    if let Err(error) = incoming.leg.control.ring().await {
        return info!(%error, "A call was gone before it could ring");
    }
    let call_id = CallId::new(&exchange.random);
    let ask = question(&exchange, &incoming, &call_id);
    let routed = tokio::select! {
        routed = route(&exchange, ask) => routed,
        _ = until_ended(&mut incoming.leg.events) => return info!(call.id = %call_id, "The caller gave up before the call had a bot"),
    };
    match routed {
        Ok((session_id, config)) => Box::pin(answer(exchange, incoming, seat, call_id, session_id, config)).await,
        Err(error) => refuse(&incoming.leg, &error).await,
    }
}

fn admit(exchange: &Exchange) -> Result<Seat> {
    if exchange.trunks.now().is_connected { exchange.live.admit() } else { Err(Error::unavailable("there is no control plane")) }
}

/// A refusal as a SIP status: 486 all lines in use, 404 and 480 by routing, 488 no codec, 503 anything of ours.
async fn refuse(leg: &Leg, error: &Error) {
    let code = match (error.kind(), error.stable_code()) {
        (Kind::TooMany, _) => 486,
        (Kind::NotFound, _) => 480,
        (Kind::Conflict, code) => code.strip_prefix("sip_").and_then(|c| c.parse().ok()).unwrap_or(480),
        (Kind::Invalid, _) => 488,
        _ => 503,
    };
    warn!(sip.code = code, %error, "A call is refused");
    if let Err(error) = leg.control.reject(code, None).await {
        info!(%error, "A refused call was gone already");
    }
}

/// What the control plane is asked about the call.
fn question(exchange: &Exchange, incoming: &Incoming, call_id: &CallId) -> InboundCall {
    // The SIP stack knows the address only; the port tells apart carriers that share one.
    let carrier_id = exchange.trunks.now().carrier_of(incoming.source).map_or_else(|| incoming.carrier.clone(), |t| t.carrier_id.clone());
    InboundCall {
        call_id: call_id.clone(),
        carrier_id,
        did: incoming.did.clone(),
        from_number: incoming.from.clone(),
        headers: incoming.headers.clone(),
    }
}

/// What to do with the call, and the config it runs on.
async fn route(exchange: &Exchange, call: InboundCall) -> Result<(SessionId, CallConfig)> {
    let (bot_id, session_id) = match ask_inbound(&exchange.control, &call).await? {
        InboundAnswer::Bot { bot_id, session_id, .. } => (bot_id, session_id),
        InboundAnswer::Ring { .. } => return Err(Error::not_found("no phone is registered under this name")),
        InboundAnswer::Reject { sip_code } => return Err(rejected(sip_code)),
    };
    let ask = ConfigAsk { bot_id, session_id: session_id.clone(), caller_id: call.from_number, connected_event: None };
    Ok((session_id, fetch_config(&exchange.control, &ask).await?))
}

/// The control plane's refusal, with its SIP status as the code of the error.
fn rejected(sip_code: u16) -> Error {
    let code = match sip_code {
        403 => "sip_403",
        404 => "sip_404",
        480 => "sip_480",
        486 => "sip_486",
        488 => "sip_488",
        500 => "sip_500",
        503 => "sip_503",
        600 => "sip_600",
        603 => "sip_603",
        604 => "sip_604",
        _ => "sip_480",
    };
    Error::conflict("the call is refused by its route").code(code)
}

async fn answer(exchange: Exchange, mut incoming: Incoming, mut seat: Seat, call_id: CallId, session_id: SessionId, config: CallConfig) {
    let orders = match seat.take(&session_id) {
        Ok(orders) => orders,
        Err(error) => return refuse(&incoming.leg, &error).await,
    };
    let skeleton = CallResultsPayload {
        call_id: Some(call_id),
        caller_id: incoming.from.clone(),
        from_number: incoming.from.clone(),
        call_direction: Some("inbound".to_owned()),
        pipeline_config: Some(pipeline_config(&config)),
        ..CallResultsPayload::default()
    };
    let mut record = Record::begin(&exchange, session_id, skeleton);
    let host = Some(incoming.source.to_string());
    match pick_up(&exchange, &mut incoming, config).await {
        Ok(Answered { prepared, session, sounds }) => {
            let took = exchange.clock.monotonic().saturating_duration_since(incoming.received).as_millis();
            record.answered(exchange.clock.now(), u32::try_from(took).unwrap_or(u32::MAX));
            let mut state = CallState::new(Direction::Inbound);
            state.step(Input::Answered);
            Box::pin(run(Setup { exchange, host, leg: incoming.leg, session, sounds, orders, prepared, record, state })).await;
        }
        Err(NotAnswered::Left) => record.finish(left_early(), None).await,
        Err(NotAnswered::Failed(error)) => {
            refuse(&incoming.leg, &error).await;
            record.finish(End::failed(error.message().to_owned()), None).await;
        }
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

enum NotAnswered {
    /// The caller gave up.
    Left,
    /// Something of ours, or their offer, is wrong.
    Failed(Error),
}

impl From<Error> for NotAnswered {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// First words, media, 200 OK.
async fn pick_up(exchange: &Exchange, incoming: &mut Incoming, config: CallConfig) -> Result<Answered, NotAnswered> {
    let prepared = tokio::select! {
        prepared = prepare(exchange, config) => prepared?,
        _ = until_ended(&mut incoming.leg.events) => return Err(NotAnswered::Left),
    };
    if incoming.offer.is_empty() {
        let (pending, sdp) = exchange.media.offer(Some(incoming.source.ip()))?;
        send_ok(incoming, sdp).await?;
        let (session, sounds) = late_answer(&mut incoming.leg.events, pending).await?;
        return Ok(Answered { prepared, session, sounds });
    }
    let ours = exchange.media.answer(&incoming.offer)?;
    send_ok(incoming, ours.sdp).await?;
    Ok(Answered { prepared, session: ours.session, sounds: ours.events })
}

/// Sends 200. It fails when the caller has given up a moment ago.
async fn send_ok(incoming: &Incoming, sdp: Vec<u8>) -> Result<(), NotAnswered> {
    incoming.leg.control.answer(sdp).await.map_err(|error| {
        info!(%error, "The caller gave up just before the answer");
        NotAnswered::Left
    })
}

/// The offer was ours: their answer comes with the ACK.
async fn late_answer(
    events: &mut mpsc::Receiver<LegEvent>,
    pending: PendingSession,
) -> Result<(MediaSession, mpsc::Receiver<MediaEvent>), NotAnswered> {
    while let Some(event) = events.recv().await {
        match event {
            LegEvent::Answered { sdp } => return Ok(pending.complete(&sdp)?),
            LegEvent::Ended { .. } => break,
            _ => {}
        }
    }
    Err(NotAnswered::Left)
}

/// Waits until the leg is over; what else happens on it before the answer has no meaning yet.
async fn until_ended(events: &mut mpsc::Receiver<LegEvent>) -> LegEnd {
    while let Some(event) = events.recv().await {
        if let LegEvent::Ended { how } = event {
            return how;
        }
    }
    LegEnd::Failed { why: "the leg is gone".to_owned() }
}
