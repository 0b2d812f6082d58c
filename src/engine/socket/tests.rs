//! A line between a far end made of queues and a media session made of a socket.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::UdpSocket;

use super::*;
use crate::engine::sip::{Leg, LegEnd, LegEvent};

/// The far end, and the socket in place of the media session.
struct Far {
    came: mpsc::Sender<Came>,
    sent: mpsc::Receiver<Sent>,
    media: UdpSocket,
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it happens soon")
}

impl Far {
    async fn begins() -> (Self, Wire) {
        let ((came, from), (to, sent)) = (mpsc::channel(8), mpsc::channel(64));
        (Self { came, sent, media: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket") }, Wire { from, to })
    }

    /// A call that said this of itself, connected.
    async fn calls(start: Value) -> (Self, Leg) {
        let (mut far, wire) = Self::begins().await;
        far.says(json!({ "event": "start", "streamId": "s1", "start": start })).await;
        let opening = soon(Opening::begin(wire, &Clock::system())).await.expect("a call");
        let inside = Inside::open().await.expect("a socket");
        let names = Names { call_id: "vnum1".to_owned(), session_id: "id1".to_owned() };
        let leg = opening.connect(inside, far.media.local_addr().expect("bound"), &names);
        assert_eq!(far.told().await["answer"]["sessionId"], "id1");
        (far, leg)
    }

    async fn says(&self, message: Value) {
        self.came.send(Came::Text(message.to_string())).await.expect("somebody reads");
    }

    async fn next(&mut self) -> Sent {
        soon(self.sent.recv()).await.expect("something is said")
    }

    async fn told(&mut self) -> Value {
        match self.next().await {
            Sent::Text(text) => serde_json::from_str(&text).expect("JSON"),
            Sent::Close(code, word) => panic!("closed: {code} {word}"),
        }
    }

    async fn closed(&mut self) -> (u16, String) {
        match self.next().await {
            Sent::Close(code, word) => (code, word),
            Sent::Text(text) => panic!("not closed: {text}"),
        }
    }
}

#[tokio::test]
async fn sound_keys_and_wishes_go_both_ways_until_the_bot_hangs_up() {
    let (mut far, mut leg) = Far::calls(json!({})).await;
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Answered { .. })));
    far.says(json!({ "event": "media", "media": { "payload": "ABAAEA==" } })).await;
    let mut packet = [0; 512];
    let (mut last, mut is_loud) = (None, false);
    while !is_loud {
        let (n, line) = soon(far.media.recv_from(&mut packet)).await.expect("sound");
        assert_eq!((n, packet[0], packet[1]), (172, 0x80, 0));
        let number = u16::from_be_bytes([packet[2], packet[3]]);
        assert!(last.is_none_or(|last| number == last + 1), "each packet has the next number");
        last = Some(number);
        is_loud = packet[12] & 0x7f < 0x60;
        if is_loud {
            packet[12..172].fill(0x10);
            far.media.send_to(&packet[..172], line).await.expect("sent");
        }
    }
    let heard = far.told().await;
    assert_eq!((&heard["event"], &heard["streamId"]), (&json!("reverse-media"), &json!("s1")));
    assert_eq!(heard["media"]["payload"].as_str().map(str::len), Some(320usize.div_ceil(3) * 4));
    leg.control.fall_silent();
    assert_eq!(far.told().await["event"], "reverse-media-stop");
    leg.control.fall_silent();
    far.says(json!({ "event": "dtmf", "dtmf": { "digit": "5" } })).await;
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Info { body, .. }) if body == b"Signal=5"));
    leg.control.hang_up().await.expect("asked");
    assert_eq!(far.told().await["event"], "reverse-hangup-call", "nothing was left to be thrown away");
    assert_eq!(far.closed().await.0, NORMAL);
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Ended { how: LegEnd::Local })));
}

#[tokio::test]
async fn whoever_is_handed_on_is_not_hung_up_and_who_leaves_has_left() {
    let (mut far, mut leg) = Far::calls(json!({ "answered": false })).await;
    far.says(json!({ "event": "answer" })).await;
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Answered { .. })));
    leg.control.refer("+4930999".to_owned()).await.expect("asked");
    let told = far.told().await;
    assert_eq!((&told["event"], &told["transfer"]["target"]), (&json!("reverse-call-transfer"), &json!("+4930999")));
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::ReferProgress { code: 200 })));
    leg.control.hang_up().await.expect("asked");
    assert_eq!(far.closed().await.0, NORMAL);

    let (far, mut leg) = Far::calls(json!({})).await;
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Answered { .. })));
    drop(far.came);
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Ended { how: LegEnd::Remote })));
}

#[tokio::test]
async fn a_broken_message_ends_the_call_and_one_that_is_unknown_does_not() {
    let (mut far, mut leg) = Far::calls(json!({})).await;
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Answered { .. })));
    far.says(json!({ "event": "mark" })).await;
    assert_eq!(far.told().await["error"]["code"], "unknown_event");
    far.came.send(Came::Bytes).await.expect("somebody reads");
    assert_eq!(far.told().await["error"]["code"], "not_text");
    assert_eq!(far.closed().await, (CANNOT_ACCEPT, "not_text".to_owned()));
    assert!(matches!(soon(leg.events.recv()).await, Some(LegEvent::Ended { how: LegEnd::Failed { .. } })));

    for (message, code) in [(json!({ "event": "media" }), BROKEN_DATA), (json!({ "event": "answer" }), POLICY)] {
        let (mut far, wire) = Far::begins().await;
        far.says(json!({ "event": "connected" })).await;
        far.says(message).await;
        assert!(soon(Opening::begin(wire, &Clock::system())).await.is_none());
        assert!(far.told().await["error"]["message"].is_string());
        assert_eq!(far.closed().await.0, code);
    }
}
