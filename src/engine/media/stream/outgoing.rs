//! What goes to the far end: sound, keys, reports.

use std::net::SocketAddr;

use super::{Side, Stream};
use crate::engine::media::MediaEvent;
use crate::engine::media::clock::{now, unix_now};
use crate::engine::media::codec::MOST_PAYLOAD;
use crate::engine::media::player::Progress;
use crate::engine::media::rtcp::{self, Sent};
use crate::engine::media::rtp::HEADER;
use crate::engine::srtp::MOST_ADDED;

/// Ticks between two packets while the far end does not listen: keeps ways through routers open.
const HELD_TICKS: u32 = 50;

impl Stream {
    /// Sends the next 20 ms.
    pub(super) fn send(&mut self, ours: &mut Side) {
        if !self.agreed.direction.sends() {
            if self.agreed.direction.receives() && self.ticks.is_multiple_of(HELD_TICKS) {
                self.send_sound(ours, true);
            }
            self.header.timestamp = self.header.timestamp.wrapping_add(self.agreed.codec.step());
            self.last_sent_ns = None;
            return;
        }
        let key = self.agreed.keys.and_then(|keys| Some((self.keys_out.next(self.header.timestamp, keys.clock / 50)?, keys)));
        match key {
            Some((key, keys)) => {
                let mut packet = [0; HEADER + 4 + MOST_ADDED];
                self.header.write(keys.payload_type, key.is_first, key.timestamp, &mut packet);
                packet[HEADER..HEADER + 4].copy_from_slice(&key.payload);
                self.transmit(&mut packet, HEADER + 4);
            }
            None => {
                let n = self.agreed.codec.frame_samples();
                let is_silent = self.next_sound(&mut ours.sound[..n]);
                self.send_sound(ours, is_silent);
            }
        }
        self.header.timestamp = self.header.timestamp.wrapping_add(self.agreed.codec.step());
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
        let mut payload = [0; MOST_PAYLOAD];
        let n = if is_silent {
            self.coder.encode_silence(&mut payload)
        } else {
            self.coder.encode(&ours.sound[..self.agreed.codec.frame_samples()], &mut payload)
        };
        let mut packet = [0; HEADER + MOST_PAYLOAD + MOST_ADDED];
        self.header.write(self.agreed.payload_type, self.n_sent == 0, self.header.timestamp, &mut packet);
        packet[HEADER..HEADER + n].copy_from_slice(&payload[..n]);
        ours.coded = payload[..n].try_into().ok();
        self.n_bytes_sent += n as u64;
        self.transmit(&mut packet, HEADER + n);
    }

    /// Sends the packet in the first `n` bytes; behind them is room for what encryption adds.
    fn transmit(&mut self, packet: &mut [u8], n: usize) {
        let Some(target) = self.latch.target() else { return };
        let Some(n) = self.guard.seal(packet, n) else { return };
        // A packet that cannot be sent now is lost, like any other.
        drop(self.sockets.rtp.send_to(&packet[..n], target));
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
        let sent = Sent { ssrc: self.header.ssrc, timestamp: self.header.timestamp, n_packets: self.n_sent, n_bytes: self.n_bytes_sent };
        let mut bytes = rtcp::report(&sent, &mut self.heard, now(), rtcp::ntp(unix_now()), is_last);
        let n = bytes.len();
        bytes.resize(n + MOST_ADDED, 0);
        if let Some(n) = self.guard.seal_report(&mut bytes, n) {
            drop(self.sockets.rtcp.send_to(&bytes[..n], target));
        }
    }
}
