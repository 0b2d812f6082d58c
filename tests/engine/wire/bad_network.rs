//! Sound across a network that loses, doubles, delays and reorders packets, in every codec; and a far end that is silent on purpose.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use cxbox::base::Random;
use cxbox::engine::media::{Clip, ClipId, Codec, Listen, MediaEngine, MediaEvent, MediaOptions, MediaSession, MediaStats};
use tokio::sync::mpsc;

use super::{next, soon};
use crate::support::relay::{Faults, Relay, redirected};
use crate::support::voice::{found, voice};

fn engine(codec: Codec) -> MediaEngine {
    let options = MediaOptions { codecs: vec![codec], ..MediaOptions::new([127, 0, 0, 1].into(), 40_000..=49_999) };
    MediaEngine::start(options, Random::system()).unwrap()
}

/// How alike the sounds are, piece by piece of 300 ms: the middle one of all pieces.
fn alike(said: &[i16], heard: &[i16]) -> f64 {
    let mut from = 0;
    let mut pieces: Vec<f64> = said
        .chunks_exact(4800)
        .map(|piece| {
            // What is heard only ever moves a little between two pieces.
            let near = &heard[from.min(heard.len())..(from + 16_800).min(heard.len())];
            let (alike, at) = found(piece, near);
            if alike > 0.5 {
                from = (from + at + 4800).saturating_sub(3200);
            }
            alike
        })
        .collect();
    pieces.sort_by(f64::total_cmp);
    pieces[pieces.len() / 2]
}

/// Two sessions with this network between them.
struct Joined {
    caller: (MediaSession, mpsc::Receiver<MediaEvent>),
    callee: (MediaSession, mpsc::Receiver<MediaEvent>),
    _relay: Relay,
}

async fn join(codec: Codec, faults: Faults) -> Joined {
    let (ours, theirs) = (engine(codec), engine(codec));
    let (pending, offer) = ours.offer(None).unwrap();
    let mut relay = Relay::bind(faults).await;
    let answer = theirs.answer(&redirected(&offer, relay.for_second.port())).unwrap();
    relay.join(pending.local(), answer.session.local());
    let caller = pending.complete(&redirected(&answer.sdp, relay.for_first.port())).unwrap();
    Joined { caller, callee: (answer.session, answer.events), _relay: relay }
}

/// What the caller hears while the callee says this, at 16 kHz, and what the caller's side counted.
async fn across(codec: Codec, faults: Faults, said: &[i16]) -> (Vec<i16>, MediaStats) {
    let mut joined = join(codec, faults).await;
    let (session, events) = &mut joined.caller;
    session.listen(Listen::All);
    joined.callee.0.play(ClipId(1), &Clip { rate: 16_000, samples: said.into() });
    let mut heard = Vec::new();
    soon(async {
        while heard.len() < said.len() + 16_000 {
            if let MediaEvent::Heard(frame) = next(events).await {
                match frame.rate {
                    8000 => heard.extend(frame.samples.iter().flat_map(|sample| [*sample, *sample])),
                    _ => heard.extend(frame.samples),
                }
            }
        }
    })
    .await;
    let stats = session.close().await.unwrap();
    (heard, stats)
}

#[tokio::test]
async fn what_is_said_is_understood_across_a_bad_network_in_every_codec() {
    let said = voice(8);
    for codec in Codec::ALL {
        let (clean, stats) = across(codec, Faults { lost_percent: 0, doubled_percent: 0, late_ms: 0 }, &said).await;
        let at_best = alike(&said, &clean);
        assert!(at_best > 0.95, "{codec:?} without a fault: {at_best:.3}");
        assert!(stats.mos.is_some_and(|mos| mos > 3.3), "{codec:?}: {stats:?}");
        // RFC 3550 counts a second copy against a loss, so there are few of them here.
        let (heard, stats) = across(codec, Faults { lost_percent: 6, doubled_percent: 1, late_ms: 30 }, &said).await;
        let alike = alike(&said, &heard);
        assert!(alike > 0.8, "{codec:?}: {alike:.3}, {stats:?}");
        assert!((5..60).contains(&stats.n_lost), "{codec:?}: {stats:?}");
        assert!(stats.mos.is_some_and(|mos| (2.0..4.2).contains(&mos)), "{codec:?}: {stats:?}");
        assert!(stats.n_late < 40, "the buffer adapts: {stats:?}");
    }
}

#[tokio::test]
async fn keys_come_through_a_bad_network_once_each() {
    for codec in [Codec::Pcmu, Codec::Opus] {
        let mut joined = join(codec, Faults { lost_percent: 5, doubled_percent: 5, late_ms: 30 }).await;
        joined.callee.0.send_keys("1234567890");
        let mut keys = String::new();
        soon(async {
            while keys.len() < 10 {
                if let MediaEvent::Key(key) = next(&mut joined.caller.1).await {
                    keys.push(key);
                }
            }
        })
        .await;
        assert_eq!(keys, "1234567890", "{codec:?}");
    }
}

#[tokio::test]
async fn comfort_noise_is_never_taken_for_sound() {
    let engine = engine(Codec::Pcmu);
    let far = UdpSocket::bind("127.0.0.1:0").unwrap();
    far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let port = far.local_addr().unwrap().port();
    let offer = format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0 13\r\n");
    let mut answer = engine.answer(offer.as_bytes()).unwrap();
    answer.session.listen(Listen::All);
    let to: SocketAddr = answer.session.local();
    let mut loudest_after = 0;
    for number in 0..120u16 {
        far.recv(&mut [0; 2048]).unwrap();
        // A second of sound, then a far end that is silent: a byte that would be the loudest sound there is, ten times a second.
        let is_silent = number >= 50;
        let mut packet = vec![0x80, if is_silent { 13 } else { 0 }];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 160).to_be_bytes());
        packet.extend([0, 0, 0, 7]);
        packet.extend(if is_silent { vec![0u8] } else { vec![0xce; 160] });
        if !is_silent || number.is_multiple_of(5) {
            far.send_to(&packet, to).unwrap();
        }
        while let Ok(event) = answer.events.try_recv() {
            if let MediaEvent::Heard(frame) = event
                && number > 65
            {
                loudest_after = frame.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap().max(loudest_after);
            }
        }
    }
    assert!((20..200).contains(&loudest_after), "{loudest_after}");
    assert!(soon(answer.session.close()).await.unwrap().n_received >= 62);
}
