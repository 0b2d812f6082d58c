//! Calls between two of us: answered, refused, cancelled, held, with keys, over UDP and TCP.

use std::collections::HashSet;

use cxbox::base::Kind;
use cxbox::contract::trunk::Transport;
use cxbox::engine::media::{ClipId, Listen, MediaEvent};
use cxbox::engine::sip::{LegEnd, LegEvent};

use super::{Both, Party, audio_level, connect, heard, kept_events, next, soon, tone};
use crate::support::ports::free_port;

async fn ends(events: &mut tokio::sync::mpsc::Receiver<LegEvent>) -> LegEnd {
    loop {
        if let LegEvent::Ended { how } = next(events).await {
            return how;
        }
    }
}

async fn two() -> (Party, Party) {
    (Party::start().await, Party::start().await)
}

#[tokio::test]
async fn both_sides_hear_each_other_and_the_caller_hangs_up() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let (ours, mut theirs) = two().await;
        let Both { mut caller, mut callee } = connect(&ours, &mut theirs, transport).await;
        let (mine, yours) = (caller.media.clone(), callee.media.clone());
        for (speaker, listener) in [(&mine, &mut callee), (&yours, &mut caller)] {
            listener.media.listen(Listen::All);
            speaker.play(ClipId(1), &tone());
            soon(async { while audio_level(&mut listener.events, 5).await < 2000 {} }).await;
            listener.media.listen(Listen::Off);
        }
        caller.leg.control.hang_up().await.unwrap();
        assert_eq!(ends(&mut caller.leg.events).await, LegEnd::Local);
        assert_eq!(ends(&mut callee.leg.events).await, LegEnd::Remote);
        caller.leg.control.hang_up().await.expect("a second hangup does nothing");
        let stats = caller.media.close().await.unwrap();
        assert!(stats.n_sent > 4 && stats.n_received > 4 && stats.codec == "PCMU", "{stats:?}");
        assert!(caller.media.close().await.is_err());
    }
}

#[tokio::test]
async fn the_called_side_hangs_up_and_a_dropped_control_does_too() {
    let (ours, mut theirs) = two().await;
    let Both { mut caller, callee } = connect(&ours, &mut theirs, Transport::Udp).await;
    callee.leg.control.hang_up().await.unwrap();
    assert_eq!(ends(&mut caller.leg.events).await, LegEnd::Remote);
    let Both { caller, callee } = connect(&ours, &mut theirs, Transport::Udp).await;
    drop(caller.leg.control);
    let mut events = callee.leg.events;
    assert_eq!(ends(&mut events).await, LegEnd::Remote);
}

#[tokio::test]
async fn a_refusal_arrives_with_its_status() {
    let (ours, mut theirs) = two().await;
    let (_pending, offer) = ours.media.offer(None).unwrap();
    let mut leg = ours.sip.place(Party::call(theirs.address(), Transport::Udp, offer)).await.unwrap();
    let mut incoming = next(&mut theirs.calls).await;
    incoming.leg.control.reject(486, Some("at lunch".to_owned())).await.unwrap();
    let LegEnd::Refused { code, reason } = ends(&mut leg.events).await else { panic!("not refused") };
    assert_eq!((code, reason.as_str()), (486, "Busy Here"));
    assert_eq!(ends(&mut incoming.leg.events).await, LegEnd::Local);
}

#[tokio::test]
async fn who_gives_up_while_it_rings_cancels() {
    let (ours, mut theirs) = two().await;
    let (_pending, offer) = ours.media.offer(None).unwrap();
    let mut leg = ours.sip.place(Party::call(theirs.address(), Transport::Udp, offer)).await.unwrap();
    let mut incoming = next(&mut theirs.calls).await;
    incoming.leg.control.ring().await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Ringing { .. }));
    leg.control.hang_up().await.unwrap();
    assert_eq!(ends(&mut leg.events).await, LegEnd::Local);
    assert_eq!(ends(&mut incoming.leg.events).await, LegEnd::Cancelled);
    assert!(incoming.leg.control.answer(Vec::new()).await.is_err(), "too late");
}

#[tokio::test]
async fn keys_go_both_ways_in_rtp_and_in_info() {
    let (ours, mut theirs) = two().await;
    let Both { mut caller, mut callee } = connect(&ours, &mut theirs, Transport::Udp).await;
    for (sender, receiver) in [(&caller.media.clone(), &mut callee.events), (&callee.media.clone(), &mut caller.events)] {
        sender.send_keys("42#");
        let events = kept_events(receiver, |event| matches!(event, MediaEvent::Key('#'))).await;
        let keys: String = events.iter().filter_map(|event| if let MediaEvent::Key(key) = event { Some(*key) } else { None }).collect();
        assert_eq!(keys, "42#");
    }
    let body = b"Signal=5\r\nDuration=160\r\n".to_vec();
    caller.leg.control.info("application/dtmf-relay", body.clone()).await.unwrap();
    let LegEvent::Info { content_type, body: heard } = next(&mut callee.leg.events).await else { panic!("no INFO") };
    assert_eq!((content_type.as_str(), heard), ("application/dtmf-relay", body));
}

#[tokio::test]
async fn hold_silences_the_held_side_and_unhold_brings_it_back() {
    let (ours, mut theirs) = two().await;
    let Both { caller, mut callee } = connect(&ours, &mut theirs, Transport::Udp).await;
    for hold in [true, false] {
        let change = caller.leg.control.reinvite(caller.media.offer(hold));
        let answer = async {
            let LegEvent::Offer { sdp, reply } = next(&mut callee.leg.events).await else { panic!("no offer") };
            reply.send(callee.media.renegotiate(&sdp).unwrap()).unwrap();
        };
        let (changed, ()) = tokio::join!(change, answer);
        caller.media.accept(&changed.unwrap()).unwrap();
        assert_eq!(callee.media.is_held(), hold);
        if hold {
            // What is played meanwhile waits.
            callee.media.play(ClipId(9), &tone());
        }
    }
    kept_events(&mut callee.events, |event| matches!(event, MediaEvent::ClipDone(ClipId(9)))).await;
}

#[tokio::test]
async fn an_offer_that_nobody_wants_is_refused_and_the_call_goes_on() {
    let (ours, mut theirs) = two().await;
    let Both { caller, mut callee } = connect(&ours, &mut theirs, Transport::Udp).await;
    let change = caller.leg.control.reinvite(b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 18\r\n".to_vec());
    let refuse = async {
        let LegEvent::Offer { sdp, reply } = next(&mut callee.leg.events).await else { panic!("no offer") };
        assert_eq!(callee.media.renegotiate(&sdp).unwrap_err().stable_code(), "no_common_codec");
        drop(reply);
    };
    let (changed, ()) = tokio::join!(change, refuse);
    assert!(changed.unwrap_err().message().contains("488"));
    callee.leg.control.hang_up().await.unwrap();
}

#[tokio::test]
async fn a_transfer_the_far_end_does_not_take_is_an_error_and_a_bad_target_never_leaves() {
    let (ours, mut theirs) = two().await;
    let Both { caller, callee: _callee } = connect(&ours, &mut theirs, Transport::Udp).await;
    let refused = caller.leg.control.refer("sip:agent@127.0.0.1".to_owned()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Upstream);
    for target in ["", "a b", "sip:x@y>\r\nX: 1", "<sip:x@y>"] {
        assert_eq!(caller.leg.control.refer(target.to_owned()).await.unwrap_err().kind(), Kind::Invalid, "{target}");
    }
}

#[tokio::test]
async fn what_cannot_be_called_is_said_at_once() {
    let ours = Party::start().await;
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let unreachable = soon(ours.sip.place(Party::call(nobody, Transport::Tcp, Vec::new()))).await;
    let unreachable = unreachable.err().unwrap();
    assert!(unreachable.message().starts_with("the trunk cannot be reached: "), "the cause is said too: {}", unreachable.message());
    let mut bad = Party::call(nobody, Transport::Udp, Vec::new());
    bad.to = "49 30\r\nX-Evil: 1".to_owned();
    assert_eq!(ours.sip.place(bad).await.err().unwrap().kind(), Kind::Invalid);
    let mut bad = Party::call(nobody, Transport::Udp, Vec::new());
    bad.headers.insert("Via".to_owned(), "mine".to_owned());
    assert_eq!(ours.sip.place(bad).await.err().unwrap().kind(), Kind::Invalid);
}

#[tokio::test]
async fn twenty_calls_at_once_each_have_their_own_ports() {
    let (ours, mut theirs) = two().await;
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(connect(&ours, &mut theirs, Transport::Udp).await);
    }
    let ports: HashSet<u16> = all.iter().flat_map(|both| [both.caller.media.local().port(), both.callee.media.local().port()]).collect();
    assert_eq!(ports.len(), 40);
    assert!(ports.iter().all(|port| port % 2 == 0));
    for mut both in all {
        both.callee.leg.control.hang_up().await.unwrap();
        assert_eq!(ends(&mut both.caller.leg.events).await, LegEnd::Remote);
    }
}
