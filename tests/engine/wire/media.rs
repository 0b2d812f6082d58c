//! Media sessions against raw RTP: order, strangers, recording, pauses.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use cxbox::base::Random;
use cxbox::contract::trunk::Transport;
use cxbox::engine::media::{Answer, ClipId, Listen, MediaEngine, MediaEvent, MediaOptions};

use super::{Party, audio_level, connect, kept_events, next, soon, tone};

/// A far end that sends whatever packets a test wants.
struct Far {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Far {
    fn call(engine: &MediaEngine) -> (Self, Answer) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let offer = format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n");
        let answer = engine.answer(offer.as_bytes()).unwrap();
        (Self { socket, to: answer.session.local() }, answer)
    }

    /// One packet of 20 ms whose samples all have the same µ-law byte.
    fn say(&self, number: u16, byte: u8) {
        send_rtp(&self.socket, self.to, number, byte);
    }

    /// Waits for one packet, so that 20 ms pass by the engine's clock.
    fn pace(&self) -> Vec<u8> {
        let mut buffer = [0; 2048];
        self.socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let n = self.socket.recv(&mut buffer).unwrap();
        buffer[..n].to_vec()
    }
}

fn send_rtp(socket: &UdpSocket, to: SocketAddr, number: u16, byte: u8) {
    let mut packet = vec![0x80, 0];
    packet.extend(number.to_be_bytes());
    packet.extend((u32::from(number) * 160).to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend([byte; 160]);
    socket.send_to(&packet, to).unwrap();
}

fn engine() -> MediaEngine {
    let options = MediaOptions::new([127, 0, 0, 1].into(), 40_000..=49_999);
    MediaEngine::start(options, Random::system()).unwrap()
}

/// µ-law bytes of about 1000 and about -1000.
const OURS: u8 = 0xce;
const THEIRS: u8 = 0x80;

#[tokio::test]
async fn ten_thousand_packets_of_a_stranger_are_not_heard_and_the_call_goes_on() {
    let engine = engine();
    let (far, mut answer) = Far::call(&engine);
    for number in 0..40 {
        far.pace();
        far.say(number, OURS);
    }
    answer.session.listen(Listen::All);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut heard = Vec::new();
    for number in 40..140 {
        far.pace();
        far.say(number, OURS);
        for i in 0..100 {
            send_rtp(&stranger, far.to, number.wrapping_add(i), THEIRS);
        }
        while let Ok(event) = answer.events.try_recv() {
            heard.push(event);
        }
    }
    for event in &heard {
        let MediaEvent::Heard(frame) = event else { continue };
        assert!(frame.samples.iter().all(|sample| sample.unsigned_abs() < 1500), "a stranger was heard");
    }
    assert!(heard.len() > 50);
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 10]).is_err(), "a stranger got audio");
    let stats = soon(answer.session.close()).await.unwrap();
    assert!(stats.n_foreign > 1000, "{stats:?}");
    assert!(stats.n_received >= 100, "{stats:?}");
}

#[tokio::test]
async fn loss_doubles_and_disorder_are_borne_and_counted() {
    let engine = engine();
    let (far, mut answer) = Far::call(&engine);
    answer.session.listen(Listen::All);
    for number in 0..100u16 {
        far.pace();
        match number % 10 {
            3 => {}
            5 => {
                far.say(number + 1, OURS);
                far.say(number, OURS);
            }
            6 => far.say(number, OURS),
            _ => far.say(number, OURS),
        }
        while answer.events.try_recv().is_ok() {}
    }
    assert!(audio_level(&mut answer.events, 3).await > 0);
    let stats = soon(answer.session.close()).await.unwrap();
    assert!((8..=12).contains(&stats.n_lost) || stats.n_lost == 0, "{stats:?}");
    assert_eq!(stats.codec, "PCMU");
}

#[tokio::test]
async fn garbage_on_the_rtp_and_rtcp_ports_changes_nothing() {
    let engine = engine();
    let (far, answer) = Far::call(&engine);
    let reports = SocketAddr::new(far.to.ip(), far.to.port() + 1);
    for number in 0..50u16 {
        far.pace();
        far.say(number, OURS);
        far.socket.send_to(&[0x80; 11], far.to).unwrap();
        far.socket.send_to(&[0xff; 400], far.to).unwrap();
        far.socket.send_to(&[0x81, 200, 0, 200, 1], reports).unwrap();
    }
    assert!(soon(answer.session.close()).await.unwrap().n_received >= 48);
}

#[tokio::test]
async fn a_pause_is_silent_within_40_ms_and_a_stop_says_how_much_was_played() {
    let engine = engine();
    let (far, mut answer) = Far::call(&engine);
    answer.session.play(ClipId(1), &tone());
    kept_events(&mut answer.events, |event| matches!(event, MediaEvent::ClipStarted(ClipId(1)))).await;
    let is_silent = |packet: &[u8]| packet[12..].iter().all(|byte| *byte == 0xff || *byte == 0x7f);
    while is_silent(&far.pace()) {}
    (0..3).for_each(|_| drop(far.pace()));
    far.socket.set_nonblocking(true).unwrap();
    while far.socket.recv(&mut [0; 2048]).is_ok() {}
    far.socket.set_nonblocking(false).unwrap();
    answer.session.pause();
    let after = (0..4).map(|_| far.pace()).skip_while(|packet| !is_silent(packet)).count();
    assert!(after >= 2, "silence came too late");
    answer.session.resume();
    while is_silent(&far.pace()) {}
    let played = soon(answer.session.stop()).await;
    assert!((60..500).contains(&played), "{played} ms");
    answer.session.play(ClipId(2), &tone());
    let events = kept_events(&mut answer.events, |event| matches!(event, MediaEvent::ClipDone(_))).await;
    assert!(matches!(events[..], [MediaEvent::ClipStarted(ClipId(2)), MediaEvent::ClipDone(ClipId(2))]), "{events:?}");
}

#[tokio::test]
async fn a_recording_has_both_sides_and_is_whole_when_the_session_was_just_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    let (far, answer) = Far::call(&engine);
    let file = folder.path().join("call.wav");
    answer.session.start_recording(file.clone());
    answer.session.start_recording(folder.path().join("other.wav"));
    answer.session.play(ClipId(1), &tone());
    for number in 0..60 {
        far.pace();
        far.say(number, OURS);
    }
    drop(answer);
    let whole = soon(async {
        loop {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let says = bytes.get(54..58).map(|n| u32::from_le_bytes(n.try_into().unwrap()) as usize);
            if says.is_some_and(|n| n > 17_000 && n + 58 == bytes.len()) {
                return bytes;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let left = whole[58..].iter().step_by(2).filter(|byte| **byte == OURS).count();
    let right = whole[59..].iter().step_by(2).filter(|byte| **byte & 0x7f != 0x7f).count();
    assert!(left > 5000 && right > 2500, "left {left}, right {right}");
    assert!(!folder.path().join("other.wav").exists());
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_is_reported_and_the_call_goes_on() {
    let engine = engine();
    let (far, mut answer) = Far::call(&engine);
    answer.session.start_recording("/nowhere/at/all/call.wav".into());
    assert!(matches!(next(&mut answer.events).await, MediaEvent::RecordingFailed(_)));
    far.pace();
    assert!(soon(answer.session.close()).await.is_ok());
}

#[tokio::test]
async fn packets_leave_every_20_ms() {
    let (ours, mut theirs) = (Party::start().await, Party::start().await);
    let both = connect(&ours, &mut theirs, Transport::Udp).await;
    ours.media.reset_pacing();
    both.caller.media.play(ClipId(1), &tone());
    let mut events = both.caller.events;
    kept_events(&mut events, |event| matches!(event, MediaEvent::ClipDone(_))).await;
    let pacing = ours.media.pacing();
    // The exact figure is the benchmark's business; this machine may be busy.
    assert!((15.0..25.0).contains(&pacing.p50_ms), "{pacing:?}");
}
