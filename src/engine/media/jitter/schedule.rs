//! When what came is to be played: how long it waits, and how that adapts to a network that is late. Knows times, no sound.

/// Delay at the start, in pieces of 20 ms.
const START_DELAY: u32 = 3;
/// Longest delay it grows to.
const MOST_DELAY: u32 = 10;
/// What may wait at most; a packet further ahead means that the sender's clock has jumped.
const MOST_AHEAD: u32 = 24;
/// Late packets in a row after which the sender's clock has stood still.
const LATE_IN_A_ROW: u32 = 5;
/// Pieces after which a delay that was never needed may be shortened (5 s).
const REVIEW_AFTER: u32 = 250;

/// What to do with a packet that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Keep it.
    Keep,
    /// Forget all others and keep it: the sender has begun anew.
    Anew,
    /// Its time has passed.
    Late,
    /// It is no packet of sound, or one that was played already.
    Useless,
}

/// The times of one direction, in ticks of the RTP clock.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Ticks of 20 ms.
    step: u32,
    ssrc: u32,
    /// Timestamp of what is to be played next; `None` while waiting for the first packets.
    head: Option<u32>,
    /// Timestamp behind the newest sound.
    newest: u32,
    oldest_waiting: u32,
    has_any: bool,
    delay: u32,
    late_in_a_row: u32,
    /// The last pieces, the newest in the lowest bit: whether they were missing when they were due.
    missed: u64,
    /// Smallest reserve seen since the last review.
    least_reserve: u32,
    pieces: u32,
    is_too_long: bool,
    n_late: u64,
}

impl Schedule {
    pub(super) fn new(step: u32) -> Self {
        Self {
            step,
            ssrc: 0,
            head: None,
            newest: 0,
            oldest_waiting: 0,
            has_any: false,
            delay: START_DELAY * step,
            late_in_a_row: 0,
            missed: 0,
            least_reserve: u32::MAX,
            pieces: 0,
            is_too_long: false,
            n_late: 0,
        }
    }

    pub(super) fn n_late(&self) -> u64 {
        self.n_late
    }

    pub(super) fn delay_ms(&self) -> u32 {
        self.delay / self.step * 20
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// Timestamp of what is to be played next, once it has begun.
    pub(super) fn head(&self) -> Option<u32> {
        self.head
    }

    /// Timestamp of what is to be played next, as far as that is known before it has begun.
    pub(super) fn next(&self) -> Option<u32> {
        self.head.or_else(|| self.has_any.then_some(self.oldest_waiting))
    }

    /// The next packet starts anew.
    pub(super) fn reset(&mut self) {
        self.head = None;
        self.has_any = false;
        self.late_in_a_row = 0;
        self.missed = 0;
        self.least_reserve = u32::MAX;
        self.is_too_long = false;
    }

    fn start_at(&mut self, timestamp: u32, ssrc: u32) {
        self.reset();
        self.ssrc = ssrc;
        self.has_any = true;
        self.oldest_waiting = timestamp;
        self.newest = timestamp;
    }

    /// A packet that lasts this many ticks has come.
    pub(super) fn arrives(&mut self, timestamp: u32, ticks: u32, ssrc: u32) -> Verdict {
        if ticks == 0 || ticks > MOST_DELAY * self.step {
            return Verdict::Useless;
        }
        let mut verdict = Verdict::Keep;
        if !self.has_any || ssrc != self.ssrc {
            self.start_at(timestamp, ssrc);
            verdict = Verdict::Anew;
        }
        let ahead = signed(timestamp.wrapping_sub(self.head.unwrap_or(self.oldest_waiting)));
        let reach = ahead + i64::from(ticks);
        if self.head.is_none() && ahead < 0 && reach > -i64::from(MOST_DELAY * self.step) {
            // Out of order before the start.
            self.oldest_waiting = timestamp;
        } else if reach <= 0 {
            match self.late(ahead) {
                Verdict::Anew => {
                    self.start_at(timestamp, ssrc);
                    verdict = Verdict::Anew;
                }
                Verdict::Keep => {}
                other => return other,
            }
        } else if reach > i64::from(MOST_AHEAD * self.step) {
            self.start_at(timestamp, ssrc);
            verdict = Verdict::Anew;
        }
        self.late_in_a_row = 0;
        let end = timestamp.wrapping_add(ticks);
        if signed(end.wrapping_sub(self.newest)) > 0 {
            self.newest = end;
        }
        verdict
    }

    /// A packet whose time has passed: wait longer from now on. Several in a row mean that the sender's clock stood still.
    fn late(&mut self, ahead: i64) -> Verdict {
        let pieces_ago = ahead.unsigned_abs().div_ceil(u64::from(self.step)).saturating_sub(1);
        if pieces_ago < 64 && self.missed >> pieces_ago & 1 == 0 {
            // It was there in time; this is another copy.
            return Verdict::Useless;
        }
        self.n_late += 1;
        self.late_in_a_row += 1;
        if self.late_in_a_row >= LATE_IN_A_ROW {
            return Verdict::Anew;
        }
        if self.delay < MOST_DELAY * self.step {
            self.delay += self.step;
            // The piece that was made up was one more: this packet, if it is the very next, is in time now, and so is the next late one.
            self.head = self.head.map(|head| head.wrapping_sub(self.step));
            self.missed >>= 1;
            if pieces_ago == 0 {
                return Verdict::Keep;
            }
        }
        Verdict::Late
    }

    /// Timestamp of what is to be played now, once enough waits.
    pub(super) fn due(&mut self) -> Option<u32> {
        if !self.has_any {
            return None;
        }
        self.head = self.head.or_else(|| self.ready());
        self.head
    }

    /// Where to start, once enough waits.
    fn ready(&self) -> Option<u32> {
        let waiting = self.newest.wrapping_sub(self.oldest_waiting);
        // What waits longer than the delay (a burst at the start) is skipped.
        let is_burst = waiting > self.delay + 2 * self.step;
        (waiting >= self.delay).then(|| if is_burst { self.newest.wrapping_sub(self.delay) } else { self.oldest_waiting })
    }

    /// What was due has been played, or was missing.
    pub(super) fn played(&mut self, ticks: u32, is_missing: bool) {
        let Some(head) = &mut self.head else { return };
        *head = head.wrapping_add(ticks);
        let reserve = u32::try_from(signed(self.newest.wrapping_sub(*head)).max(0)).unwrap_or(0);
        for _ in 0..ticks.div_ceil(self.step) {
            self.missed = self.missed << 1 | u64::from(is_missing);
        }
        self.least_reserve = self.least_reserve.min(reserve);
        self.pieces += 1;
        if self.pieces >= REVIEW_AFTER {
            self.pieces = 0;
            let spare = std::mem::replace(&mut self.least_reserve, u32::MAX);
            self.is_too_long = spare >= (START_DELAY + 1) * self.step;
        }
    }

    /// Leaves 20 ms out; gives the timestamp where they begin.
    pub(super) fn skip(&mut self) -> Option<u32> {
        self.is_too_long = false;
        self.delay = self.delay.saturating_sub(self.step).max(START_DELAY * self.step);
        let head = self.head?;
        self.head = Some(head.wrapping_add(self.step));
        Some(head)
    }
}

/// The distance as a signed number, across the wrap.
pub(super) fn signed(distance: u32) -> i64 {
    i64::from(distance.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 20 ms given as (arrives in tick, number); says in which ticks nothing was there, and how long they wait in the end.
    fn run(arrivals: &[(u32, u32)], ticks: u32) -> (Vec<u32>, Schedule) {
        let (mut schedule, mut there, mut missing) = (Schedule::new(160), std::collections::HashSet::new(), Vec::new());
        for tick in 0..ticks {
            for (_, number) in arrivals.iter().filter(|(at, _)| *at == tick) {
                match schedule.arrives(number * 160, 160, 1) {
                    Verdict::Keep => drop(there.insert(number * 160)),
                    Verdict::Anew => there = [number * 160].into(),
                    _ => {}
                }
            }
            let Some(head) = schedule.due() else { continue };
            let is_missing = !there.remove(&head);
            if is_missing {
                missing.push(tick);
            }
            schedule.played(160, is_missing);
        }
        (missing, schedule)
    }

    #[test]
    fn a_network_that_is_late_is_given_more_time_and_one_that_is_not_gets_it_back_in_a_quiet_moment() {
        let mut sent: Vec<(u32, u32)> = (0..100).map(|n| (n + if n % 7 == 3 { 5 } else { 0 }, n)).collect();
        sent.extend((100..1200).map(|n| (n, n)));
        let (missing, mut schedule) = run(&sent, 1200);
        assert!(missing.iter().all(|tick| *tick < 60 || *tick > 1195), "{missing:?}");
        assert!(schedule.delay_ms() > 60, "{}", schedule.delay_ms());
        assert!(schedule.is_too_long());
        let before = (schedule.delay_ms(), schedule.due().unwrap());
        assert_eq!(schedule.skip(), Some(before.1));
        assert_eq!((schedule.delay_ms(), schedule.due(), schedule.is_too_long()), (before.0 - 20, Some(before.1 + 160), false));
    }

    #[test]
    fn a_second_copy_of_what_was_played_is_not_late() {
        let mut sent: Vec<(u32, u32)> = (0..60).map(|n| (n, n)).collect();
        sent.extend((0..40).map(|n| (n + 15, n)));
        let (_, schedule) = run(&sent, 55);
        assert_eq!((schedule.n_late(), schedule.delay_ms()), (0, 60));
    }
}
