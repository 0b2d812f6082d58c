//! When to try again: a fixed list of delays, or doubling up to a limit.

use std::time::Duration;

/// The delays between the attempts of something that may fail.
#[derive(Debug, Clone, Copy)]
pub enum Backoff {
    /// These delays in seconds, then give up.
    Steps(&'static [u64]),
    /// Doubling from `first` up to `most`, for ever.
    Doubling {
        /// The delay after the first failure.
        first: Duration,
        /// The longest delay.
        most: Duration,
    },
}

impl Backoff {
    /// The delay after `n_failed` failed attempts (1 or more); `None` means give up.
    pub fn after(&self, n_failed: u32) -> Option<Duration> {
        let n_before = n_failed.saturating_sub(1);
        match self {
            Self::Steps(seconds) => seconds.get(n_before as usize).map(|s| Duration::from_secs(*s)),
            Self::Doubling { first, most } => Some(first.saturating_mul(2u32.saturating_pow(n_before.min(31))).min(*most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_and_doubling_does_not() {
        let steps = Backoff::Steps(&[5, 30, 120]);
        assert_eq!((1..=4).map(|n| steps.after(n).map(|d| d.as_secs())).collect::<Vec<_>>(), [Some(5), Some(30), Some(120), None]);
        let doubling = Backoff::Doubling { first: Duration::from_secs(1), most: Duration::from_secs(30) };
        assert_eq!(doubling.after(3), Some(Duration::from_secs(4)));
        assert_eq!(doubling.after(400), Some(Duration::from_secs(30)));
    }
}
