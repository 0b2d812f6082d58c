//! Reports about a stream (RFC 3550 §6): counting what came, telling the far end, hearing what it says. Pure.

use super::rtp::Packet;

/// Ticks of 20 ms between two reports (5 s).
pub(super) const EVERY_TICKS: u32 = 250;
/// Seconds from 1900 to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// What came from the far end, for reports and statistics.
#[derive(Debug, Clone, Default)]
pub(super) struct Reception {
    ssrc: u32,
    is_started: bool,
    base: u32,
    highest: u32,
    n_received: u64,
    n_received_before: u64,
    n_expected_before: u64,
    n_closed_expected: u64,
    n_closed_received: u64,
    /// Ticks per second of the RTP clock.
    clock: u32,
    transit: i64,
    jitter: f64,
    /// Middle 32 bits of the NTP time of their last report, and when it came.
    last_report: Option<(u32, u64)>,
    pub(super) round_trip_ms: Option<f64>,
    /// How our own packets come in at the far end, by its last report.
    pub(super) far: Option<FarEnd>,
}

/// How our own packets come in at the far end.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct FarEnd {
    /// How many of a hundred it missed since its report before.
    pub(super) lost_lately_percent: u8,
    /// How many it missed in all.
    pub(super) n_lost: u32,
    /// Their jitter.
    pub(super) jitter_ms: f64,
}

impl Reception {
    /// A packet came at this time (nanoseconds). `clock`: ticks per second of its timestamps.
    pub(super) fn count(&mut self, packet: &Packet<'_>, now_ns: u64, clock: u32) {
        if !self.is_started || packet.ssrc != self.ssrc {
            self.n_closed_expected += self.n_expected();
            self.n_closed_received += self.n_received;
            let closed = (self.n_closed_expected, self.n_closed_received);
            let (round_trip_ms, far) = (self.round_trip_ms, self.far);
            let start = 0x1_0000 + u32::from(packet.sequence);
            *self = Self { ssrc: packet.ssrc, is_started: true, base: start, highest: start, clock, round_trip_ms, far, ..Self::default() };
            (self.n_closed_expected, self.n_closed_received) = closed;
        }
        self.n_received += 1;
        let step = i32::from(packet.sequence.wrapping_sub(self.highest as u16).cast_signed());
        if step > 0 {
            self.highest = self.highest.wrapping_add(step.unsigned_abs());
        }
        if self.clock != clock {
            (self.clock, self.jitter, self.transit) = (clock, 0.0, i64::MAX / 2);
        }
        let arrival = i64::try_from(now_ns / 1_000 * u64::from(clock / 1000) / 1_000).unwrap_or(0);
        let transit = arrival - i64::from(packet.timestamp);
        // 32-bit clocks wrap; a difference of more than a second is no jitter.
        let moved = (transit - self.transit).abs();
        if self.n_received > 1 && moved < i64::from(clock) {
            self.jitter += (f64::from(u32::try_from(moved).unwrap_or(0)) - self.jitter) / 16.0;
        }
        self.transit = transit;
    }

    fn n_expected(&self) -> u64 {
        if self.is_started { u64::from(self.highest.wrapping_sub(self.base)) + 1 } else { 0 }
    }

    /// Packets that came.
    pub(super) fn n_received(&self) -> u64 {
        self.n_closed_received + self.n_received
    }

    /// Packets that did not come.
    pub(super) fn n_lost(&self) -> u64 {
        self.n_closed_expected.saturating_sub(self.n_closed_received) + self.n_expected().saturating_sub(self.n_received)
    }

    /// Interarrival jitter in milliseconds.
    pub(super) fn jitter_ms(&self) -> f64 {
        self.jitter / (f64::from(self.clock.max(1000)) / 1000.0)
    }

    /// Takes in reports of the far end: when it sent, and how long ours took. What is not RTCP changes nothing.
    pub(super) fn hear(&mut self, bytes: &[u8], our_ssrc: u32, now_ns: u64, ntp: u64) {
        let mut rest = bytes;
        while let Some((head, after)) = rest.split_at_checked(4) {
            let n = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
            let Some((body, next)) = after.split_at_checked(n) else { return };
            if head[0] >> 6 != 2 {
                return;
            }
            let blocks = match head[1] {
                200 => {
                    self.last_report = word(body, 4).zip(word(body, 8)).map(|(high, low)| (high << 16 | low >> 16, now_ns));
                    body.get(24..)
                }
                201 => body.get(4..),
                _ => None,
            };
            for block in blocks.unwrap_or_default().chunks_exact(24).take(usize::from(head[0] & 0x1f)) {
                self.round_trip(block, our_ssrc, ntp);
                self.hear_of_ours(block, our_ssrc);
            }
            rest = next;
        }
    }

    fn round_trip(&mut self, block: &[u8], our_ssrc: u32, ntp: u64) {
        let (Some(ssrc), Some(last), Some(delay)) = (word(block, 0), word(block, 16), word(block, 20)) else { return };
        if ssrc == our_ssrc && last != 0 {
            let taken = middle(ntp).wrapping_sub(last).wrapping_sub(delay);
            // A negative time means that a clock was set.
            if taken < 1 << 20 {
                self.round_trip_ms = Some(f64::from(taken) * 1000.0 / 65_536.0);
            }
        }
    }

    fn hear_of_ours(&mut self, block: &[u8], our_ssrc: u32) {
        let (Some(ssrc), Some(lost), Some(jitter)) = (word(block, 0), word(block, 4), word(block, 12)) else { return };
        if ssrc == our_ssrc {
            let share = lost >> 24;
            // A negative count (24 bits) means that packets came more than once.
            let n_lost = Some(lost & 0xff_ffff).filter(|n| *n < 0x80_0000).unwrap_or(0);
            let jitter_ms = f64::from(jitter) * 1000.0 / f64::from(self.clock.max(8000));
            self.far = Some(FarEnd { lost_lately_percent: u8::try_from(share * 100 / 256).unwrap_or(0), n_lost, jitter_ms });
        }
    }

    /// Our report block about the far end.
    fn block(&mut self, now_ns: u64) -> [u8; 24] {
        let (expected, received) = (self.n_expected(), self.n_received);
        let in_interval = expected.saturating_sub(self.n_expected_before);
        let lost = in_interval.saturating_sub(received.saturating_sub(self.n_received_before));
        (self.n_expected_before, self.n_received_before) = (expected, received);
        let share = (lost * 256).checked_div(in_interval).unwrap_or(0).min(255);
        let total = expected.saturating_sub(received).min(0x7f_ffff);
        let (last, since) = self.last_report.map_or((0, 0), |(last, at)| (last, now_ns.saturating_sub(at) / 15_259));
        let mut block = [0; 24];
        block[0..4].copy_from_slice(&self.ssrc.to_be_bytes());
        block[4..8].copy_from_slice(&(u32::try_from(share << 24 | total).unwrap_or(0)).to_be_bytes());
        block[8..12].copy_from_slice(&self.highest.wrapping_sub(0x1_0000).to_be_bytes());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "jitter is small and positive")]
        block[12..16].copy_from_slice(&(self.jitter as u32).to_be_bytes());
        block[16..20].copy_from_slice(&last.to_be_bytes());
        block[20..24].copy_from_slice(&(u32::try_from(since).unwrap_or(u32::MAX)).to_be_bytes());
        block
    }
}

/// What we sent, for the sender report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) ssrc: u32,
    pub(super) timestamp: u32,
    pub(super) n_packets: u64,
    pub(super) n_bytes: u64,
}

/// A compound report: sender report with a block about the far end if it was heard, our name, and a goodbye at the end.
pub(super) fn report(sent: &Sent, heard: &mut Reception, now_ns: u64, ntp: u64, is_last: bool) -> Vec<u8> {
    let n_blocks = u8::from(heard.is_started);
    let mut bytes = Vec::with_capacity(84);
    packet(&mut bytes, n_blocks, 200, |body| {
        body.extend(sent.ssrc.to_be_bytes());
        body.extend(ntp.to_be_bytes());
        body.extend(sent.timestamp.to_be_bytes());
        body.extend((sent.n_packets as u32).to_be_bytes());
        body.extend((sent.n_bytes as u32).to_be_bytes());
        if heard.is_started {
            body.extend(heard.block(now_ns));
        }
    });
    packet(&mut bytes, 1, 202, |body| {
        body.extend(sent.ssrc.to_be_bytes());
        body.extend([1, 5]);
        body.extend(b"cxbox");
        body.extend([0; 1]);
    });
    if is_last {
        packet(&mut bytes, 1, 203, |body| body.extend(sent.ssrc.to_be_bytes()));
    }
    bytes
}

fn packet(bytes: &mut Vec<u8>, count: u8, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend([0x80 | count, kind, 0, 0]);
    write(bytes);
    while !bytes.len().is_multiple_of(4) {
        bytes.push(0);
    }
    let words = u16::try_from((bytes.len() - start) / 4 - 1).unwrap_or(0);
    bytes[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

/// Unix time in nanoseconds as an NTP time.
pub(super) fn ntp(unix_ns: u64) -> u64 {
    let (seconds, rest) = (unix_ns / 1_000_000_000, unix_ns % 1_000_000_000);
    ((seconds + NTP_EPOCH) << 32) | ((rest << 32) / 1_000_000_000)
}

fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet_at(sequence: u16, ssrc: u32) -> Packet<'static> {
        Packet { payload_type: 0, marker: false, sequence, timestamp: u32::from(sequence) * 160, ssrc, payload: &[0; 160] }
    }

    #[test]
    fn losses_are_counted_across_the_wrap_and_across_a_new_sender() {
        let mut heard = Reception::default();
        for sequence in [65_533u16, 65_534, 0, 1, 2] {
            heard.count(&packet_at(sequence, 1), 0, 8000);
        }
        assert_eq!((heard.n_received(), heard.n_lost()), (5, 1));
        heard.count(&packet_at(40_000, 2), 0, 8000);
        heard.count(&packet_at(40_003, 2), 0, 8000);
        assert_eq!((heard.n_received(), heard.n_lost()), (7, 3));
    }

    #[test]
    fn a_steady_sender_has_no_jitter_and_a_shaky_one_has() {
        let (mut steady, mut shaky) = (Reception::default(), Reception::default());
        for sequence in 0..200u16 {
            let at = u64::from(sequence) * 20_000_000;
            steady.count(&packet_at(sequence, 1), at, 8000);
            shaky.count(&packet_at(sequence, 1), at + if sequence % 2 == 0 { 10_000_000 } else { 0 }, 8000);
        }
        assert!(steady.jitter_ms() < 0.01, "{}", steady.jitter_ms());
        assert!((shaky.jitter_ms() - 10.0).abs() < 0.5, "{}", shaky.jitter_ms());
    }

    #[test]
    fn two_of_us_measure_the_way_there_and_back() {
        let (mut ours, mut theirs) = (Reception::default(), Reception::default());
        let (mine, yours) =
            (Sent { ssrc: 1, timestamp: 0, n_packets: 5, n_bytes: 800 }, Sent { ssrc: 2, timestamp: 0, n_packets: 5, n_bytes: 800 });
        ours.count(&packet_at(1, 2), 0, 8000);
        theirs.count(&packet_at(1, 1), 0, 8000);
        let second = 1_000_000_000;
        let at = |ns: u64| ntp(1_700_000_000 * second + ns);
        let first = report(&mine, &mut ours, 0, at(0), false);
        theirs.hear(&first, 2, 15_000_000, at(15_000_000));
        let back = report(&yours, &mut theirs, second, at(second), false);
        ours.hear(&back, 1, second + 15_000_000, at(second + 15_000_000));
        let taken = ours.round_trip_ms.unwrap();
        assert!((taken - 30.0).abs() < 1.0, "{taken}");
    }

    #[test]
    fn what_the_far_end_missed_of_ours_is_heard() {
        let (mut ours, mut theirs) = (Reception::default(), Reception::default());
        for sequence in (0..100u16).filter(|sequence| sequence % 4 != 1) {
            theirs.count(&packet_at(sequence, 1), u64::from(sequence) * 20_000_000, 48_000);
        }
        let back = report(&Sent { ssrc: 2, timestamp: 0, n_packets: 0, n_bytes: 0 }, &mut theirs, 0, 0, false);
        ours.hear(&back, 1, 0, 0);
        let far = ours.far.unwrap();
        assert_eq!((far.n_lost, far.lost_lately_percent), (25, 25));
        ours.count(&packet_at(1, 9), 0, 8000);
        assert_eq!(ours.far, Some(far), "a new sender there changes nothing about ours");
        ours.hear(&back, 7, 0, 0);
        assert_eq!(ours.far, Some(far), "it is about somebody else");
    }

    #[test]
    fn a_goodbye_ends_the_last_report() {
        let sent = Sent { ssrc: 0x0102_0304, timestamp: 0, n_packets: 0, n_bytes: 0 };
        let bytes = report(&sent, &mut Reception::default(), 0, 0, true);
        assert_eq!(bytes[bytes.len() - 8..], [0x81, 203, 0, 1, 1, 2, 3, 4]);
        assert_eq!(bytes.len() % 4, 0);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            Reception::default().hear(&bytes, 1, 1, 1);
        }
    }
}
