//! How fast the far end falls silent when it is spoken to.

use std::time::{Duration, Instant};

use super::ear::Ear;

/// Silence from which on the far end has stopped.
const STOPPED: Duration = Duration::from_millis(200);

/// Measures how fast the far end falls silent when it is spoken to.
#[derive(Default)]
pub(super) struct BargeIn {
    /// Silence before the first sound of the line that is played.
    pub(super) lead: Duration,
    /// First sound of a line that went into the far end's speech.
    since: Option<Instant>,
    measured: Vec<u64>,
}

impl BargeIn {
    /// A line's first packet has left.
    pub(super) fn line_began(&mut self, ear: &Ear, now: Instant) {
        if ear.is_hearing(now) {
            self.since = Some(now + self.lead);
        }
    }

    /// Looks whether the far end has fallen silent.
    pub(super) fn look(&mut self, ear: &Ear, now: Instant) {
        let Some(since) = self.since else { return };
        let is_silent = now >= since && ear.silence(now).is_some_and(|silence| silence >= STOPPED);
        if let (true, Some(last)) = (is_silent, ear.last()) {
            self.measured.push(u64::try_from(last.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX));
            self.since = None;
        }
    }

    /// What was measured.
    pub(super) fn finish(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.measured)
    }
}
