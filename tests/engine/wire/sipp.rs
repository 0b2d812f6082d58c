//! Calls with SIPp as the other side.

use cxbox::contract::trunk::Transport;
use cxbox::engine::media::{ClipId, Listen, MediaEvent};
use cxbox::engine::sip::{Incoming, Leg, LegEnd, LegEvent};

use super::{Party, Sipp, audio_level, heard, kept_events, next, soon, tone};

async fn ends(leg: &mut Leg) -> LegEnd {
    loop {
        if let LegEvent::Ended { how } = heard(&mut leg.events).await {
            return how;
        }
    }
}

/// Answers, says something and hears something.
async fn talk(party: &Party, incoming: Incoming) -> (Leg, cxbox::engine::media::MediaSession) {
    let mut leg = incoming.leg;
    leg.control.ring().await.unwrap();
    let mut answer = party.media.answer(&incoming.offer).unwrap();
    leg.control.answer(answer.sdp).await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Answered { .. }));
    answer.session.listen(Listen::All);
    soon(async { while audio_level(&mut answer.events, 5).await < 1000 {} }).await;
    answer.session.listen(Listen::Off);
    answer.session.play(ClipId(1), &tone());
    kept_events(&mut answer.events, |event| matches!(event, MediaEvent::ClipDone(_))).await;
    (leg, answer.session)
}

#[tokio::test]
async fn sipp_calls_over_udp_and_tcp_and_hangs_up() {
    for transport in ["u1", "t1"] {
        let mut party = Party::start().await;
        let sipp = Sipp::calls("uac_bye.xml", party.address(), 1, &["-d", "1200", "-t", transport]);
        let incoming = next(&mut party.calls).await;
        assert_eq!(incoming.transport, if transport == "t1" { Transport::Tcp } else { Transport::Udp });
        assert_eq!((incoming.did.as_str(), incoming.from.as_deref()), ("bot", Some("sipp")));
        let (mut leg, media) = talk(&party, incoming).await;
        assert_eq!(ends(&mut leg).await, LegEnd::Remote);
        assert!(media.close().await.unwrap().n_received > 20);
        sipp.succeeds().await;
    }
}

#[tokio::test]
async fn sipp_calls_and_we_hang_up() {
    let mut party = Party::start().await;
    let sipp = Sipp::calls("uac_waitbye.xml", party.address(), 1, &[]);
    let incoming = next(&mut party.calls).await;
    let (mut leg, _media) = talk(&party, incoming).await;
    leg.control.hang_up().await.unwrap();
    assert_eq!(ends(&mut leg).await, LegEnd::Local);
    sipp.succeeds().await;
}

#[tokio::test]
async fn sipp_gives_up_while_it_rings() {
    let mut party = Party::start().await;
    let sipp = Sipp::calls("uac_cancel.xml", party.address(), 1, &[]);
    let mut incoming = next(&mut party.calls).await;
    incoming.leg.control.ring().await.unwrap();
    assert_eq!(ends(&mut incoming.leg).await, LegEnd::Cancelled);
    sipp.succeeds().await;
}

#[tokio::test]
async fn sipp_asks_for_a_password_rings_and_answers() {
    let (party, sipp) = (Party::start().await, Sipp::answers("uas_auth.xml").ready().await);
    let (pending, offer) = party.media.offer(None).unwrap();
    let call = Party::call_with_password(sipp.address, offer, "trunk1", "s3cret");
    let mut leg = party.sip.place(call).await.unwrap();
    let LegEvent::Ringing { sdp: Some(early) } = heard(&mut leg.events).await else { panic!("no early media") };
    let (session, mut events) = pending.complete(&early).unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Ringing { sdp: None }));
    let LegEvent::Answered { sdp } = heard(&mut leg.events).await else { panic!("not answered") };
    session.accept(&sdp).unwrap();
    // SIPp sends back what it gets.
    session.listen(Listen::All);
    session.play(ClipId(1), &tone());
    soon(async { while audio_level(&mut events, 5).await < 2000 {} }).await;
    leg.control.hang_up().await.unwrap();
    assert_eq!(ends(&mut leg).await, LegEnd::Local);
    sipp.succeeds().await;
}

#[tokio::test]
async fn a_wrong_password_is_refused_once_and_not_tried_again() {
    let (party, sipp) = (Party::start().await, Sipp::answers("uas_auth.xml").ready().await);
    let (_pending, offer) = party.media.offer(None).unwrap();
    let mut leg = party.sip.place(Party::call_with_password(sipp.address, offer, "trunk1", "wrong")).await.unwrap();
    let LegEnd::Refused { code, .. } = ends(&mut leg).await else { panic!("not refused") };
    assert_eq!(code, 403);
    sipp.succeeds().await;
}

#[tokio::test]
async fn a_challenge_without_a_password_is_final() {
    let (party, sipp) = (Party::start().await, Sipp::answers("uas_auth.xml").ready().await);
    let mut leg = party.sip.place(Party::call(sipp.address, Transport::Udp, Vec::new())).await.unwrap();
    let LegEnd::Refused { code, .. } = ends(&mut leg).await else { panic!("not refused") };
    assert_eq!(code, 401);
}

#[tokio::test]
async fn we_give_up_while_sipp_rings() {
    let (party, sipp) = (Party::start().await, Sipp::answers("uas_cancel.xml").ready().await);
    let (_pending, offer) = party.media.offer(None).unwrap();
    let mut leg = party.sip.place(Party::call(sipp.address, Transport::Udp, offer)).await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Ringing { .. }));
    leg.control.hang_up().await.unwrap();
    assert_eq!(ends(&mut leg).await, LegEnd::Local);
    sipp.succeeds().await;
}

#[tokio::test]
async fn sipp_is_busy() {
    let (party, sipp) = (Party::start().await, Sipp::answers("uas_busy.xml").ready().await);
    let (_pending, offer) = party.media.offer(None).unwrap();
    let mut leg = party.sip.place(Party::call(sipp.address, Transport::Udp, offer)).await.unwrap();
    assert_eq!(ends(&mut leg).await, LegEnd::Refused { code: 486, reason: "Busy Here".to_owned() });
    sipp.succeeds().await;
}

#[tokio::test]
async fn sipp_takes_a_transfer_and_reports_on_it() {
    let (party, sipp) = (Party::start().await, Sipp::answers("uas_refer.xml").ready().await);
    let (_pending, offer) = party.media.offer(None).unwrap();
    let mut leg = party.sip.place(Party::call(sipp.address, Transport::Udp, offer)).await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Answered { .. }));
    leg.control.refer("sip:agent@127.0.0.1:5099".to_owned()).await.unwrap();
    for expected in [180, 200] {
        let LegEvent::ReferProgress { code } = heard(&mut leg.events).await else { panic!("no progress") };
        assert_eq!(code, expected);
    }
    leg.control.hang_up().await.unwrap();
    sipp.succeeds().await;
}
