//! How regularly packets leave: a histogram of the time between two packets.

use std::sync::atomic::{AtomicU32, Ordering};

/// Width of a step of the histogram.
const STEP_US: u64 = 100;
/// Steps up to 80 ms; what is longer lands in the last.
const STEPS: usize = 800;

/// Time between two packets of the same stream, in milliseconds. All zero when nothing was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pacing {
    /// Intervals measured.
    pub n: u64,
    /// Half of them are not longer.
    pub p50_ms: f64,
    /// 99 of 100 are not longer.
    pub p99_ms: f64,
    /// 999 of 1000 are not longer.
    pub p999_ms: f64,
    /// The longest (80 when it was longer).
    pub max_ms: f64,
}

/// Counts intervals. The media thread writes, anyone reads.
pub(super) struct Histogram {
    steps: Box<[AtomicU32]>,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { steps: (0..STEPS).map(|_| AtomicU32::new(0)).collect() }
    }

    /// Counts one interval.
    pub(super) fn count(&self, interval_ns: u64) {
        let step = usize::try_from(interval_ns / 1000 / STEP_US).unwrap_or(STEPS).min(STEPS - 1);
        self.steps[step].fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets all intervals, to measure anew.
    pub(super) fn reset(&self) {
        self.steps.iter().for_each(|step| step.store(0, Ordering::Relaxed));
    }

    /// What was counted so far.
    pub(super) fn read(&self) -> Pacing {
        let counts: Vec<u64> = self.steps.iter().map(|step| u64::from(step.load(Ordering::Relaxed))).collect();
        let n: u64 = counts.iter().sum();
        let at = |share: u64| {
            let wanted = (n * share).div_ceil(1000).max(1);
            let mut seen = 0;
            let step = counts.iter().position(|count| {
                seen += count;
                seen >= wanted
            });
            step.map_or(0.0, upper_edge_ms)
        };
        let max_ms = counts.iter().rposition(|count| *count > 0).map_or(0.0, upper_edge_ms);
        Pacing { n, p50_ms: at(500), p99_ms: at(990), p999_ms: at(999), max_ms }
    }
}

#[expect(clippy::cast_precision_loss, reason = "steps are few")]
fn upper_edge_ms(step: usize) -> f64 {
    ((step as u64 + 1) * STEP_US) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_upper_edges_of_their_steps() {
        let histogram = Histogram::new();
        (0..990).for_each(|_| histogram.count(19_950_000));
        (0..10).for_each(|_| histogram.count(31_000_000));
        let pacing = histogram.read();
        assert_eq!((pacing.n, pacing.p50_ms, pacing.p99_ms, pacing.p999_ms), (1000, 20.0, 20.0, 31.1));
        histogram.count(10_000_000_000);
        assert_eq!(histogram.read().max_ms, 80.0);
        histogram.reset();
        assert_eq!(histogram.read(), Pacing::default());
    }
}
