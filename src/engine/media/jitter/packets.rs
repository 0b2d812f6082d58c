//! A buffer of whole packets of any length, for codecs whose packets can only be decoded whole and one after the other.

use std::collections::VecDeque;

use super::schedule::{Schedule, Verdict, signed};
use crate::engine::media::opus;
use crate::engine::media::rtp::Packet;

/// Packets that may wait: half a second of the shortest.
const MOST_PACKETS: usize = 200;
/// Bytes that a packet has room for from the start; it grows when one is longer.
const USUAL_BYTES: usize = 160;
/// Ticks of the shortest stretch that a decoder can make up (2.5 ms).
const UNIT: u32 = opus::CLOCK / 400;

/// A packet that waits.
struct Held {
    timestamp: u32,
    ticks: u32,
    bytes: Vec<u8>,
}

/// What is to be decoded next.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::media) enum Next<'a> {
    /// This packet.
    Packet(&'a [u8]),
    /// Sound is missing: this many ticks of it.
    Lost {
        /// How long it is.
        ticks: u32,
        /// The packet right after it, which may hold the sound once more in a smaller size.
        next: Option<&'a [u8]>,
    },
    /// Nothing has begun yet.
    Nothing,
}

/// The buffer. Buffers of packets are used again, so that nothing is allocated once it runs.
pub(in crate::engine::media) struct Packets {
    schedule: Schedule,
    step: u32,
    /// The oldest first.
    waiting: VecDeque<Held>,
    spare: Vec<Vec<u8>>,
    /// The one that is being decoded.
    current: Vec<u8>,
}

impl Packets {
    pub(super) fn new(step: u32) -> Self {
        Self { schedule: Schedule::new(step), step, waiting: VecDeque::new(), spare: Vec::new(), current: Vec::new() }
    }

    pub(super) fn n_late(&self) -> u64 {
        self.schedule.n_late()
    }

    pub(super) fn delay_ms(&self) -> u32 {
        self.schedule.delay_ms()
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.schedule.is_too_long()
    }

    pub(super) fn reset(&mut self) {
        self.schedule.reset();
        self.clear();
    }

    fn clear(&mut self) {
        while let Some(held) = self.waiting.pop_front() {
            self.spare.push(held.bytes);
        }
    }

    pub(super) fn put(&mut self, packet: &Packet<'_>) {
        // A packet without sound (DTX) only says that the sender is there.
        let Some(ticks) = opus::ticks(packet.payload).filter(|_| packet.payload.len() > 1) else { return };
        match self.schedule.arrives(packet.timestamp, ticks, packet.ssrc) {
            Verdict::Keep => {}
            Verdict::Anew => self.clear(),
            Verdict::Late | Verdict::Useless => return,
        }
        let behind = self.waiting.iter().rposition(|held| signed(packet.timestamp.wrapping_sub(held.timestamp)) >= 0);
        let is_double = behind.is_some_and(|at| self.waiting[at].timestamp == packet.timestamp);
        if is_double || self.waiting.len() >= MOST_PACKETS {
            return;
        }
        let mut bytes = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(USUAL_BYTES));
        bytes.clear();
        bytes.extend_from_slice(packet.payload);
        self.waiting.insert(behind.map_or(0, |at| at + 1), Held { timestamp: packet.timestamp, ticks, bytes });
    }

    /// What is to be decoded now. Its time counts as played.
    pub(in crate::engine::media) fn take(&mut self) -> Next<'_> {
        let Some(head) = self.schedule.due() else { return Next::Nothing };
        self.drop_what_is_over(head);
        let gap = self.waiting.front().map(|first| signed(first.timestamp.wrapping_sub(head)));
        match gap.and_then(|gap| u32::try_from(gap.max(0)).ok()) {
            Some(gap) if gap < UNIT => self.decode_first(gap),
            Some(gap) if gap <= self.step => {
                let ticks = gap - gap % UNIT;
                self.schedule.played(ticks, true);
                Next::Lost { ticks, next: self.waiting.front().filter(|_| gap == self.step).map(|first| first.bytes.as_slice()) }
            }
            _ => {
                self.schedule.played(self.step, true);
                Next::Lost { ticks: self.step, next: None }
            }
        }
    }

    fn decode_first(&mut self, gap: u32) -> Next<'_> {
        let Some(first) = self.waiting.pop_front() else { return Next::Nothing };
        self.schedule.played(gap + first.ticks, false);
        self.spare.push(std::mem::replace(&mut self.current, first.bytes));
        Next::Packet(&self.current)
    }

    fn drop_what_is_over(&mut self, head: u32) {
        while let Some(first) = self.waiting.front()
            && signed(first.timestamp.wrapping_add(first.ticks).wrapping_sub(head)) <= 0
        {
            self.spare.extend(self.waiting.pop_front().map(|held| held.bytes));
        }
    }

    pub(super) fn skip(&mut self) {
        self.schedule.skip();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms of SILK, then the number.
    fn bytes(number: u32) -> [u8; 3] {
        [1 << 3, 0, u8::try_from(number % 250).unwrap()]
    }

    fn put(packets: &mut Packets, number: u32, start: u32) {
        let payload = bytes(number);
        let timestamp = start.wrapping_add(number * 960);
        packets.put(&Packet { payload_type: 111, marker: false, sequence: 0, timestamp, ssrc: 1, payload: &payload });
    }

    fn told(next: &Next<'_>) -> String {
        match next {
            Next::Packet(packet) => packet[2].to_string(),
            Next::Lost { next: Some(next), .. } => format!("before {}", next[2]),
            Next::Lost { ticks, next: None } => format!("lost {ticks}"),
            Next::Nothing => "-".to_owned(),
        }
    }

    #[test]
    fn packets_come_out_in_order_and_a_gap_names_what_follows_it() {
        let mut packets = Packets::new(960);
        let start = u32::MAX - 2000;
        let mut seen = Vec::new();
        for number in [1, 0, 2, 2, 4, 3, 6, 7, 9, 10] {
            put(&mut packets, number, start);
        }
        for _ in 0..12 {
            seen.push(told(&packets.take()));
        }
        // Ten packets at once are a burst: the oldest are left out.
        let first = seen.iter().position(|told| told == "9").unwrap();
        assert_eq!(seen[first - 1..first + 2], ["before 9", "9", "10"], "{seen:?}");
        assert_eq!(seen[first + 2], "lost 960");
    }

    #[test]
    fn longer_and_shorter_packets_take_their_own_time() {
        let mut packets = Packets::new(960);
        assert_eq!(packets.take(), Next::Nothing);
        let (long, short) = ([3 << 3, 0, 60], [8 << 3, 0, 10]);
        for (timestamp, payload) in [(0, &long), (2880, &short), (3360, &short), (4320, &short)] {
            packets.put(&Packet { payload_type: 111, marker: false, sequence: 0, timestamp, ssrc: 1, payload });
        }
        let seen: Vec<String> = (0..5).map(|_| told(&packets.take())).collect();
        assert_eq!(seen, ["60", "10", "10", "lost 480", "10"]);
    }

    proptest::proptest! {
        #[test]
        fn no_packets_make_it_panic_and_few_wait(sent in proptest::collection::vec((proptest::num::u32::ANY, proptest::collection::vec(proptest::num::u8::ANY, 0..6), 0u32..3), 0..300)) {
            let mut packets = Packets::new(960);
            for (timestamp, payload, ssrc) in sent {
                packets.put(&Packet { payload_type: 0, marker: false, sequence: 0, timestamp, ssrc, payload: &payload });
                packets.take();
            }
            proptest::prop_assert!(packets.waiting.len() <= MOST_PACKETS);
        }
    }
}
