//! One session on the media thread: every 20 ms it reads what came, sends what is to be said and records both.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::codec::{self, Codec, Coder, MOST_SAMPLES, PACKET_BYTES};
use super::command::Order;
use super::dtmf::{KeysIn, KeysOut};
use super::engine::EVENTS;
use super::jitter::{Jitter, Piece};
use super::latch::Latch;
use super::negotiate::Agreed;
use super::pacing::Histogram;
use super::player::{Player, Progress};
use super::ports::Sockets;
use super::recorder::Tap;
use super::rtcp::{self, Reception, Sent};
use super::rtp::{HEADER, Header, Packet};
use super::thread::{now, unix_now};
use super::{Frame, MediaEvent, MediaStats};

/// Most packets read in one turn: about what a socket holds, so that a stranger's flood cannot crowd out the far end.
const MOST_READS: usize = 300;
/// Ticks of 20 ms without a packet before silence is reported.
const SILENT_TICKS: u32 = 500;
/// Ticks between two packets while the far end does not listen: keeps ways through routers open.
const HELD_TICKS: u32 = 50;
/// Space in the event queue that is kept for what must not be lost.
const RESERVED: usize = EVENTS / 4;
/// How much of the last sound is repeated for a lost packet, in eighths, by lost packets in a row.
const CONCEALMENT: [i32; 3] = [6, 4, 2];

/// What a stream starts with.
pub(super) struct StreamSetup {
    pub(super) id: u64,
    pub(super) sockets: Sockets,
    pub(super) agreed: Agreed,
    pub(super) events: mpsc::Sender<MediaEvent>,
    /// Of the whole engine.
    pub(super) pacing: Arc<Histogram>,
    /// For the numbers RTP wants to be random.
    pub(super) seed: [u8; 10],
}

/// A session on the wheel.
pub(super) struct Stream {
    id: u64,
    sockets: Sockets,
    agreed: Agreed,
    coder: Coder,
    events: mpsc::Sender<MediaEvent>,
    /// What must not be lost and did not fit.
    unsent: VecDeque<MediaEvent>,
    latch: Latch,
    jitter: Jitter,
    heard: Reception,
    keys_in: KeysIn,
    keys_out: KeysOut,
    player: Player,
    tap: Option<Tap>,
    header: Header,
    is_listening: bool,
    /// The last sound of the far end, for concealment.
    last_sound: [i16; MOST_SAMPLES],
    missing_in_a_row: usize,
    ticks: u32,
    ticks_silent: u32,
    n_sent: u64,
    n_foreign: u64,
    last_sent_ns: Option<u64>,
    pacing: Arc<Histogram>,
    own_pacing: Histogram,
}

impl Stream {
    pub(super) fn new(setup: StreamSetup) -> Self {
        let StreamSetup { id, sockets, agreed, events, pacing, seed } = setup;
        let [s0, s1, s2, s3, t0, t1, t2, t3, n0, n1] = seed;
        let header = Header {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            sequence: u16::from_be_bytes([n0, n1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        };
        Self {
            id,
            sockets,
            coder: Coder::new(agreed.codec),
            events,
            unsent: VecDeque::new(),
            latch: Latch::new(agreed.remote),
            jitter: Jitter::new(fill(agreed.codec)),
            agreed,
            heard: Reception::default(),
            keys_in: KeysIn::default(),
            keys_out: KeysOut::default(),
            player: Player::default(),
            tap: None,
            header,
            is_listening: false,
            last_sound: [0; MOST_SAMPLES],
            missing_in_a_row: 0,
            ticks: 0,
            ticks_silent: 0,
            n_sent: 0,
            n_foreign: 0,
            last_sent_ns: None,
            pacing,
            own_pacing: Histogram::new(),
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// 20 ms.
    pub(super) fn tick(&mut self) {
        self.ticks += 1;
        self.latch.tick();
        self.receive();
        self.receive_reports();
        let n = self.agreed.codec.frame_samples();
        let (mut theirs, mut ours) = ([0; MOST_SAMPLES], [0; MOST_SAMPLES]);
        self.play_out(&mut theirs[..n]);
        self.send(&mut ours[..n]);
        if let Some(tap) = &mut self.tap {
            tap.push(&theirs[..n], &ours[..n]);
        }
        if self.is_listening && self.events.capacity() > RESERVED {
            let frame = Frame { rate: self.agreed.codec.rate(), samples: theirs[..n].to_vec() };
            drop(self.events.try_send(MediaEvent::Heard(frame)));
        }
        self.watch_silence();
        if self.ticks.is_multiple_of(rtcp::EVERY_TICKS) {
            self.send_report(false);
        }
        self.retry_events();
    }

    fn receive(&mut self) {
        let mut buffer = [0; 2048];
        for _ in 0..MOST_READS {
            let Ok((n, source)) = self.sockets.rtp.recv_from(&mut buffer) else { return };
            let Some(packet) = Packet::parse(&buffer[..n]) else { continue };
            let is_sound = packet.payload_type == self.agreed.payload_type;
            let is_key = Some(packet.payload_type) == self.agreed.keys;
            // Comfort noise (13) and the like prove a source but are not played.
            if !self.latch.admits(source) {
                self.n_foreign += 1;
                continue;
            }
            self.ticks_silent = 0;
            self.heard.count(&packet, now());
            if is_key {
                if let Some(key) = self.keys_in.hear(packet.timestamp, packet.payload) {
                    self.report(MediaEvent::Key(key));
                }
            } else if is_sound && self.agreed.direction.receives() {
                self.jitter.put(&packet);
            }
        }
    }

    fn receive_reports(&mut self) {
        let mut buffer = [0; 1500];
        let Some(target) = self.latch.target() else { return };
        while let Ok((n, source)) = self.sockets.rtcp.recv_from(&mut buffer) {
            if source.ip() == target.ip() {
                self.heard.hear(&buffer[..n], self.header.ssrc, now(), rtcp::ntp(unix_now()));
            }
        }
    }

    fn play_out(&mut self, sound: &mut [i16]) {
        let mut payload = [0; PACKET_BYTES];
        if self.jitter.take(&mut payload) != Piece::Missing {
            self.coder.decode(&payload, sound);
            self.last_sound[..sound.len()].copy_from_slice(sound);
            self.missing_in_a_row = 0;
            return;
        }
        // A lost packet: the last sound again, fading out.
        let loudness = CONCEALMENT.get(self.missing_in_a_row).copied().unwrap_or(0);
        self.missing_in_a_row += 1;
        for (to, from) in sound.iter_mut().zip(self.last_sound) {
            *to = i16::try_from(i32::from(from) * loudness / 8).unwrap_or(0);
        }
    }

    fn send(&mut self, sound: &mut [i16]) {
        let mut packet = [0; HEADER + PACKET_BYTES];
        if !self.agreed.direction.sends() {
            sound.fill(0);
            if self.agreed.direction.receives() && self.ticks.is_multiple_of(HELD_TICKS) {
                self.send_sound(sound, &mut packet);
            }
            self.header.timestamp = self.header.timestamp.wrapping_add(160);
            self.last_sent_ns = None;
            return;
        }
        match self.keys_out.next(self.header.timestamp).zip(self.agreed.keys) {
            Some((key, payload_type)) => {
                sound.fill(0);
                self.header.write(payload_type, key.is_first, key.timestamp, &mut packet);
                packet[HEADER..HEADER + 4].copy_from_slice(&key.payload);
                self.transmit(&packet[..HEADER + 4]);
            }
            None => {
                let unsent = &mut self.unsent;
                self.player.fill(sound, |progress| {
                    unsent.push_back(match progress {
                        Progress::Started(id) => MediaEvent::ClipStarted(id),
                        Progress::Done(id) => MediaEvent::ClipDone(id),
                    });
                });
                self.send_sound(sound, &mut packet);
            }
        }
        self.header.timestamp = self.header.timestamp.wrapping_add(160);
        self.measure();
    }

    fn send_sound(&mut self, sound: &[i16], packet: &mut [u8; HEADER + PACKET_BYTES]) {
        let mut payload = [0; PACKET_BYTES];
        self.coder.encode(sound, &mut payload);
        self.header.write(self.agreed.payload_type, self.n_sent == 0, self.header.timestamp, packet);
        packet[HEADER..].copy_from_slice(&payload);
        self.transmit(packet);
    }

    fn transmit(&mut self, packet: &[u8]) {
        let Some(target) = self.latch.target() else { return };
        // A packet that cannot be sent now is lost, like any other.
        drop(self.sockets.rtp.send_to(packet, target));
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.n_sent += 1;
    }

    fn measure(&mut self) {
        let at = now();
        if let Some(last) = self.last_sent_ns.replace(at) {
            self.pacing.count(at - last);
            self.own_pacing.count(at - last);
        }
    }

    fn watch_silence(&mut self) {
        if !self.agreed.direction.receives() {
            self.ticks_silent = 0;
            return;
        }
        self.ticks_silent += 1;
        if self.ticks_silent.is_multiple_of(SILENT_TICKS) {
            self.report(MediaEvent::Silent(self.ticks_silent / 50));
        }
    }

    /// RTCP goes to the announced port of whoever we talk to.
    fn reports_to(&self) -> Option<SocketAddr> {
        let target = self.latch.target()?;
        let next = SocketAddr::new(target.ip(), target.port().checked_add(1)?);
        Some(if Some(target) == self.agreed.remote { self.agreed.rtcp.unwrap_or(next) } else { next })
    }

    fn send_report(&mut self, is_last: bool) {
        let Some(target) = self.reports_to() else { return };
        let sent = Sent {
            ssrc: self.header.ssrc,
            timestamp: self.header.timestamp,
            n_packets: self.n_sent,
            n_bytes: self.n_sent * PACKET_BYTES as u64,
        };
        let bytes = rtcp::report(&sent, &mut self.heard, now(), rtcp::ntp(unix_now()), is_last);
        drop(self.sockets.rtcp.send_to(&bytes, target));
    }

    fn report(&mut self, event: MediaEvent) {
        self.unsent.push_back(event);
        self.retry_events();
    }

    fn retry_events(&mut self) {
        while let Some(event) = self.unsent.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.unsent.push_front(event);
                return;
            }
        }
    }

    /// Carries out an order. [`Order::Close`] is the wheel's business.
    pub(super) fn obey(&mut self, order: Order) {
        match order {
            Order::Play(id, samples) => self.player.push(id, samples),
            Order::Stop(reply) => {
                let samples = u64::try_from(self.player.stop()).unwrap_or(0);
                let played_ms = samples * 1000 / u64::from(self.agreed.codec.rate());
                let _ = reply.send(u32::try_from(played_ms).unwrap_or(u32::MAX));
            }
            Order::Pause(pause) => self.player.pause(pause),
            Order::Listen(on) => self.is_listening = on,
            Order::Keys(keys) => self.keys_out.push(&keys),
            Order::Record(tap) => self.tap = Some(tap),
            Order::PauseRecording(pause) => {
                if let Some(tap) = &mut self.tap {
                    tap.pause(pause);
                }
            }
            Order::Agree(agreed) => self.agree(agreed),
            Order::Close(_) => {}
        }
    }

    fn agree(&mut self, agreed: Agreed) {
        let before = std::mem::replace(&mut self.agreed, agreed);
        self.latch.announce(agreed.remote);
        if before.codec != agreed.codec {
            self.coder = Coder::new(agreed.codec);
            self.jitter = Jitter::new(fill(agreed.codec));
            self.last_sound = [0; MOST_SAMPLES];
            if before.codec.rate() != agreed.codec.rate() {
                self.player.resample(|samples| codec::resample(samples, before.codec.rate(), agreed.codec.rate()));
            }
        }
        if before.direction.receives() != agreed.direction.receives() {
            self.jitter.reset();
        }
    }

    /// Says goodbye and how it was. The recording is complete once the recorder is flushed.
    pub(super) fn close(mut self) -> MediaStats {
        self.send_report(true);
        drop(self.tap.take());
        MediaStats {
            n_sent: self.n_sent,
            n_received: self.heard.n_received(),
            n_lost: self.heard.n_lost(),
            n_late: self.jitter.n_late(),
            n_foreign: self.n_foreign,
            jitter_ms: self.heard.jitter_ms(),
            round_trip_ms: self.heard.round_trip_ms,
            pacing: self.own_pacing.read(),
            codec: self.agreed.codec.name().to_owned(),
        }
    }
}

/// The payload byte of silence.
fn fill(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0xff,
        Codec::Pcma => 0xd5,
        Codec::G722 => 0,
    }
}
