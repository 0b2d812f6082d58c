//! What comes from the far end: packets, keys, reports, silence.

use super::{MOST_BYTES, Side, Stream};
use crate::engine::media::codec::{Codec, Coder, PACKET_BYTES};
use crate::engine::media::jitter::Piece;
use crate::engine::media::latch::Source;
use crate::engine::media::rtp::Packet;
use crate::engine::media::thread::{now, unix_now};
use crate::engine::media::{MediaEvent, rtcp};

/// Most packets read in one turn: about what a socket holds, so that a stranger's flood cannot crowd out the far end.
const MOST_READS: usize = 300;
/// Ticks of 20 ms without a packet before silence is reported.
const SILENT_TICKS: u32 = 500;
/// While one packet comes in each tick, the socket is asked for a second one only in every so many ticks: asking an empty socket costs as
/// much as reading a packet. One that waits meanwhile is at most 80 ms late, and then all are read again.
const LOOK_TWICE_EVERY: u32 = 5;
/// How much of the last sound is repeated for a lost packet, in eighths, by lost packets in a row.
const CONCEALMENT: [i32; 3] = [6, 4, 2];

/// The far end's sound between two ticks.
#[derive(Default)]
pub(super) struct Incoming {
    /// Packets of the last tick that read all there was.
    n_last: usize,
    /// The last sound, for concealment; as payload while nobody needed the samples.
    last: Side,
    missing_in_a_row: usize,
}

impl Incoming {
    /// Makes samples of a side that is payload only. The codecs this happens with keep no state.
    pub(super) fn decode(&self, coder: &mut Coder, side: &mut Side, n: usize) {
        if let Some(payload) = side.coded.filter(|_| side.is_coded_only) {
            coder.decode(&payload, &mut side.sound[..n]);
            side.is_coded_only = false;
        }
    }

    /// The last sound again, fading out.
    fn conceal(&mut self, coder: &mut Coder, sound: &mut [i16]) {
        if let Some(payload) = self.last.coded.filter(|_| self.last.is_coded_only) {
            coder.decode(&payload, &mut self.last.sound[..sound.len()]);
            self.last.is_coded_only = false;
        }
        let loudness = CONCEALMENT.get(self.missing_in_a_row).copied().unwrap_or(0);
        self.missing_in_a_row += 1;
        for (to, from) in sound.iter_mut().zip(self.last.sound) {
            *to = i16::try_from(i32::from(from) * loudness / 8).unwrap_or(0);
        }
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
            let is_ours = Packet::parse(&buffer[..n]).is_some_and(|packet| self.take(&packet, source));
            if is_steady && is_ours {
                return;
            }
        }
        self.incoming.n_last = MOST_READS;
    }

    /// Takes a packet. Says whether it came from where we listen.
    fn take(&mut self, packet: &Packet<'_>, source: std::net::SocketAddr) -> bool {
        // Comfort noise (13) and the like prove a source but are not played.
        match self.latch.admits(source) {
            Source::Ours => {}
            Source::Waiting => return false,
            Source::Foreign => {
                self.n_foreign += 1;
                return false;
            }
        }
        self.ticks_silent = 0;
        self.heard.count(packet, now());
        if Some(packet.payload_type) == self.agreed.keys {
            if let Some(key) = self.keys_in.hear(packet.timestamp, packet.payload) {
                self.report(MediaEvent::Key(key));
            }
        } else if packet.payload_type == self.agreed.payload_type && self.agreed.direction.receives() {
            self.jitter.put(packet);
        }
        true
    }

    /// Reads reports of the far end. The thread calls this when there are some.
    pub(in crate::engine::media) fn receive_reports(&mut self, buffer: &mut [u8; MOST_BYTES]) {
        for _ in 0..MOST_READS {
            let Ok((n, source)) = self.sockets.rtcp.recv_from(buffer) else { return };
            if self.latch.target().is_some_and(|target| target.ip() == source.ip()) {
                self.heard.hear(&buffer[..n], self.header.ssrc, now(), rtcp::ntp(unix_now()));
            }
        }
    }

    /// The next 20 ms to be heard.
    pub(super) fn play_out(&mut self, theirs: &mut Side) {
        let n = self.agreed.codec.frame_samples();
        let mut payload = [0; PACKET_BYTES];
        if self.jitter.take(&mut payload) == Piece::Missing {
            return self.incoming.conceal(&mut self.coder, &mut theirs.sound[..n]);
        }
        theirs.coded = Some(payload);
        theirs.is_coded_only = true;
        if self.agreed.codec == Codec::G722 {
            // It keeps state from packet to packet, so none may be left out.
            self.incoming.decode(&mut self.coder, theirs, n);
            self.incoming.last.sound = theirs.sound;
        } else {
            self.incoming.last.coded = theirs.coded;
            self.incoming.last.is_coded_only = true;
        }
        self.incoming.missing_in_a_row = 0;
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
