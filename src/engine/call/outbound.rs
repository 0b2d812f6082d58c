//! A call we place: config by its session, INVITE, ringing, answered or not.

use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::encryption::encryption;
use super::exchange::Exchange;
use super::live::{Order, Seat};
use super::prepare::{Prepared, prepare};
use super::record::Record;
use super::session::{Setup, run};
use super::state::{Action, CallState, Direction, End, Input, Phase};
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Kind, Result};
use crate::contract::event::CallEventKind;
use crate::contract::fleet::{Dialout, DialoutAccepted, Way};
use crate::contract::result::CallResultsPayload;
use crate::engine::link::report::{ConfigAsk, ask_carrier, fetch_config};
use crate::engine::media::{Encryption, MediaEvent, MediaSession};
use crate::engine::sip::{Leg, LegEnd, LegEvent, PlaceCall};

/// How long a trunk may be silent towards an INVITE while there is another one to try.
const SILENT: Duration = Duration::from_secs(5);

/// Takes an order to call somebody. The call runs in its own task; whatever becomes of it, there is a result.
/// `TooMany` at capacity, `Unavailable` while draining or without a trunk.
pub fn dial(exchange: &Exchange, dialout: Dialout) -> Result<DialoutAccepted> {
    let mut seat = exchange.live.admit()?;
    let ways = ways(exchange, &dialout);
    if ways.is_empty() {
        return Err(Error::unavailable("there is no carrier to call through"));
    }
    let session_id = dialout.session_id.clone().unwrap_or_else(|| SessionId::new(&exchange.random));
    let call_id = dialout.call_id.clone().unwrap_or_else(|| CallId::outbound(&exchange.random));
    let orders = seat.take(&session_id)?;
    let accepted = DialoutAccepted { status: "accepted".to_owned(), call_id: call_id.to_string(), room_name: session_id.to_string() };
    let order = Outgoing { exchange: exchange.clone(), dialout, ways, session_id, call_id, orders };
    tokio::spawn(Box::pin(place(order, seat)));
    Ok(accepted)
}

/// The trunks to try, in order: those that were named, else those the engine knows.
fn ways(exchange: &Exchange, dialout: &Dialout) -> Vec<Way> {
    let from_number = dialout.from_number.clone();
    match dialout.trunk.clone() {
        Some(trunk) => std::iter::once(Way { trunk, from_number }).chain(dialout.alternatives.iter().cloned()).collect(),
        None => {
            let known = exchange.trunks.now();
            known.trunks.iter().map(|trunk| Way { trunk: trunk.clone(), from_number: from_number.clone() }).collect()
        }
    }
}

struct Outgoing {
    exchange: Exchange,
    dialout: Dialout,
    ways: Vec<Way>,
    session_id: SessionId,
    call_id: CallId,
    orders: mpsc::Receiver<Order>,
}

async fn place(order: Outgoing, seat: Seat) {
    let Outgoing { exchange, dialout, ways, session_id, call_id, orders } = order;
    let skeleton = CallResultsPayload {
        call_id: Some(call_id),
        caller_id: Some(dialout.to_number.clone()),
        call_direction: Some("outbound".to_owned()),
        carrier_id: ways.first().map(|way| way.trunk.carrier_id.clone()),
        ..CallResultsPayload::default()
    };
    let mut record = Record::begin(&exchange, session_id.clone(), skeleton);
    let mut ringing = Ringing { exchange: exchange.clone(), state: CallState::new(Direction::Outbound), orders };
    match ringing.reach(&dialout, ways, session_id, &mut record).await {
        Ok(Reached { leg, session, sounds, prepared, host }) => {
            let Ringing { state, orders, .. } = ringing;
            let host = Some(host);
            Box::pin(run(Setup { exchange, host, hops: 0, leg, session, sounds, orders, prepared, record, state })).await;
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
    host: String,
}

/// A far end that answered.
struct Answered {
    leg: Leg,
    session: MediaSession,
    sounds: mpsc::Receiver<MediaEvent>,
    host: String,
}

/// Why one trunk did not lead to an answer.
enum Missed {
    /// The call is over.
    Over(End),
    /// The trunk failed before anything rang: another one may do better. How the call ends if there is none.
    Elsewhere(End),
    /// The trunk takes no encrypted sound and may be asked for plain.
    Unencrypted,
}

/// What one try at a trunk may do.
#[derive(Clone, Copy)]
struct Try {
    ring_s: u32,
    /// Whether there is another trunk.
    has_more: bool,
    encryption: Encryption,
}

impl Ringing {
    /// Config, first words, then one trunk after the other until the call is answered or is over.
    async fn reach(&mut self, dialout: &Dialout, ways: Vec<Way>, session_id: SessionId, record: &mut Record) -> Result<Reached, End> {
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
        record.watch_providers(prepared.providers.ledger.clone());
        let mut last = End::failed("there is no carrier to call through");
        let n_ways = ways.len();
        for (n, way) in ways.into_iter().enumerate() {
            if n > 0 && !self.may_use(&way, record).await {
                continue;
            }
            let name = way.trunk.name.clone();
            let mut rules = Try { ring_s: dialout.ringing_timeout_seconds, has_more: n + 1 < n_ways, encryption: encryption(&way.trunk) };
            let mut tried = self.try_way(dialout, way.clone(), rules, record).await;
            if let Err(Missed::Unencrypted) = tried {
                warn!(call.id = %record.session_id(), "The trunk {name} takes no encrypted sound; the call is placed without");
                rules.encryption = Encryption::Never;
                tried = self.try_way(dialout, way, rules, record).await;
            }
            match tried {
                Ok(Answered { leg, session, sounds, host }) => return Ok(Reached { leg, session, sounds, prepared, host }),
                Err(Missed::Over(end)) => return Err(end),
                Err(Missed::Unencrypted) => return Err(End::failed("the trunk takes no encrypted sound")),
                Err(Missed::Elsewhere(end)) => {
                    warn!(call.id = %record.session_id(), "The trunk {name} failed: {}", end.detail.as_deref().unwrap_or(end.outcome));
                    last = end;
                }
            }
        }
        Err(last)
    }

    /// Whether the carrier of another trunk has a line for this call. From then on it is that carrier's call.
    async fn may_use(&mut self, way: &Way, record: &mut Record) -> bool {
        let carrier = &way.trunk.carrier_id;
        if let Err(error) = ask_carrier(&self.exchange.control, record.session_id(), carrier).await {
            warn!(call.id = %record.session_id(), %error, "The trunk {} is not used", way.trunk.name);
            return false;
        }
        record.carried_by(carrier.clone());
        self.state = CallState::new(Direction::Outbound);
        true
    }

    /// INVITE and answer, through one trunk.
    async fn try_way(&mut self, dialout: &Dialout, way: Way, rules: Try, record: &mut Record) -> Result<Answered, Missed> {
        let exchange = self.exchange.clone();
        let (trunk, host) = (&way.trunk, way.trunk.sip_address.clone());
        let peer = exchange.sip.find(trunk).await.map_err(|error| Missed::Elsewhere(failed(error)))?;
        let offered = exchange.media.offer_with(Some(peer.ip()), rules.encryption);
        let (pending, offer) = offered.map_err(|error| Missed::Over(failed(error)))?;
        let placed_at = exchange.clock.monotonic();
        let placed = exchange.sip.place(place_call(dialout, way, offer)).await;
        let mut leg = placed.map_err(|error| match error.kind() {
            Kind::Invalid => Missed::Over(failed(error)),
            _ => Missed::Elsewhere(failed(error)),
        })?;
        let sdp = self.until_answered(&mut leg, rules, record).await?;
        match pending.complete(&sdp) {
            Ok((session, sounds)) => {
                let took = exchange.clock.monotonic().saturating_duration_since(placed_at).as_millis();
                record.answered(exchange.clock.now(), u32::try_from(took).unwrap_or(u32::MAX));
                Ok(Answered { leg, session, sounds, host })
            }
            Err(error) => {
                hang_up(&leg).await;
                Err(Missed::Over(failed(error)))
            }
        }
    }

    /// Waits for the answer and gives its SDP. While there is another trunk, one that is silent or out of order is given up.
    async fn until_answered(&mut self, leg: &mut Leg, rules: Try, record: &mut Record) -> Result<Vec<u8>, Missed> {
        let Try { ring_s, has_more, encryption } = rules;
        let clock = self.exchange.clock.clone();
        let rang_out = clock.sleep(Duration::from_secs(u64::from(ring_s)));
        let silent = clock.sleep(SILENT);
        tokio::pin!(rang_out, silent);
        let mut is_heard = false;
        loop {
            let mut answer = None;
            let input = tokio::select! {
                event = leg.events.recv() => {
                    is_heard = true;
                    match event {
                        Some(LegEvent::Ringing { .. }) => Input::Ringing,
                        Some(LegEvent::Answered { sdp }) => {
                            answer = Some(sdp);
                            Input::Answered
                        }
                        Some(LegEvent::Ended { how }) => {
                            if encryption == Encryption::IfTaken && is_about_media(&how) {
                                return Err(Missed::Unencrypted);
                            }
                            if has_more && *self.state.phase() == Phase::Dialing && is_trunk_failure(&how) {
                                return Err(Missed::Elsewhere(trunk_end(&how)));
                            }
                            Input::LegEnded(how)
                        }
                        Some(_) => continue,
                        None => Input::LegEnded(LegEnd::Failed { why: "the leg is gone".to_owned() }),
                    }
                },
                Some(order) = self.orders.recv() => match order {
                    Order::HangUp => Input::HungUpByOperator,
                    Order::Stop => Input::Stopping,
                    // Nothing is recorded yet.
                    Order::Record(_) => continue,
                },
                () = &mut silent, if has_more && !is_heard => {
                    hang_up(leg).await;
                    return Err(Missed::Elsewhere(End::failed("the trunk did not answer the INVITE")));
                }
                () = &mut rang_out => Input::RangOut,
            };
            for action in self.state.step(input) {
                match action {
                    Action::ReportRinging => record.event(CallEventKind::Ringing),
                    Action::HangUp => hang_up(leg).await,
                    Action::Finish(end) => return Err(Missed::Over(end)),
                    _ => {}
                }
            }
            if let Some(sdp) = answer {
                return Ok(sdp);
            }
        }
    }
}

fn failed(error: Error) -> End {
    End::failed(error.message().to_owned())
}

/// Whether a leg that never rang ended because of its trunk, and not because of who was called.
fn is_trunk_failure(how: &LegEnd) -> bool {
    match how {
        LegEnd::Refused { code, .. } => *code == 408 || (500..600).contains(code),
        LegEnd::Failed { .. } => true,
        LegEnd::Local | LegEnd::Remote | LegEnd::Cancelled => false,
    }
}

/// Whether a leg was refused for what its description said.
fn is_about_media(how: &LegEnd) -> bool {
    matches!(how, LegEnd::Refused { code: 415 | 488 | 606, .. })
}

fn trunk_end(how: &LegEnd) -> End {
    match how {
        LegEnd::Refused { code, reason } => End::failed(format!("the trunk answered {code} {reason}")),
        LegEnd::Failed { why } => End::failed(why.clone()),
        LegEnd::Local | LegEnd::Remote | LegEnd::Cancelled => End::failed("the call was over before it rang"),
    }
}

fn place_call(dialout: &Dialout, way: Way, offer: Vec<u8>) -> PlaceCall {
    PlaceCall {
        trunk: way.trunk,
        to: dialout.to_number.clone(),
        uri: None,
        from: way.from_number.unwrap_or_else(|| "anonymous".to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_trunk_is_tried_for_a_trunk_s_fault_only() {
        let refused = |code: u16| LegEnd::Refused { code, reason: "No".to_owned() };
        for (how, expected) in [
            (refused(503), true),
            (refused(500), true),
            (refused(408), true),
            (LegEnd::Failed { why: "x".to_owned() }, true),
            (refused(486), false),
            (refused(404), false),
            (refused(403), false),
            (refused(603), false),
            (LegEnd::Local, false),
            (LegEnd::Cancelled, false),
        ] {
            assert_eq!(is_trunk_failure(&how), expected, "{how:?}");
        }
        assert_eq!(trunk_end(&refused(503)).detail.as_deref(), Some("the trunk answered 503 No"));
    }
}
