//! Whether speech is heard, by its energy. A phone of the lab talks to synthetic voices on clean lines; that is all it takes.

use std::time::{Duration, Instant};

/// Mean level of 20 ms that counts as speech (about -40 dB).
const LEVEL: u32 = 250;

/// Pauses up to this long belong to speech.
const PAUSE: Duration = Duration::from_millis(160);

const FRAME: Duration = Duration::from_millis(20);

/// Listens to frames of 20 ms as they come.
#[derive(Default)]
pub(super) struct Ear {
    first: Option<Instant>,
    last: Option<Instant>,
    n_frames: u32,
}

impl Ear {
    /// Takes a frame that ended at `now`.
    pub(super) fn hear(&mut self, samples: &[i16], now: Instant) {
        if is_loud(samples) {
            self.first.get_or_insert(now.checked_sub(FRAME).unwrap_or(now));
            self.last = Some(now);
            self.n_frames += 1;
        }
    }

    /// When speech was first heard.
    pub(super) fn first(&self) -> Option<Instant> {
        self.first
    }

    /// Whether the far end is speaking.
    pub(super) fn is_hearing(&self, now: Instant) -> bool {
        self.silence(now).is_some_and(|silence| silence < PAUSE)
    }

    /// How long nothing has been heard; `None` if nothing ever was.
    pub(super) fn silence(&self, now: Instant) -> Option<Duration> {
        self.last.map(|last| now.saturating_duration_since(last))
    }

    /// When it was last heard.
    pub(super) fn last(&self) -> Option<Instant> {
        self.last
    }

    /// Speech heard so far.
    pub(super) fn seconds(&self) -> f64 {
        f64::from(self.n_frames) * FRAME.as_secs_f64()
    }
}

fn is_loud(samples: &[i16]) -> bool {
    let sum: u32 = samples.iter().map(|sample| u32::from(sample.unsigned_abs())).sum();
    !samples.is_empty() && sum / u32::try_from(samples.len()).unwrap_or(u32::MAX) >= LEVEL
}

/// Samples of silence at the start of a clip.
pub(super) fn lead(samples: &[i16], rate: u32) -> Duration {
    let frame = (rate / 50).max(1) as usize;
    let n_quiet = samples.chunks(frame).take_while(|frame| !is_loud(frame)).count();
    FRAME * u32::try_from(n_quiet).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Clock, Millis};

    #[test]
    fn speech_is_counted_and_short_pauses_belong_to_it() {
        let start = Clock::manual(Millis(0)).monotonic();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut ear = Ear::default();
        ear.hear(&[0; 160], at(20));
        assert!(!ear.is_hearing(at(20)) && ear.silence(at(20)).is_none());
        for n in 2..7 {
            ear.hear(&[3000; 160], at(n * 20));
        }
        assert_eq!(ear.first(), Some(at(20)));
        assert!(ear.is_hearing(at(220)) && !ear.is_hearing(at(300)));
        assert_eq!(ear.silence(at(1120)), Some(Duration::from_secs(1)));
        assert!((ear.seconds() - 0.1).abs() < 1e-9);
    }

    #[test]
    fn the_silence_before_a_line_is_measured() {
        let mut samples = vec![0; 1600];
        samples.extend([4000; 320]);
        assert_eq!(lead(&samples, 16_000), Duration::from_millis(100));
    }
}
