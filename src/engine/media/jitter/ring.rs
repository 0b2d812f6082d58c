//! A buffer for codecs that send one byte per tick of the RTP clock: a ring of bytes addressed by timestamp, so that packets of any
//! length, doubled, lost or out of order fall into place by themselves.

use std::ops::Range;

use super::schedule::{Schedule, Verdict, signed};
use crate::engine::media::codec::PACKET_BYTES;
use crate::engine::media::rtp::Packet;

/// Bytes of the ring: half a second.
const RING: usize = 4096;
/// One packet of 20 ms in ticks.
const STEP: u32 = 160;

/// What 20 ms of payload are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::media) enum Piece {
    /// All of it came.
    Whole,
    /// A part came; the rest is the fill byte.
    Part,
    /// Nothing came.
    Missing,
}

/// The buffer.
pub(in crate::engine::media) struct Ring {
    bytes: Box<[u8; RING]>,
    have: Box<[bool; RING]>,
    /// What stands for bytes that did not come.
    fill: u8,
    schedule: Schedule,
    /// Timestamp behind what was looked at ahead of its time.
    seen: Option<u32>,
}

impl Ring {
    pub(super) fn new(fill: u8) -> Self {
        Self { bytes: Box::new([fill; RING]), have: Box::new([false; RING]), fill, schedule: Schedule::new(STEP), seen: None }
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
        self.forget();
    }

    fn forget(&mut self) {
        self.have.fill(false);
        self.seen = None;
    }

    pub(super) fn put(&mut self, packet: &Packet<'_>) {
        let n = u32::try_from(packet.payload.len()).unwrap_or(u32::MAX);
        match self.schedule.arrives(packet.timestamp, n, packet.ssrc) {
            Verdict::Keep => {}
            Verdict::Anew => self.forget(),
            Verdict::Late | Verdict::Useless => return,
        }
        // What is before the head has been played.
        let played = self.schedule.head().map_or(0, |head| signed(head.wrapping_sub(packet.timestamp)).clamp(0, i64::from(n)));
        let skip = usize::try_from(played).unwrap_or(0);
        let mut left = &packet.payload[skip..];
        for span in spans(packet.timestamp.wrapping_add(skip as u32), left.len()) {
            let (now, rest) = left.split_at(span.len());
            self.have[span.clone()].fill(true);
            self.bytes[span].copy_from_slice(now);
            left = rest;
        }
    }

    /// The next 20 ms of payload. Without packets time goes on, in silence.
    pub(in crate::engine::media) fn take(&mut self, payload: &mut [u8; PACKET_BYTES]) -> Piece {
        payload.fill(self.fill);
        let Some(head) = self.schedule.due() else { return Piece::Missing };
        let (mut n_have, mut filled) = (0, 0);
        for span in spans(head, PACKET_BYTES) {
            let to = &mut payload[filled..filled + span.len()];
            filled += span.len();
            let n = self.have[span.clone()].iter().filter(|have| **have).count();
            n_have += n;
            if n == to.len() {
                to.copy_from_slice(&self.bytes[span.clone()]);
            } else if n > 0 {
                let there = self.bytes[span.clone()].iter().zip(&self.have[span.clone()]);
                to.iter_mut().zip(there).filter(|(_, (_, have))| **have).for_each(|(to, (byte, _))| *to = *byte);
            }
            self.have[span].fill(false);
        }
        self.schedule.played(STEP, n_have == 0);
        match n_have {
            0 => Piece::Missing,
            PACKET_BYTES => Piece::Whole,
            _ => Piece::Part,
        }
    }

    /// Looks at the next 20 ms of payload ahead of their time, once each and in order. False when they have not come, or not whole: they are
    /// waited for until they are due.
    pub(super) fn peek(&mut self, payload: &mut [u8; PACKET_BYTES]) -> bool {
        let Some(next) = self.schedule.next() else { return false };
        let from = self.seen.filter(|_| self.is_ahead()).unwrap_or(next);
        let mut filled = 0;
        for span in spans(from, PACKET_BYTES) {
            if !self.have[span.clone()].iter().all(|have| *have) {
                return false;
            }
            payload[filled..filled + span.len()].copy_from_slice(&self.bytes[span.clone()]);
            filled += span.len();
        }
        self.seen = Some(from.wrapping_add(STEP));
        true
    }

    /// Whether what was taken last had been looked at before.
    pub(super) fn is_ahead(&self) -> bool {
        self.seen.is_some_and(|seen| self.schedule.next().is_some_and(|next| signed(seen.wrapping_sub(next)) >= 0))
    }

    pub(super) fn skip(&mut self) {
        if let Some(head) = self.schedule.skip() {
            spans(head, PACKET_BYTES).into_iter().for_each(|span| self.have[span].fill(false));
        }
    }
}

/// Where `n` bytes from a timestamp lie in the ring: one stretch, or two round its end.
fn spans(timestamp: u32, n: usize) -> [Range<usize>; 2] {
    let start = timestamp as usize % RING;
    let end = start + n;
    [start..end.min(RING), 0..end.saturating_sub(RING)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(jitter: &mut Ring, number: u32, timestamp: u32) {
        let payload = [u8::try_from(number % 250 + 1).unwrap(); 160];
        let packet = Packet { payload_type: 0, marker: false, sequence: 0, timestamp, ssrc: 1, payload: &payload };
        jitter.put(&packet);
    }

    fn take(jitter: &mut Ring) -> Option<u8> {
        let mut payload = [0; PACKET_BYTES];
        (jitter.take(&mut payload) != Piece::Missing).then_some(payload[0])
    }

    /// Plays packets given as (arrives in tick, number) from a start time that wraps, and says what was heard.
    fn heard(arrivals: &[(u32, u32)], ticks: u32) -> Vec<Option<u8>> {
        let start = u32::MAX - 700;
        let mut jitter = Ring::new(0xff);
        (0..ticks)
            .map(|tick| {
                for (_, number) in arrivals.iter().filter(|(at, _)| *at == tick) {
                    put(&mut jitter, *number, start.wrapping_add(number * 160));
                }
                take(&mut jitter)
            })
            .collect()
    }

    #[test]
    fn order_and_doubles_do_not_matter_and_a_loss_is_a_gap() {
        let sent = [(0, 1), (0, 0), (1, 2), (1, 2), (2, 4), (3, 6), (4, 5), (5, 7), (6, 8)];
        let played: Vec<_> = heard(&sent, 9).into_iter().skip_while(Option::is_none).collect();
        assert_eq!(played[..7], [Some(1), Some(2), Some(3), None, Some(5), Some(6), Some(7)]);
    }

    #[test]
    fn it_waits_for_three_packets() {
        let sent: Vec<(u32, u32)> = (0..6).map(|n| (n, n)).collect();
        assert_eq!(heard(&sent, 5), [None, None, Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn jitter_within_the_delay_is_not_heard() {
        let sent: Vec<(u32, u32)> = (0..100).map(|n| (n + if n % 7 == 3 { 2 } else { 0 }, n)).collect();
        let played: Vec<_> = heard(&sent, 100).into_iter().skip_while(Option::is_none).collect();
        assert!(played.len() > 95 && played.iter().all(Option::is_some), "{played:?}");
    }

    #[test]
    fn more_jitter_than_that_costs_a_few_pieces_and_then_none() {
        let sent: Vec<(u32, u32)> = (0..200).map(|n| (n + if n % 7 == 3 { 5 } else { 0 }, n)).collect();
        let played = heard(&sent, 200);
        let missing = played.iter().skip(60).filter(|piece| piece.is_none()).count();
        assert_eq!(missing, 0, "{played:?}");
    }

    #[test]
    fn a_clock_that_jumps_or_stands_still_is_followed() {
        let mut jitter = Ring::new(0xff);
        for tick in 0..100u32 {
            let jump = if tick < 50 { 0 } else { 1_000_000 };
            put(&mut jitter, tick, tick * 160 + jump);
            take(&mut jitter);
        }
        assert!(take(&mut jitter).is_some(), "after a jump");
        assert!((0..40).filter_map(|_| take(&mut jitter)).count() < 10, "nothing came");
        for tick in 100..120u32 {
            put(&mut jitter, tick, tick * 160 + 1_000_000);
            take(&mut jitter);
        }
        assert!(take(&mut jitter).is_some(), "after standing still");
    }

    /// What is heard ahead of its time, tick by tick; what was not there is heard when it is due.
    fn heard_ahead(arrivals: &[(u32, u32)], ticks: u32) -> Vec<Vec<Option<u8>>> {
        let start = u32::MAX - 700;
        let (mut jitter, mut payload) = (Ring::new(0xff), [0; PACKET_BYTES]);
        (0..ticks)
            .map(|tick| {
                for (_, number) in arrivals.iter().filter(|(at, _)| *at == tick) {
                    put(&mut jitter, *number, start.wrapping_add(number * 160));
                }
                let mut heard: Vec<_> = std::iter::from_fn(|| jitter.peek(&mut payload).then_some(Some(payload[0]))).collect();
                let due = take(&mut jitter);
                if !jitter.is_ahead() {
                    heard.push(due);
                }
                heard
            })
            .collect()
    }

    #[test]
    fn what_has_come_is_looked_at_once_and_at_once() {
        let sent: Vec<(u32, u32)> = (0..5).map(|n| (n, n)).collect();
        assert_eq!(heard_ahead(&sent, 5), [[Some(1)], [Some(2)], [Some(3)], [Some(4)], [Some(5)]]);
    }

    #[test]
    fn a_loss_is_waited_for_until_it_is_due_and_what_came_meanwhile_follows() {
        let sent: Vec<(u32, u32)> = (0..9).filter(|n| *n != 4).map(|n| (n, n)).collect();
        let heard = heard_ahead(&sent, 9);
        assert_eq!(heard[3..8], [vec![Some(4)], vec![], vec![], vec![None], vec![Some(6), Some(7), Some(8)]]);
        let swapped = [(0, 0), (1, 2), (2, 1), (3, 3)];
        assert_eq!(heard_ahead(&swapped, 4), [vec![Some(1)], vec![], vec![Some(2), Some(3)], vec![Some(4)]]);
    }

    #[test]
    fn without_packets_time_goes_on_for_who_looks_ahead() {
        let sent: Vec<(u32, u32)> = (0..5).chain(20..25).map(|n| (n, n)).collect();
        let heard = heard_ahead(&sent, 30);
        let all: Vec<_> = heard.concat();
        assert_eq!(all.iter().flatten().count(), 10, "{heard:?}");
        assert!((28..=30).contains(&all.len()), "{heard:?}");
    }

    #[test]
    fn a_burst_at_the_start_does_not_become_delay() {
        let mut sent: Vec<(u32, u32)> = (0..20).map(|n| (0, n)).collect();
        sent.extend((20..30).map(|n| (n - 19, n)));
        assert_eq!(heard(&sent, 1)[0], Some(18));
    }

    #[test]
    fn packets_of_other_lengths_fit() {
        let mut jitter = Ring::new(0xff);
        for i in 0..10u32 {
            let payload = [7u8; 240];
            jitter.put(&Packet { payload_type: 0, marker: false, sequence: 0, timestamp: i * 240, ssrc: 1, payload: &payload });
        }
        let mut payload = [0; PACKET_BYTES];
        assert_eq!(jitter.take(&mut payload), Piece::Whole);
        assert_eq!(payload, [7; 160]);
    }

    proptest::proptest! {
        #[test]
        fn no_packets_make_it_panic_and_memory_stays(packets in proptest::collection::vec((proptest::num::u32::ANY, 0usize..2000, 0u32..3), 0..60)) {
            let mut jitter = Ring::new(0xff);
            let sound = [5u8; 2000];
            for (timestamp, n, ssrc) in packets {
                jitter.put(&Packet { payload_type: 0, marker: false, sequence: 0, timestamp, ssrc, payload: &sound[..n] });
                let n_seen = std::iter::repeat_with(|| jitter.peek(&mut [0; PACKET_BYTES])).take_while(|seen| *seen).count();
                proptest::prop_assert!(n_seen <= RING / PACKET_BYTES);
                take(&mut jitter);
            }
        }
    }
}
