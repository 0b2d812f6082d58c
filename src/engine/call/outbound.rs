//! A call we place: config by its session, INVITE, ringing, answered or not.

use std::time::Duration;

use tokio::sync::mpsc;
use tracing::info;

use super::exchange::Exchange;
use super::live::{Order, Seat};
use super::prepare::{Prepared, prepare};
use super::record::Record;
use super::session::{Setup, run};
use super::state::{Action, CallState, Direction, End, Input};
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};
use crate::contract::event::CallEventKind;
use crate::contract::fleet::{Dialout, DialoutAccepted};
use crate::contract::result::CallResultsPayload;
use crate::contract::trunk::Trunk;
use crate::engine::link::report::{ConfigAsk, fetch_config};
use crate::engine::media::{MediaEvent, MediaSession};
use crate::engine::sip::{Leg, LegEnd, LegEvent, PlaceCall};

/// Takes an order to call somebody. The call runs in its own task; whatever becomes of it, there is a result.
/// `TooMany` at capacity, `Unavailable` while draining or without a trunk.
pub fn dial(exchange: &Exchange, dialout: Dialout) -> Result<DialoutAccepted> {
    let mut seat = exchange.live.admit()?;
    let trunk = dialout.trunk.clone().or_else(|| exchange.trunks.now().outbound().cloned());
    let trunk = trunk.ok_or_else(|| Error::unavailable("there is no carrier to call through"))?;
    let session_id = dialout.session_id.clone().unwrap_or_else(|| SessionId::new(&exchange.random));
    let call_id = dialout.call_id.clone().unwrap_or_else(|| CallId::outbound(&exchange.random));
    let orders = seat.take(&session_id)?;
    let accepted = DialoutAccepted { status: "accepted".to_owned(), call_id: call_id.to_string(), room_name: session_id.to_string() };
    let order = Outgoing { exchange: exchange.clone(), dialout, trunk, session_id, call_id, orders };
    tokio::spawn(Box::pin(place(order, seat)));
    Ok(accepted)
}

struct Outgoing {
    exchange: Exchange,
    dialout: Dialout,
    trunk: Trunk,
    session_id: SessionId,
    call_id: CallId,
    orders: mpsc::Receiver<Order>,
}

async fn place(order: Outgoing, seat: Seat) {
    let Outgoing { exchange, dialout, trunk, session_id, call_id, orders } = order;
    let skeleton = CallResultsPayload {
        call_id: Some(call_id),
        caller_id: Some(dialout.to_number.clone()),
        call_direction: Some("outbound".to_owned()),
        carrier_id: Some(trunk.carrier_id.clone()),
        ..CallResultsPayload::default()
    };
    let mut record = Record::begin(&exchange, session_id.clone(), skeleton);
    let host = Some(trunk.sip_address.clone());
    let mut ringing = Ringing { exchange: exchange.clone(), state: CallState::new(Direction::Outbound), orders };
    match ringing.reach(&dialout, trunk, session_id, &mut record).await {
        Ok(Reached { leg, session, sounds, prepared }) => {
            let Ringing { state, orders, .. } = ringing;
            Box::pin(run(Setup { exchange, host, leg, session, sounds, orders, prepared, record, state })).await;
        }
        Err(end) => record.finish(end, None).await,
    }
    drop(seat);
}

struct Ringing {
    exchange: Exchange,
    state: CallState,
    orders: mpsc::Receiver<Order>,
}

struct Reached {
    leg: Leg,
    session: MediaSession,
    sounds: mpsc::Receiver<MediaEvent>,
    prepared: Prepared,
}

impl Ringing {
    /// Config, first words, INVITE, answer.
    async fn reach(&mut self, dialout: &Dialout, trunk: Trunk, session_id: SessionId, record: &mut Record) -> Result<Reached, End> {
        let failed = |error: Error| End::failed(error.message().to_owned());
        let exchange = self.exchange.clone();
        let ask = ConfigAsk {
            bot_id: dialout.bot_id.clone(),
            session_id,
            caller_id: Some(dialout.to_number.clone()),
            connected_event: dialout.connected_event.clone(),
        };
        let config = fetch_config(&exchange.control, &ask).await.map_err(failed)?;
        record.configured(&config);
        let prepared = prepare(&exchange, config).await.map_err(failed)?;
        let towards = trunk.sip_address.rsplit_once(':').and_then(|(host, _)| host.parse().ok());
        let (pending, offer) = exchange.media.offer(towards).map_err(failed)?;
        let placed_at = exchange.clock.monotonic();
        let mut leg = exchange.sip.place(place_call(dialout, trunk, offer)).await.map_err(failed)?;
        let sdp = self.until_answered(&mut leg, dialout.ringing_timeout_seconds, record).await?;
        match pending.complete(&sdp) {
            Ok((session, sounds)) => {
                let took = exchange.clock.monotonic().saturating_duration_since(placed_at).as_millis();
                record.answered(exchange.clock.now(), u32::try_from(took).unwrap_or(u32::MAX));
                Ok(Reached { leg, session, sounds, prepared })
            }
            Err(error) => {
                hang_up(&leg).await;
                Err(failed(error))
            }
        }
    }

    /// Waits for the answer and gives its SDP.
    async fn until_answered(&mut self, leg: &mut Leg, ring_s: u32, record: &mut Record) -> Result<Vec<u8>, End> {
        let clock = self.exchange.clock.clone();
        let rang_out = clock.sleep(Duration::from_secs(u64::from(ring_s)));
        tokio::pin!(rang_out);
        loop {
            let mut answer = None;
            let input = tokio::select! {
                event = leg.events.recv() => match event {
                    Some(LegEvent::Ringing { .. }) => Input::Ringing,
                    Some(LegEvent::Answered { sdp }) => {
                        answer = Some(sdp);
                        Input::Answered
                    }
                    Some(LegEvent::Ended { how }) => Input::LegEnded(how),
                    Some(_) => continue,
                    None => Input::LegEnded(LegEnd::Failed { why: "the leg is gone".to_owned() }),
                },
                Some(order) = self.orders.recv() => match order {
                    Order::HangUp => Input::HungUpByOperator,
                    Order::Stop => Input::Stopping,
                },
                () = &mut rang_out => Input::RangOut,
            };
            for action in self.state.step(input) {
                match action {
                    Action::ReportRinging => record.event(CallEventKind::Ringing),
                    Action::HangUp => hang_up(leg).await,
                    Action::Finish(end) => return Err(end),
                    _ => {}
                }
            }
            if let Some(sdp) = answer {
                return Ok(sdp);
            }
        }
    }
}

fn place_call(dialout: &Dialout, trunk: Trunk, offer: Vec<u8>) -> PlaceCall {
    PlaceCall {
        trunk,
        to: dialout.to_number.clone(),
        uri: None,
        from: dialout.from_number.clone().unwrap_or_else(|| "anonymous".to_owned()),
        display_name: None,
        offer,
        headers: Default::default(),
    }
}

async fn hang_up(leg: &Leg) {
    if let Err(error) = leg.control.hang_up().await {
        info!(%error, "A leg was gone before it was hung up");
    }
}
