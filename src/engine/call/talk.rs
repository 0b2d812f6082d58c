//! Two people on two legs: sound goes through our media, holds and keys are carried over, the first to hang up ends both.

use std::time::Duration;

use tokio::sync::mpsc;
use tracing::info;

use super::exchange::Exchange;
use super::live::Order;
use super::record::Record;
use super::state::End;
use super::transfer::info_key;
use crate::engine::media::{MediaEvent, MediaSession};
use crate::engine::sip::{Leg, LegEnd, LegEvent};

/// Longest call between people; one that both forgot ends at last.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// How long we stay when somebody has taken our place: our answer to the word of it leaves before we do.
const PARTING: Duration = Duration::from_millis(200);

/// One of the two.
pub(super) struct Side {
    pub(super) leg: Leg,
    pub(super) session: MediaSession,
    pub(super) sounds: mpsc::Receiver<MediaEvent>,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Caller,
    Phone,
}

/// Joins the two until one of them hangs up, then writes the result.
pub(super) async fn talk(exchange: &Exchange, caller: Side, phone: Side, orders: &mut mpsc::Receiver<Order>, mut record: Record) {
    let session = caller.session.clone();
    caller.session.connect(&phone.session);
    let end = over(exchange, Pair { caller, phone, is_referred: false, record: &mut record }, orders).await;
    record.finish(end, session.close().await.ok()).await;
}

/// The same for a caller who is handed on, without the result: both legs are over when this returns, the caller's sound is not closed yet.
/// Where both far ends know how, the caller's is asked to take our place with the target (RFC 3891), and we leave once it has; until then, and
/// where it does not come about, they talk through us.
pub(super) async fn hand_over(
    exchange: &Exchange,
    caller: Side,
    target: Side,
    orders: &mut mpsc::Receiver<Order>,
    record: &mut Record,
) -> End {
    caller.session.connect(&target.session);
    let is_referred = refer(&caller.leg, &target.leg).await;
    over(exchange, Pair { caller, phone: target, is_referred, record }, orders).await
}

/// Whether the caller's far end has promised to take our place.
async fn refer(caller: &Leg, target: &Leg) -> bool {
    let Some(place) = target.control.place().filter(|_| caller.control.takes_places()) else { return false };
    match caller.control.refer(place).await {
        Ok(()) => true,
        Err(error) => {
            info!(%error, "A caller's far end does not take our place; they talk through us");
            false
        }
    }
}

/// Waits until it is over and ends both legs.
async fn over(exchange: &Exchange, mut pair: Pair<'_>, orders: &mut mpsc::Receiver<Order>) -> End {
    let end = pair.until_over(exchange, orders).await;
    if pair.is_referred {
        exchange.clock.sleep(PARTING).await;
    }
    let Pair { caller, phone, .. } = pair;
    for leg in [&caller.leg, &phone.leg] {
        // The one who hung up is gone already.
        if let Err(error) = leg.control.hang_up().await {
            info!(%error, "A leg was gone before it was hung up");
        }
    }
    if let Err(error) = phone.session.close().await {
        info!(%error, "A media session ended without figures");
    }
    end
}

struct Pair<'a> {
    caller: Side,
    phone: Side,
    /// The caller's far end is about to take our place with the other one.
    is_referred: bool,
    record: &'a mut Record,
}

impl Pair<'_> {
    async fn until_over(&mut self, exchange: &Exchange, orders: &mut mpsc::Receiver<Order>) -> End {
        let too_long = exchange.clock.sleep(LONGEST);
        tokio::pin!(too_long);
        loop {
            let ended = tokio::select! {
                event = self.caller.leg.events.recv() => self.leg_event(Who::Caller, event),
                event = self.phone.leg.events.recv() => self.leg_event(Who::Phone, event),
                sound = self.caller.sounds.recv() => self.sound(Who::Caller, sound),
                sound = self.phone.sounds.recv() => self.sound(Who::Phone, sound),
                Some(order) = orders.recv() => match order {
                    Order::HangUp => Some(End::new("bot", "finished", None)),
                    Order::Stop => Some(End::failed("the engine was stopped during the call")),
                    Order::Record(on) => {
                        self.caller.session.pause_recording(!on);
                        self.record.recording_pauses(!on, "asked");
                        None
                    }
                },
                () = &mut too_long => Some(End::new("timeout", "max-duration", None)),
            };
            if let Some(end) = ended {
                return end;
            }
        }
    }

    fn leg_event(&mut self, who: Who, event: Option<LegEvent>) -> Option<End> {
        match event {
            None => return Some(ended_by(who, LegEnd::Failed { why: "the leg is gone".to_owned() })),
            // Their far end hangs up on us once somebody else is in our place.
            Some(LegEvent::Ended { how: LegEnd::Remote }) if self.is_referred && who == Who::Phone => return Some(replaced()),
            Some(LegEvent::Ended { how }) => return Some(ended_by(who, how)),
            Some(LegEvent::ReferProgress { code }) if self.is_referred && who == Who::Caller => match code {
                200..300 => return Some(replaced()),
                300.. => {
                    info!(sip.code = code, "A caller's far end did not take our place; they talk through us");
                    self.is_referred = false;
                }
                _ => {}
            },
            Some(LegEvent::Offer { sdp, reply }) => match self.side(who).session.renegotiate(&sdp) {
                // The far end may have hung up meanwhile.
                Ok(answer) => drop(reply.send(answer)),
                Err(error) => info!(%error, "A change of the media is refused"),
            },
            Some(LegEvent::Info { content_type, body }) => {
                if let Some(key) = info_key(&content_type, &body) {
                    self.other(who).session.send_keys(&key.to_string());
                }
            }
            Some(LegEvent::Proceeding | LegEvent::Ringing { .. } | LegEvent::Answered { .. } | LegEvent::ReferProgress { .. }) => {}
        }
        None
    }

    fn sound(&mut self, who: Who, event: Option<MediaEvent>) -> Option<End> {
        match event {
            None => Some(End::failed("the media ended")),
            Some(MediaEvent::Key(key)) => {
                self.other(who).session.send_keys(&key.to_string());
                None
            }
            Some(MediaEvent::RecordingFailed(why)) => {
                self.record.recording_failed(why);
                None
            }
            Some(_) => None,
        }
    }

    fn side(&self, who: Who) -> &Side {
        match who {
            Who::Caller => &self.caller,
            Who::Phone => &self.phone,
        }
    }

    fn other(&self, who: Who) -> &Side {
        match who {
            Who::Caller => &self.phone,
            Who::Phone => &self.caller,
        }
    }
}

/// They talk without us.
fn replaced() -> End {
    End::new("bot", "finished", None)
}

/// The words for the end of a call between people.
fn ended_by(who: Who, how: LegEnd) -> End {
    match (how, who) {
        (LegEnd::Failed { why }, _) => End::failed(why),
        (_, Who::Caller) => End::new("customer", "far-hangup", None),
        (_, Who::Phone) => End::new("agent", "finished", None),
    }
}
