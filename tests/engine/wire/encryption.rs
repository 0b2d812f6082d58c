//! Encrypted sound (SRTP with keys in the description): both ways, across a hold, refused where it must be, and deaf to whoever has no key.

use std::net::UdpSocket;

use cxbox::base::{Clock, Random};
use cxbox::contract::trunk::Transport;
use cxbox::engine::media::{ClipId, Encryption, Listen, MediaEngine, MediaEvent, MediaOptions, MediaSession};
use cxbox::engine::sip::{LegEnd, LegEvent, TlsDoor};
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::tls;
use tokio::sync::mpsc;

use super::{Party, audio_level, heard, next, soon, tone};
use crate::support::ports::free_port;

type Side = (MediaSession, mpsc::Receiver<MediaEvent>);

fn engine() -> MediaEngine {
    MediaEngine::start(MediaOptions::new([127, 0, 0, 1].into(), 40_000..=49_999), Random::system()).unwrap()
}

/// Two sessions, the first one having offered with this much of a wish.
fn joined(encryption: Encryption) -> (Side, Side) {
    let (pending, offer) = engine().offer_with(None, encryption).unwrap();
    let answer = engine().answer(&offer).unwrap();
    (pending.complete(&answer.sdp).unwrap(), (answer.session, answer.events))
}

/// The same with a far end that has the second suite we offer, and only that one.
fn joined_by_the_short_proof() -> (Side, Side) {
    let (pending, offer) = engine().offer_with(None, Encryption::Always).unwrap();
    let offer = String::from_utf8(offer).unwrap();
    let first = offer.lines().find(|line| line.starts_with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 ")).unwrap();
    let offer = offer.replace(&format!("{first}\r\n"), "");
    let answer = engine().answer(offer.as_bytes()).unwrap();
    assert!(String::from_utf8_lossy(&answer.sdp).contains("a=crypto:2 AES_CM_128_HMAC_SHA1_32 "));
    (pending.complete(&answer.sdp).unwrap(), (answer.session, answer.events))
}

/// Both hear each other.
async fn talk(one: &mut Side, other: &mut Side) {
    let (mine, yours) = (one.0.clone(), other.0.clone());
    for (speaker, listener) in [(mine, other), (yours, one)] {
        listener.0.listen(Listen::All);
        speaker.play(ClipId(1), &tone());
        soon(async { while audio_level(&mut listener.1, 5).await < 2000 {} }).await;
        listener.0.listen(Listen::Off);
    }
}

#[tokio::test]
async fn both_sides_hear_each_other_encrypted_also_after_a_hold() {
    for encryption in [Encryption::IfTaken, Encryption::Always, Encryption::Never] {
        let (mut caller, mut callee) = joined(encryption);
        talk(&mut caller, &mut callee).await;
        for hold in [true, false] {
            let answer = callee.0.renegotiate(&caller.0.offer(hold)).unwrap();
            caller.0.accept(&answer).unwrap();
        }
        talk(&mut caller, &mut callee).await;
        let stats = caller.0.close().await.unwrap();
        assert_eq!(stats.is_encrypted, encryption != Encryption::Never);
        assert_eq!((stats.n_lost, stats.n_foreign), (0, 0), "{stats:?}");
    }
}

#[tokio::test]
async fn a_far_end_with_the_short_proof_only_is_heard_encrypted_also_after_a_hold() {
    let (mut caller, mut callee) = joined_by_the_short_proof();
    talk(&mut caller, &mut callee).await;
    for hold in [true, false] {
        let offer = caller.0.offer(hold);
        let text = String::from_utf8_lossy(&offer);
        assert!(text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_32 ") && text.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 "), "{text}");
        let answer = callee.0.renegotiate(&offer).unwrap();
        caller.0.accept(&answer).unwrap();
    }
    talk(&mut caller, &mut callee).await;
    let stats = caller.0.close().await.unwrap();
    assert!(stats.is_encrypted && (stats.n_lost, stats.n_foreign) == (0, 0), "{stats:?}");
}

#[tokio::test]
async fn a_call_comes_in_over_tls_with_encrypted_sound_and_whoever_trusts_another_authority_does_not_call() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    let files = folder.path().join("door");
    tls::issue(&data, &["127.0.0.1".to_owned()], &files, &Clock::system()).unwrap();
    let read = |name: &str| std::fs::read(files.join(name)).unwrap();
    let bind = ([127, 0, 0, 1], free_port()).into();
    let mut theirs = Party::with_door(TlsDoor { bind, certificate: read("cert.pem"), key: read("key.pem") }).await;
    let ours = Party::start().await;
    let (pending, offer) = ours.media.offer_with(None, Encryption::Always).unwrap();
    let mut call = Party::call(bind, Transport::Tls, offer);
    assert!(ours.sip.place(call.clone()).await.is_err(), "an unknown authority");
    call.trunk.tls_ca_pem = Some(String::from_utf8(read("ca.pem")).unwrap());
    let mut leg = soon(ours.sip.place(call)).await.unwrap();
    let incoming = next(&mut theirs.calls).await;
    assert_eq!(incoming.transport, Transport::Tls);
    let answer = theirs.media.answer(&incoming.offer).unwrap();
    let mut called = incoming.leg;
    called.control.answer(answer.sdp).await.unwrap();
    let LegEvent::Answered { sdp } = heard(&mut leg.events).await else { panic!("not answered") };
    assert!(matches!(heard(&mut called.events).await, LegEvent::Answered { .. }));
    let mut caller = pending.complete(&sdp).unwrap();
    talk(&mut caller, &mut (answer.session, answer.events)).await;
    called.control.hang_up().await.unwrap();
    assert!(matches!(heard(&mut leg.events).await, LegEvent::Ended { how: LegEnd::Remote }));
    assert!(caller.0.close().await.unwrap().is_encrypted);
}

#[tokio::test]
async fn what_has_no_key_is_not_heard() {
    for (suite, proof) in [("AES_CM_128_HMAC_SHA1_80", 10), ("AES_CM_128_HMAC_SHA1_32", 4)] {
        nothing_is_heard_without_a_key(suite, proof).await;
    }
}

/// A far end that wants this suite, whose packets end with so many bytes of proof, and has no key.
async fn nothing_is_heard_without_a_key(suite: &str, proof: usize) {
    let far = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = far.local_addr().unwrap().port();
    let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    let offer = format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/SAVP 0\r\na=crypto:2 {suite} inline:{key}\r\n");
    let mut answer = engine().answer(offer.as_bytes()).unwrap();
    let said = String::from_utf8(answer.sdp.clone()).unwrap();
    assert!(said.contains(&format!("a=crypto:2 {suite} inline:")) && !said.contains(key), "{said}");
    answer.session.listen(Listen::All);
    for number in 0..60u16 {
        let mut sealed = [0; 2048];
        let n = far.recv(&mut sealed).unwrap();
        assert_eq!(n, 12 + 160 + proof);
        assert!(sealed[12..n].iter().any(|byte| *byte != 0xff), "silence was sent in the clear");
        let mut packet = vec![0x80, 0];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 160).to_be_bytes());
        packet.extend([0, 0, 0, 7]);
        packet.extend([0xce; 170]);
        far.send_to(&packet, answer.session.local()).unwrap();
        while let Ok(event) = answer.events.try_recv() {
            let MediaEvent::Heard(frame) = event else { continue };
            assert!(frame.samples.iter().all(|sample| *sample == 0), "a packet without a key was heard");
        }
    }
    assert_eq!(answer.session.close().await.unwrap().n_received, 0);
}

#[tokio::test]
async fn plain_sound_is_refused_where_encryption_is_a_must_and_a_call_does_not_change() {
    let (pending, plain) = engine().offer_with(None, Encryption::Never).unwrap();
    assert_eq!(engine().answer_with(&plain, Encryption::Always).err().unwrap().stable_code(), "no_common_codec");
    drop(pending);
    for (encryption, is_taken) in [(Encryption::IfTaken, true), (Encryption::Always, false)] {
        let (pending, offer) = engine().offer_with(None, encryption).unwrap();
        // A carrier that ignores what was offered.
        let careless = String::from_utf8(offer).unwrap().replace("RTP/SAVP", "RTP/AVP");
        assert_eq!(pending.complete(careless.as_bytes()).is_ok(), is_taken, "{encryption:?}");
    }
    let (caller, callee) = joined(Encryption::Always);
    let downgraded = String::from_utf8(caller.0.offer(false)).unwrap().replace("RTP/SAVP", "RTP/AVP");
    assert!(callee.0.renegotiate(downgraded.as_bytes()).is_err());
}
