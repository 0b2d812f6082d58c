//! What outbound calls use up: minutes and money. Pure.

use crate::base::Millis;

/// What a day has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Usage {
    pub(super) n_calls: u32,
    /// Minutes, each begun one whole.
    pub(super) minutes: u32,
    /// Those of calls that were dialled outside business hours.
    pub(super) off_minutes: u32,
    /// Money, in millionths.
    pub(super) spent: i64,
}

/// A leg that was dialled: a call's own, or the one of a person it is handed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leg {
    /// The day it was dialled; all of it counts for that day.
    pub(super) day: String,
    pub(super) is_second: bool,
    pub(super) is_off_hours: bool,
    pub(super) minute_micros: i64,
    /// Since when it costs; none before it is answered.
    pub(super) counts_from: Option<Millis>,
}

impl Leg {
    /// What it uses up when it lasts this long.
    pub(super) fn usage(&self, seconds: u64) -> Usage {
        let minutes = u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX);
        let off_minutes = if self.is_off_hours { minutes } else { 0 };
        Usage { n_calls: 0, minutes, off_minutes, spent: self.minute_micros.saturating_mul(i64::from(minutes)) }
    }

    /// What it has used up while it is open: at least the minute that begins when it is answered.
    pub(super) fn so_far(&self, now: Millis) -> Usage {
        self.usage(self.counts_from.map_or(0, |from| now.since(from).as_secs()).max(1))
    }
}

impl Usage {
    /// Both together.
    pub(super) fn and(self, more: Self) -> Self {
        Self {
            n_calls: self.n_calls.saturating_add(more.n_calls),
            minutes: self.minutes.saturating_add(more.minutes),
            off_minutes: self.off_minutes.saturating_add(more.off_minutes),
            spent: self.spent.saturating_add(more.spent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_that_began_counts_whole() {
        let leg = |counts_from| Leg { day: String::new(), is_second: false, is_off_hours: true, minute_micros: 20_000, counts_from };
        for (seconds, minutes) in [(0, 0), (1, 1), (60, 1), (61, 2), (3600, 60)] {
            let used = leg(None).usage(seconds);
            assert_eq!((used.minutes, used.off_minutes, used.spent), (minutes, minutes, 20_000 * i64::from(minutes)), "{seconds}");
        }
        assert_eq!(leg(None).so_far(Millis(900_000)).minutes, 1, "one that rings holds a minute");
        assert_eq!(leg(Some(Millis(900_000))).so_far(Millis(900_000)).minutes, 1);
        assert_eq!(leg(Some(Millis(0))).so_far(Millis(900_000)).minutes, 15);
    }
}
