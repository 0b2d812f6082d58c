//! Measures the media engine: N PCMU sessions both ways, recorded, half of the time speaking and half listening with voice detection.
//!
//! `cargo run --example media-load -- 100 60` prints processor time of the measured side in percent of one core and the pace of the packets.
//! The far ends run in a second process, so that only the engine is counted.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool")]

use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::Duration;

use cxbox::base::{Clock, Random};
use cxbox::engine::media::{Clip, ClipId, Hearing, Listen, Listener, MediaEngine, MediaEvent, MediaOptions, MediaSession};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What one session of the measured side does for its whole life.
async fn converse(session: MediaSession, mut events: tokio::sync::mpsc::Receiver<MediaEvent>, speech: Clip) {
    let mut listener = Listener::new(Hearing::default());
    let mut n_heard = 0;
    session.play(ClipId(0), &speech);
    while let Some(event) = events.recv().await {
        match event {
            MediaEvent::ClipDone(_) => session.listen(Listen::ForVoice),
            MediaEvent::Heard(frame) => {
                for piece in frame.pieces() {
                    listener.hear(frame.rate, piece);
                    n_heard += 1;
                }
                if n_heard >= 500 {
                    n_heard = 0;
                    session.listen(Listen::Off);
                    session.play(ClipId(0), &speech);
                }
            }
            _ => {}
        }
    }
}

fn speech() -> Clip {
    #[expect(clippy::cast_possible_truncation, reason = "a test tone")]
    let samples: Vec<i16> = (0..80_000).map(|i| ((f64::from(i) * 0.3).sin() * 6000.0) as i16).collect();
    Clip { rate: 8000, samples: samples.into() }
}

fn far(offers: u32) -> MediaEngine {
    let first = u16::try_from(offers).unwrap();
    MediaEngine::start(MediaOptions::new(HERE, first..=first + 1999), Random::system()).unwrap()
}

/// The far ends: one session for each offer on standard input (lines `port`), its own port on standard output.
async fn answer_all() {
    let engine = far(52_000);
    let mut all = Vec::new();
    for line in std::io::stdin().lines() {
        let port = line.unwrap();
        let answer = engine.answer(format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0\r\n").as_bytes()).unwrap();
        println!("{}", answer.session.local().port());
        answer.session.play(ClipId(1), &Clip { rate: 8000, samples: speech().samples.repeat(12).into() });
        all.push(answer);
    }
}

fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after = stat.rsplit(')').next().unwrap();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).map(|n| n.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_else(|| "100".to_owned());
    if first == "far" {
        return answer_all().await;
    }
    let n: usize = first.parse().unwrap();
    let seconds: u64 = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(60);
    let folder = std::env::temp_dir().join(format!("media-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap()).arg("far").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ask = child.stdin.take().unwrap();
    let mut told = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let engine = far(50_000);
    let mut sessions = Vec::new();
    for i in 0..n {
        let (pending, _) = engine.offer(None).unwrap();
        std::io::Write::write_all(&mut ask, format!("{}\n", pending.local().port()).as_bytes()).unwrap();
        let port = told.next().unwrap().unwrap();
        let sdp = format!("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0\r\n");
        let (session, events) = pending.complete(sdp.as_bytes()).unwrap();
        session.start_recording(folder.join(format!("{i}.wav")));
        tokio::spawn(converse(session.clone(), events, speech()));
        sessions.push(session);
    }
    engine.reset_pacing();
    let (clock, before) = (Clock::system(), processor_seconds());
    let began = clock.monotonic();
    clock.sleep(Duration::from_secs(seconds)).await;
    let share = 100.0 * (processor_seconds() - before) / clock.monotonic().duration_since(began).as_secs_f64();
    let pacing = engine.pacing();
    println!("{n} sessions, {seconds} s: {share:.1} % of one core; {pacing:?}");
    let (mut n_lost, mut n_received) = (0, 0);
    for session in sessions {
        let stats = session.close().await.unwrap();
        n_lost += stats.n_lost;
        n_received += stats.n_received;
    }
    println!("received {n_received}, lost {n_lost}");
    drop(ask);
    drop(child.kill().and_then(|()| child.wait()));
    drop(std::fs::remove_dir_all(folder));
}
