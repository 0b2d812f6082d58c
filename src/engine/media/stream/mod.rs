//! One session on the media thread: every 20 ms it reads what came, sends what is to be said and records both.

mod guard;
mod hearing;
mod incoming;
mod outgoing;

use std::collections::VecDeque;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::bridge::Bridge;
use super::codec::{self, Codec, Coder, MOST_SAMPLES, PACKET_BYTES};
use super::dtmf::{KeysIn, KeysOut};
use super::heard::Heard;
use super::jitter::Jitter;
use super::latch::Latch;
use super::negotiate::Agreed;
use super::order::Order;
use super::pacing::Histogram;
use super::player::Player;
use super::ports::Sockets;
use super::quality::{self, Path};
use super::recorder::Tap;
use super::rtcp::{self, Reception};
use super::rtp::Header;
use super::{EVENTS, MediaEvent, MediaStats};
use crate::base::Result;
use guard::Guard;
use incoming::Incoming;

/// Largest packet that is read.
pub(super) const MOST_BYTES: usize = 2048;

/// Space in the event queue that is kept for what must not be lost.
const RESERVED: usize = EVENTS / 4;
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

/// 20 ms of one side, as sound and, when it was on the wire like that, as payload.
struct Side {
    sound: [i16; MOST_SAMPLES],
    coded: Option<[u8; PACKET_BYTES]>,
    /// The payload stands for the sound; nobody has needed the samples yet.
    is_coded_only: bool,
}

impl Default for Side {
    fn default() -> Self {
        Self { sound: [0; MOST_SAMPLES], coded: None, is_coded_only: false }
    }
}

/// A session on the wheel.
pub(super) struct Stream {
    id: u64,
    sockets: Sockets,
    agreed: Agreed,
    guard: Guard,
    coder: Coder,
    events: mpsc::Sender<MediaEvent>,
    /// What must not be lost and did not fit.
    unsent: VecDeque<MediaEvent>,
    latch: Latch,
    jitter: Jitter,
    /// Late packets of codecs that were spoken before.
    n_late_before: u64,
    heard: Reception,
    keys_in: KeysIn,
    keys_out: KeysOut,
    player: Player,
    bridge: Option<Bridge>,
    tap: Option<Tap>,
    header: Header,
    to_hear: Heard,
    incoming: Incoming,
    ticks: u32,
    ticks_silent: u32,
    n_sent: u64,
    n_bytes_sent: u64,
    n_foreign: u64,
    last_sent_ns: Option<u64>,
    pacing: Arc<Histogram>,
    own_pacing: Histogram,
}

impl Stream {
    pub(super) fn new(setup: StreamSetup) -> Result<Self> {
        let StreamSetup { id, sockets, agreed, events, pacing, seed } = setup;
        let [s0, s1, s2, s3, t0, t1, t2, t3, n0, n1] = seed;
        let header = Header {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            sequence: u16::from_be_bytes([n0, n1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        };
        Ok(Self {
            id,
            guard: Guard::new(agreed.srtp)?,
            sockets,
            coder: Coder::new(agreed.codec, agreed.wishes),
            events,
            unsent: VecDeque::new(),
            latch: Latch::new(agreed.remote),
            jitter: Jitter::new(agreed.codec),
            incoming: Incoming::new(agreed.codec),
            agreed,
            n_late_before: 0,
            heard: Reception::default(),
            keys_in: KeysIn::default(),
            keys_out: KeysOut::default(),
            player: Player::default(),
            bridge: None,
            tap: None,
            header,
            to_hear: Heard::new(),
            ticks: 0,
            ticks_silent: 0,
            n_sent: 0,
            n_bytes_sent: 0,
            n_foreign: 0,
            last_sent_ns: None,
            pacing,
            own_pacing: Histogram::new(),
        })
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Where reports of the far end come in.
    pub(super) fn reports(&self) -> BorrowedFd<'_> {
        self.sockets.rtcp.as_fd()
    }

    /// 20 ms. The buffer is the thread's, for packets as they come.
    pub(super) fn tick(&mut self, buffer: &mut [u8; MOST_BYTES]) {
        self.ticks += 1;
        self.latch.tick();
        self.receive(buffer);
        self.hand_over_ahead();
        let (mut theirs, mut ours) = (Side::default(), Side::default());
        self.play_out(&mut theirs);
        self.carry_over(&mut theirs);
        self.send(&mut ours);
        self.record(&mut theirs, &mut ours);
        self.hand_over(&mut theirs);
        self.watch_silence();
        if self.ticks.is_multiple_of(rtcp::EVERY_TICKS) {
            self.send_report(false);
        }
        self.retry_events();
    }

    /// What the far end said, to the session it is joined with.
    fn carry_over(&mut self, theirs: &mut Side) {
        let Some(bridge) = &self.bridge else { return };
        let codec = self.agreed.codec;
        self.incoming.decode(&mut self.coder, theirs, codec.frame_samples());
        bridge.to.put(&theirs.sound[..codec.frame_samples()], codec.rate());
    }

    /// Both sides into the recording; as they were on the wire where it takes them so.
    fn record(&mut self, theirs: &mut Side, ours: &mut Side) {
        let Some(tap) = &mut self.tap else { return };
        match (&theirs.coded, &ours.coded) {
            (Some(theirs), Some(ours)) if self.agreed.codec == Codec::Pcmu && tap.is_mu_law() => tap.push_mu_law(theirs, ours),
            _ => {
                let n = self.agreed.codec.frame_samples();
                self.incoming.decode(&mut self.coder, theirs, n);
                tap.push(&theirs.sound[..n], &ours.sound[..n]);
            }
        }
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
            Order::Pour(id) => self.player.open(id),
            Order::Add(id, samples) => self.player.add(id, samples),
            Order::Complete(id) => self.player.complete(id),
            Order::Stop(reply) => {
                let samples = u64::try_from(self.player.stop()).unwrap_or(0);
                let played_ms = samples * 1000 / u64::from(self.agreed.codec.rate());
                let _ = reply.send(u32::try_from(played_ms).unwrap_or(u32::MAX));
            }
            Order::Pause(pause) => self.player.pause(pause),
            Order::Listen(wanted) => self.to_hear.want(wanted),
            Order::Keys(keys) => self.keys_out.push(&keys),
            Order::Record(tap) => self.tap = Some(tap),
            Order::PauseRecording(pause) => {
                if let Some(tap) = &mut self.tap {
                    tap.pause(pause);
                }
            }
            Order::Agree(agreed) => self.agree(agreed),
            Order::Bridge(bridge) => self.bridge = Some(bridge),
            Order::Close(_) => {}
        }
    }

    fn agree(&mut self, agreed: Agreed) {
        let before = std::mem::replace(&mut self.agreed, agreed);
        self.latch.announce(agreed.remote);
        self.guard.agree(agreed.srtp);
        if before.codec != agreed.codec {
            self.coder = Coder::new(agreed.codec, agreed.wishes);
            self.n_late_before += self.jitter.n_late();
            self.jitter = Jitter::new(agreed.codec);
            self.incoming = Incoming::new(agreed.codec);
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
        let n_late = self.n_late_before + self.jitter.n_late();
        let (n_received, n_lost) = (self.heard.n_received(), self.heard.n_lost());
        let path = Path { codec: self.agreed.codec, round_trip_ms: self.heard.round_trip_ms, wait_ms: self.jitter.delay_ms() };
        let far = self.heard.far;
        MediaStats {
            n_sent: self.n_sent,
            n_received,
            n_lost,
            n_late,
            n_foreign: self.n_foreign,
            jitter_ms: self.heard.jitter_ms(),
            jitter_buffer_ms: self.jitter.delay_ms(),
            round_trip_ms: self.heard.round_trip_ms,
            mos: quality::mos(&path, n_received + n_lost, n_lost + n_late),
            far_lost: far.map(|far| u64::from(far.n_lost)),
            far_jitter_ms: far.map(|far| far.jitter_ms),
            far_mos: far.and_then(|far| quality::mos(&path, self.n_sent, far.n_lost.into())),
            pacing: self.own_pacing.read(),
            codec: self.agreed.codec.name().to_owned(),
            is_encrypted: self.guard.is_on(),
        }
    }
}
