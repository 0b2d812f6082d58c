//! What goes to the far end: sound, keys, reports.

use std::net::SocketAddr;

use super::{Side, Stream};
use crate::engine::media::MediaEvent;
use crate::engine::media::codec::PACKET_BYTES;
use crate::engine::media::player::Progress;
use crate::engine::media::rtcp::{self, Sent};
use crate::engine::media::rtp::HEADER;
use crate::engine::media::thread::{now, unix_now};

/// Ticks between two packets while the far end does not listen: keeps ways through routers open.
const HELD_TICKS: u32 = 50;

impl Stream {
    /// Sends the next 20 ms.
    pub(super) fn send(&mut self, ours: &mut Side) {
        if !self.agreed.direction.sends() {
            if self.agreed.direction.receives() && self.ticks.is_multiple_of(HELD_TICKS) {
                self.send_sound(ours, true);
            }
            self.header.timestamp = self.header.timestamp.wrapping_add(160);
            self.last_sent_ns = None;
            return;
        }
        match self.keys_out.next(self.header.timestamp).zip(self.agreed.keys) {
            Some((key, payload_type)) => {
                let mut packet = [0; HEADER + 4];
                self.header.write(payload_type, key.is_first, key.timestamp, &mut packet);
                packet[HEADER..].copy_from_slice(&key.payload);
                self.transmit(&packet);
            }
            None => {
                let n = self.agreed.codec.frame_samples();
                let is_silent = self.next_sound(&mut ours.sound[..n]);
                self.send_sound(ours, is_silent);
            }
        }
        self.header.timestamp = self.header.timestamp.wrapping_add(160);
        self.measure();
    }

    /// The next 20 ms: of the session this one is joined with, else of the clips. Says whether they are silence.
    fn next_sound(&mut self, sound: &mut [i16]) -> bool {
        if let Some(bridge) = &self.bridge {
            bridge.from.take(sound, self.agreed.codec.rate());
            return false;
        }
        let unsent = &mut self.unsent;
        self.player.fill(sound, |progress| {
            unsent.push_back(match progress {
                Progress::Started(id) => MediaEvent::ClipStarted(id),
                Progress::Done(id) => MediaEvent::ClipDone(id),
            });
        })
    }

    fn send_sound(&mut self, ours: &mut Side, is_silent: bool) {
        let mut packet = [0; HEADER + PACKET_BYTES];
        let payload = match self.agreed.codec.silence().filter(|_| is_silent) {
            Some(silence) => [silence; PACKET_BYTES],
            None => {
                let mut payload = [0; PACKET_BYTES];
                self.coder.encode(&ours.sound[..self.agreed.codec.frame_samples()], &mut payload);
                payload
            }
        };
        self.header.write(self.agreed.payload_type, self.n_sent == 0, self.header.timestamp, &mut packet);
        packet[HEADER..].copy_from_slice(&payload);
        ours.coded = Some(payload);
        self.transmit(&packet);
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

    /// RTCP goes to the announced port of whoever we talk to.
    fn reports_to(&self) -> Option<SocketAddr> {
        let target = self.latch.target()?;
        let next = SocketAddr::new(target.ip(), target.port().checked_add(1)?);
        Some(if Some(target) == self.agreed.remote { self.agreed.rtcp.unwrap_or(next) } else { next })
    }

    pub(super) fn send_report(&mut self, is_last: bool) {
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
}
