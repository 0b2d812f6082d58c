//! The far end of a call that came in, until it is answered: refused with a status, or picked up with our media and 200.

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::exchange::Exchange;
use super::record::Record;
use super::state::End;
use crate::base::{Error, Kind};
use crate::contract::trunk::MediaEncryption;
use crate::engine::media::{Encryption, MediaEvent, MediaSession, PendingSession};
use crate::engine::sip::{Incoming, Leg, LegEnd, LegEvent, Sender};

/// Why a call is not answered.
pub(super) enum NotAnswered {
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

/// Our media and 200 OK.
pub(super) async fn open_media(
    exchange: &Exchange,
    incoming: &mut Incoming,
) -> Result<(MediaSession, mpsc::Receiver<MediaEvent>), NotAnswered> {
    if matches!(incoming.sender, Sender::Inside { .. }) {
        let ours = exchange.media.answer_inside(&incoming.offer)?;
        send_ok(incoming, ours.sdp).await?;
        return Ok((ours.session, ours.events));
    }
    let encryption = encryption(exchange, incoming);
    if incoming.offer.is_empty() {
        let (pending, sdp) = exchange.media.offer_with(Some(incoming.source.ip()), encryption)?;
        send_ok(incoming, sdp).await?;
        return late_answer(&mut incoming.leg.events, pending).await;
    }
    let ours = exchange.media.answer_with(&incoming.offer, encryption)?;
    send_ok(incoming, ours.sdp).await?;
    Ok((ours.session, ours.events))
}

/// What the caller's carrier wants of encryption: calls without it are refused where it is required.
fn encryption(exchange: &Exchange, incoming: &Incoming) -> Encryption {
    let Sender::Carrier(carrier) = &incoming.sender else { return Encryption::Never };
    let trunks = exchange.trunks.now();
    let trunk = trunks.trunks.iter().find(|trunk| trunk.carrier_id == *carrier);
    match trunk.map(|trunk| trunk.media_encryption) {
        Some(MediaEncryption::Required) => Encryption::Always,
        _ => Encryption::Never,
    }
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
pub(super) async fn until_ended(events: &mut mpsc::Receiver<LegEvent>) -> LegEnd {
    while let Some(event) = events.recv().await {
        if let LegEvent::Ended { how } = event {
            return how;
        }
    }
    LegEnd::Failed { why: "the leg is gone".to_owned() }
}

/// Refuses a call that may have a row, and says in its result why.
pub(super) async fn fail(record: Record, leg: &Leg, error: &Error) {
    refuse(leg, error).await;
    record.finish(End::failed(error.message().to_owned()), None).await;
}

/// A refusal as a SIP status: 486 all lines in use, 480 by routing, 488 no codec, 503 anything of ours.
pub(super) async fn refuse(leg: &Leg, error: &Error) {
    let code = match error.kind() {
        Kind::TooMany => 486,
        Kind::NotFound | Kind::Conflict => 480,
        Kind::Invalid => 488,
        _ => 503,
    };
    warn!(sip.code = code, %error, "A call is refused");
    turn_away(leg, code, None).await;
}

/// Refuses a call with a SIP status.
pub(super) async fn turn_away(leg: &Leg, code: u16, reason: Option<String>) {
    if let Err(error) = leg.control.reject(code, reason).await {
        info!(%error, "A refused call was gone already");
    }
}
