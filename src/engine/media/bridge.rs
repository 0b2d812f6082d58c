//! Sound from one session to another: a short queue between two streams of the media thread. Bounded, no allocation per packet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most milliseconds that wait: the two streams are served in turn, so that more than a packet or two means one of them stood still.
const MOST_MS: usize = 100;
/// Samples for each millisecond at the faster rate.
const FAST: usize = 16;

/// One direction of a bridge. The writer's rate is kept; the reader takes it at its own.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Queue>>);

struct Queue {
    samples: VecDeque<i16>,
    rate: u32,
}

/// Both directions, as one stream sees them.
pub(super) struct Bridge {
    /// Where what is heard goes.
    pub(super) to: Wire,
    /// Where what is to be said comes from.
    pub(super) from: Wire,
}

impl Bridge {
    /// The two ends of a new bridge.
    pub(super) fn pair() -> (Self, Self) {
        let (one, other) = (Wire::new(), Wire::new());
        (Self { to: one.clone(), from: other.clone() }, Self { to: other, from: one })
    }
}

impl Wire {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Queue { samples: VecDeque::with_capacity(MOST_MS * FAST), rate: 8000 })))
    }

    /// Adds sound; what does not fit pushes the oldest out.
    pub(super) fn put(&self, sound: &[i16], rate: u32) {
        let mut queue = self.queue();
        if queue.rate != rate {
            queue.samples.clear();
            queue.rate = rate;
        }
        let most = MOST_MS * usize::try_from(rate / 1000).unwrap_or(FAST);
        let too_many = (queue.samples.len() + sound.len()).saturating_sub(most).min(queue.samples.len());
        queue.samples.drain(..too_many);
        queue.samples.extend(sound.iter().take(most));
    }

    /// Fills the sound with what waits, then with silence.
    pub(super) fn take(&self, sound: &mut [i16], rate: u32) {
        let mut queue = self.queue();
        match (queue.rate, rate) {
            (8000, 16_000) => {
                for pair in sound.chunks_mut(2) {
                    let now = queue.samples.pop_front().unwrap_or(0);
                    let next = queue.samples.front().copied().unwrap_or(now);
                    pair[0] = now;
                    if let Some(between) = pair.get_mut(1) {
                        *between = middle(now, next);
                    }
                }
            }
            (16_000, 8000) => sound.fill_with(|| {
                let first = queue.samples.pop_front().unwrap_or(0);
                middle(first, queue.samples.pop_front().unwrap_or(first))
            }),
            _ => sound.fill_with(|| queue.samples.pop_front().unwrap_or(0)),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn middle(one: i16, other: i16) -> i16 {
    i16::try_from((i32::from(one) + i32::from(other)) / 2).unwrap_or(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_puts_the_other_end_takes_in_order_and_then_silence() {
        let (one, other) = Bridge::pair();
        one.to.put(&[1, 2, 3, 4], 8000);
        let mut sound = [9; 6];
        other.from.take(&mut sound, 8000);
        assert_eq!(sound, [1, 2, 3, 4, 0, 0]);
        other.to.put(&[7], 8000);
        one.from.take(&mut sound, 8000);
        assert_eq!(sound, [7, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_reader_that_stood_still_gets_the_newest() {
        let (one, other) = Bridge::pair();
        for n in 0..100 {
            one.to.put(&[n; 160], 8000);
        }
        let mut sound = [0; 160];
        other.from.take(&mut sound, 8000);
        assert_eq!(sound[0], 95, "100 ms wait at most");
    }

    #[test]
    fn rates_are_made_to_fit() {
        let (one, other) = Bridge::pair();
        one.to.put(&[0, 100, 200, 300], 8000);
        let mut wide = [0; 8];
        other.from.take(&mut wide, 16_000);
        assert_eq!(wide, [0, 50, 100, 150, 200, 250, 300, 300]);
        one.to.put(&[0, 100, 200, 300], 16_000);
        let mut narrow = [0; 2];
        other.from.take(&mut narrow, 8000);
        assert_eq!(narrow, [50, 250]);
    }
}
