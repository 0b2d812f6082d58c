//! Session timers (RFC 4028): too short is refused, sessions are refreshed in time, and a call whose far end vanished ends.

use std::time::Duration;

use cxbox::base::Clock;
use cxbox::contract::trunk::Transport;
use cxbox::engine::sip::{Leg, LegEnd, LegEvent, SessionTimes};

use super::{Party, Sipp, connect, heard, next};

/// Times that a test can wait for.
const SHORT: SessionTimes = SessionTimes { offered_s: 4, least_s: 2 };

async fn ends(leg: &mut Leg) -> LegEnd {
    loop {
        if let LegEvent::Ended { how } = heard(&mut leg.events).await {
            return how;
        }
    }
}

/// Takes the next call.
async fn taken(party: &mut Party) -> (Leg, cxbox::engine::media::MediaSession) {
    let mut leg = next(&mut party.calls).await.leg;
    let answer = party.media.answer(b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n").unwrap();
    leg.control.answer(answer.sdp).await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Answered { .. }));
    (leg, answer.session)
}

fn is_not_refreshed(how: &LegEnd) -> bool {
    matches!(how, LegEnd::Failed { why } if why.contains("refresh"))
}

#[tokio::test]
async fn too_short_a_session_is_refused_and_ours_to_refresh_is_refreshed_by_update() {
    let mut party = Party::timed(SHORT).await;
    let sipp = Sipp::calls("uac_timer.xml", party.address(), 1, &[]);
    let (mut leg, _media) = taken(&mut party).await;
    assert_eq!(ends(&mut leg).await, LegEnd::Remote);
    sipp.succeeds().await;
}

#[tokio::test]
async fn a_caller_that_promised_to_refresh_and_vanished_is_hung_up_on() {
    let mut party = Party::timed(SHORT).await;
    let sipp = Sipp::calls("uac_vanishes.xml", party.address(), 1, &[]);
    let (mut leg, _media) = taken(&mut party).await;
    let how = ends(&mut leg).await;
    assert!(is_not_refreshed(&how), "{how:?}");
    sipp.succeeds().await;
}

#[tokio::test]
async fn a_called_side_that_wants_longer_gets_it_is_refreshed_by_invite_and_ends_the_call_when_it_forgot_it() {
    let (party, sipp) = (Party::timed(SHORT).await, Sipp::answers("uas_timer.xml").ready().await);
    let (_pending, offer) = party.media.offer(None).unwrap();
    let mut leg = party.sip.place(Party::call(sipp.address, Transport::Udp, offer)).await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Answered { .. }));
    let how = ends(&mut leg).await;
    assert!(is_not_refreshed(&how), "{how:?}");
    sipp.succeeds().await;
}

#[tokio::test]
async fn two_of_us_keep_a_call_alive_beyond_its_session() {
    let (ours, mut theirs) = (Party::timed(SHORT).await, Party::timed(SHORT).await);
    let mut both = connect(&ours, &mut theirs, Transport::Udp).await;
    let clock = Clock::system();
    let began = clock.monotonic();
    while clock.monotonic().duration_since(began) < Duration::from_secs(6) {
        let quiet = tokio::time::timeout(Duration::from_millis(200), both.callee.leg.events.recv()).await;
        assert!(quiet.is_err(), "{quiet:?}");
    }
    assert!(both.caller.leg.events.try_recv().is_err());
    both.callee.leg.control.hang_up().await.unwrap();
    assert_eq!(ends(&mut both.caller.leg).await, LegEnd::Remote);
}
