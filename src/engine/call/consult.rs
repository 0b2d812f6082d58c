//! The second leg of an attended transfer: whoever the caller is handed on to is called first and told what it is about.

use std::time::Duration;

use tracing::info;

use super::encryption::encryption;
use super::exchange::Exchange;
use super::inside::Extension;
use super::talk::Side;
use super::transfer::Goal;
use crate::base::id::{CarrierId, SessionId};
use crate::base::phone::is_e164;
use crate::base::{Error, Result};
use crate::contract::trunk::{Transport, Trunk};
use crate::engine::link::report::ask_leg;
use crate::engine::media::{Clip, ClipId, Encryption, MediaEvent, MediaSession, PendingSession};
use crate::engine::sip::{Leg, LegEnd, LegEvent, PlaceCall};

/// How long the telephone at the other end rings.
const RING_FOR: Duration = Duration::from_secs(30);
/// Names the briefing in the events about it.
const BRIEFING: ClipId = ClipId(1);
/// What is said where the bot declares no briefing.
const USUAL_BRIEFING: &str = "A call for you from {caller}. {reason}";

/// Whom to call, and how they are reached.
#[derive(Debug, Clone)]
pub(super) enum Whom {
    /// By SIP.
    Outside {
        /// The call.
        call: Box<PlaceCall>,
        /// The number, where it lies in the telephone network.
        number: Option<String>,
    },
    /// Within the box.
    Inside(Extension),
}

impl Whom {
    /// Whom a goal outside stands for: a telephone that is registered here, a SIP URI of its own, or a number at the carrier of the call.
    pub(super) fn of(exchange: &Exchange, goal: &Goal, carrier: Option<&CarrierId>, from: Option<&str>) -> Self {
        let from = from.unwrap_or("anonymous").to_owned();
        let place = |trunk: Trunk, to: String, uri: Option<String>| PlaceCall {
            trunk,
            to,
            uri,
            from: from.clone(),
            display_name: None,
            offer: Vec::new(),
            headers: Default::default(),
        };
        let user = goal.user();
        if let Some(phone) = exchange.sip.phones_of(&goal.value).into_iter().next() {
            let trunk = Trunk { name: phone.aor.clone(), ..Trunk::new("phone".into(), phone.source, phone.transport) };
            return Self::Outside { call: Box::new(place(trunk, phone.aor, Some(phone.contact))), number: None };
        }
        if goal.is_uri {
            let transport = if goal.uri.to_ascii_lowercase().contains(";transport=tcp") { Transport::Tcp } else { Transport::Udp };
            let trunk = Trunk::new("transfer".into(), goal.host(), transport);
            return Self::Outside { call: Box::new(place(trunk, user, Some(goal.uri.clone()))), number: None };
        }
        let known = exchange.trunks.now();
        let own = carrier.and_then(|carrier| known.trunks.iter().find(|trunk| trunk.carrier_id == *carrier)).cloned();
        let trunk = own.unwrap_or_else(|| Trunk::new("transfer".into(), goal.host(), Transport::Udp));
        Self::Outside { number: Some(user.clone()).filter(|user| is_e164(user)), call: Box::new(place(trunk, user, None)) }
    }
}

/// What the other end is told before the caller is there. `{caller}` and `{reason}` are filled in.
pub(super) fn briefing(declared: &str, caller: Option<&str>, reason: &str) -> String {
    let words = if declared.trim().is_empty() { USUAL_BRIEFING } else { declared };
    words.replace("{caller}", caller.unwrap_or("somebody without a number")).replace("{reason}", reason).trim().to_owned()
}

/// Calls, waits for the answer and says the briefing. The side that comes back is still alone. Dropping this hangs up.
pub(super) async fn consult(exchange: Exchange, session_id: SessionId, whom: Whom, briefing: Option<Clip>) -> Result<Side, String> {
    let told = |error: Error| error.message().to_owned();
    let (pending, mut leg) = match whom {
        Whom::Outside { call, number } => outside(&exchange, &session_id, *call, number).await,
        Whom::Inside(extension) => inside(&exchange, extension),
    }
    .map_err(told)?;
    let sdp = tokio::select! {
        sdp = until_answered(&mut leg) => sdp?,
        () = exchange.clock.sleep(RING_FOR) => {
            hang_up(&leg).await;
            return Err("nobody answered in time".to_owned());
        }
    };
    let (session, sounds) = pending.complete(&sdp).map_err(told)?;
    let mut side = Side { leg, session, sounds };
    if let Some(clip) = briefing {
        side.session.play(BRIEFING, &clip);
        until_told(&mut side).await?;
    }
    Ok(side)
}

async fn outside(exchange: &Exchange, session_id: &SessionId, call: PlaceCall, number: Option<String>) -> Result<(PendingSession, Leg)> {
    if let Some(number) = &number {
        ask_leg(&exchange.control, session_id, number).await?;
    }
    let peer = exchange.sip.find(&call.trunk).await?;
    // Where encryption is only welcome, plain sound is offered: a person is being waited for, and a refusal would cost the transfer.
    let wanted = Some(encryption(&call.trunk)).filter(|wanted| *wanted == Encryption::Always).unwrap_or_default();
    let (pending, offer) = exchange.media.offer_with(Some(peer.ip()), wanted)?;
    Ok((pending, exchange.sip.place(PlaceCall { offer, ..call }).await?))
}

fn inside(exchange: &Exchange, extension: Extension) -> Result<(PendingSession, Leg)> {
    let (pending, offer) = exchange.media.offer_inside()?;
    Ok((pending, extension.call(exchange, offer)?))
}

async fn until_answered(leg: &mut Leg) -> Result<Vec<u8>, String> {
    loop {
        match leg.events.recv().await {
            Some(LegEvent::Answered { sdp }) => return Ok(sdp),
            Some(LegEvent::Ended { how }) => return Err(words(&how)),
            Some(_) => {}
            None => return Err("the leg is gone".to_owned()),
        }
    }
}

/// Until the briefing was heard, or a key says that it is enough.
async fn until_told(side: &mut Side) -> Result<(), String> {
    loop {
        tokio::select! {
            sound = side.sounds.recv() => match sound {
                Some(MediaEvent::ClipDone(_)) => return Ok(()),
                Some(MediaEvent::Key(_)) => {
                    side.session.stop().await;
                    return Ok(());
                }
                Some(_) => {}
                None => return Err("the media ended".to_owned()),
            },
            event = side.leg.events.recv() => match event {
                Some(LegEvent::Offer { sdp, reply }) => change(&side.session, &sdp, reply),
                Some(LegEvent::Ended { .. }) | None => return Err("they hung up before they had the caller".to_owned()),
                Some(_) => {}
            },
        }
    }
}

fn change(session: &MediaSession, sdp: &[u8], reply: tokio::sync::oneshot::Sender<Vec<u8>>) {
    match session.renegotiate(sdp) {
        // The far end may have hung up meanwhile.
        Ok(answer) => drop(reply.send(answer)),
        Err(error) => info!(%error, "A change of the media is refused"),
    }
}

fn words(how: &LegEnd) -> String {
    match how {
        LegEnd::Refused { code: 486 | 600, .. } => "the target is busy".to_owned(),
        LegEnd::Refused { code, reason } => format!("the target answered {code} {reason}"),
        LegEnd::Failed { why } => why.clone(),
        LegEnd::Local | LegEnd::Remote | LegEnd::Cancelled => "the target hung up".to_owned(),
    }
}

async fn hang_up(leg: &Leg) {
    if let Err(error) = leg.control.hang_up().await {
        info!(%error, "A leg was gone before it was hung up");
    }
}

/// What the caller hears meanwhile: it rings. Long enough for every wait.
pub(super) fn ringing() -> Clip {
    const RATE: usize = 8000;
    let wave = |n: usize| (std::f32::consts::TAU * 425.0 * n as f32 / RATE as f32).sin() * 3000.0;
    let second: Vec<i16> = (0..RATE).map(|n| wave(n) as i16).collect();
    let once: Vec<i16> = second.into_iter().chain(std::iter::repeat_n(0, 4 * RATE)).collect();
    Clip { rate: 8000, samples: once.repeat(9).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_briefing_says_who_calls_and_why() {
        for (declared, caller, reason, expected) in [
            ("", Some("+35621234567"), "An invoice.", "A call for you from +35621234567. An invoice."),
            ("", None, "", "A call for you from somebody without a number."),
            ("{reason}, from {caller}", Some("100"), "Billing", "Billing, from 100"),
            ("Somebody waits.", Some("100"), "x", "Somebody waits."),
        ] {
            assert_eq!(briefing(declared, caller, reason), expected);
        }
    }

    #[test]
    fn the_caller_hears_it_ring_for_as_long_as_it_may_take() {
        let clip = ringing();
        assert!(clip.samples.len() >= 40 * 8000 && clip.samples.iter().any(|s| s.abs() > 2500));
    }
}
