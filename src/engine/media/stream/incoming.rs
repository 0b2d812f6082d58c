//! What comes from the far end: packets, keys, reports, silence.

use std::collections::VecDeque;

use super::{MOST_BYTES, Side, Stream};
use crate::engine::media::clock::{now, unix_now};
use crate::engine::media::codec::{Codec, Coder, PACKET_BYTES};
use crate::engine::media::comfort::{self, Comfort};
use crate::engine::media::conceal::Concealer;
use crate::engine::media::heard::is_quiet;
use crate::engine::media::jitter::{Jitter, Next, Packets, Piece, Ring};
use crate::engine::media::latch::Source;
use crate::engine::media::rtp::Packet;
use crate::engine::media::{MediaEvent, opus, rtcp};

/// Most packets read in one turn: about what a socket holds, so that a stranger's flood cannot crowd out the far end.
const MOST_READS: usize = 300;
/// Ticks of 20 ms without a packet before silence is reported.
const SILENT_TICKS: u32 = 500;
/// While one packet comes in each tick, the socket is asked for a second one only in every so many ticks: asking an empty socket costs as
/// much as reading a packet. One that waits meanwhile is at most 80 ms late, and then all are read again.
const LOOK_TWICE_EVERY: u32 = 5;
/// Lost pieces in a row after which Opus is not asked any more to make something up: the far end is silent.
const SILENT_AFTER: u32 = 15;
/// Ticks after which a delay that is too long is shortened although nobody is silent.
const SHORTEN_EVERY: u32 = 500;

/// The far end's sound between two ticks.
pub(super) struct Incoming {
    /// Packets of the last tick that read all there was.
    n_last: usize,
    concealer: Concealer,
    pub(super) comfort: Comfort,
    /// Opus: what was decoded and is not played yet, because packets have lengths of their own.
    decoded: VecDeque<i16>,
    n_lost_in_a_row: u32,
}

impl Incoming {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            n_last: 0,
            concealer: Concealer::new(codec.frame_samples()),
            comfort: Comfort::default(),
            decoded: VecDeque::new(),
            n_lost_in_a_row: 0,
        }
    }

    /// Makes samples of a side that is payload only. The codecs this happens with keep no state.
    pub(super) fn decode(&self, coder: &mut Coder, side: &mut Side, n: usize) {
        if let Some(payload) = side.coded.filter(|_| side.is_coded_only) {
            coder.decode(&payload, &mut side.sound[..n]);
            side.is_coded_only = false;
        }
    }

    /// The next 20 ms of a codec whose bytes are ticks of the clock.
    fn take_bytes(&mut self, ring: &mut Ring, codec: Codec, coder: &mut Coder, theirs: &mut Side) {
        let mut payload = [0; PACKET_BYTES];
        if ring.take(&mut payload) == Piece::Missing {
            self.concealer.make_up(coder, &mut theirs.sound);
            return self.comfort.add(&mut theirs.sound[..codec.frame_samples()]);
        }
        theirs.coded = Some(payload);
        theirs.is_coded_only = true;
        let is_after_loss = self.concealer.is_making_up();
        // G.722 keeps state from packet to packet, so none may be left out.
        if codec != Codec::G722 && !is_after_loss {
            return self.concealer.remember(&payload);
        }
        self.decode(coder, theirs, codec.frame_samples());
        self.concealer.blend(&mut theirs.sound);
        if is_after_loss {
            theirs.coded = None;
        }
    }

    /// The next 20 ms of Opus.
    fn take_packets(&mut self, packets: &mut Packets, coder: &mut opus::Coder, sound: &mut [i16]) {
        let mut piece = [0; opus::MOST_SAMPLES];
        while self.decoded.len() < sound.len() {
            let n = match packets.take() {
                Next::Nothing => break,
                Next::Packet(packet) => {
                    self.n_lost_in_a_row = 0;
                    coder.decode(packet, &mut piece).or_else(|| coder.make_up(sound.len(), None, &mut piece))
                }
                Next::Lost { ticks, next } => {
                    self.n_lost_in_a_row += 1;
                    let n = opus::samples(ticks);
                    let made_up = (self.n_lost_in_a_row <= SILENT_AFTER).then(|| coder.make_up(n, next, &mut piece));
                    if made_up.is_none() {
                        piece[..n].fill(0);
                    }
                    made_up.unwrap_or(Some(n))
                }
            };
            self.decoded.extend(&piece[..n.filter(|n| *n > 0).unwrap_or(sound.len())]);
        }
        sound.fill_with(|| self.decoded.pop_front().unwrap_or(0));
    }
}

impl Stream {
    pub(super) fn receive(&mut self, buffer: &mut [u8; MOST_BYTES]) {
        let is_steady = self.incoming.n_last == 1 && !self.ticks.is_multiple_of(LOOK_TWICE_EVERY);
        for n_before in 0..MOST_READS {
            let Ok((n, source)) = self.sockets.rtp.recv_from(buffer) else {
                self.incoming.n_last = n_before;
                return;
            };
            let opened = self.guard.open(&mut buffer[..n]);
            let is_ours = opened.and_then(|n| Packet::parse(&buffer[..n])).is_some_and(|packet| self.take(&packet, source));
            if is_steady && is_ours {
                return;
            }
        }
        self.incoming.n_last = MOST_READS;
    }

    /// Takes a packet. Says whether it came from where we listen.
    fn take(&mut self, packet: &Packet<'_>, source: std::net::SocketAddr) -> bool {
        // What is neither sound nor a key (comfort noise, unknown types) proves a source but is not played.
        match self.latch.admits(source) {
            Source::Ours => {}
            Source::Waiting => return false,
            Source::Foreign => {
                self.n_foreign += 1;
                return false;
            }
        }
        self.ticks_silent = 0;
        self.heard.count(packet, now(), self.agreed.codec.clock());
        if Some(packet.payload_type) == self.agreed.keys.map(|keys| keys.payload_type) {
            if let Some(key) = self.keys_in.hear(packet.timestamp, packet.payload) {
                self.report(MediaEvent::Key(key));
            }
        } else if packet.payload_type == self.agreed.payload_type && self.agreed.direction.receives() {
            self.incoming.comfort.stop();
            self.jitter.put(packet);
        } else if packet.payload_type == comfort::PAYLOAD_TYPE && self.agreed.direction.receives() {
            self.incoming.comfort.hear(packet.payload);
        }
        true
    }

    /// Reads reports of the far end. The thread calls this when there are some.
    pub(in crate::engine::media) fn receive_reports(&mut self, buffer: &mut [u8; MOST_BYTES]) {
        for _ in 0..MOST_READS {
            let Ok((n, source)) = self.sockets.rtcp.recv_from(buffer) else { return };
            let is_theirs = self.latch.target().is_some_and(|target| target.ip() == source.ip());
            if let Some(n) = self.guard.open_report(&mut buffer[..n]).filter(|_| is_theirs) {
                self.heard.hear(&buffer[..n], self.header.ssrc, now(), rtcp::ntp(unix_now()));
            }
            if let (Some(far), Some(opus)) = (self.heard.far, self.coder.as_opus()) {
                opus.expect_loss(far.lost_lately_percent);
            }
        }
    }

    /// The next 20 ms to be heard.
    pub(super) fn play_out(&mut self, theirs: &mut Side) {
        let codec = self.agreed.codec;
        let n = codec.frame_samples();
        match &mut self.jitter {
            Jitter::Ring(ring) => self.incoming.take_bytes(ring, codec, &mut self.coder, theirs),
            Jitter::Packets(packets) => {
                if let Some(opus) = self.coder.as_opus() {
                    self.incoming.take_packets(packets, opus, &mut theirs.sound[..n]);
                }
            }
        }
        if self.jitter.is_too_long() {
            self.incoming.decode(&mut self.coder, theirs, n);
            if is_quiet(&theirs.sound[..n]) || self.ticks.is_multiple_of(SHORTEN_EVERY) {
                self.jitter.skip();
            }
        }
    }

    pub(super) fn watch_silence(&mut self) {
        if !self.agreed.direction.receives() {
            self.ticks_silent = 0;
            return;
        }
        self.ticks_silent += 1;
        if self.ticks_silent.is_multiple_of(SILENT_TICKS) {
            self.report(MediaEvent::Silent(self.ticks_silent / 50));
        }
    }
}
