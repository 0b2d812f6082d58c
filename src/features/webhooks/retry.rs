//! What follows from an attempt: delivered, again later, given up, or given up and paused. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::backoff::Backoff;
use crate::platform::net::Failure;

/// Pauses after the first, second and third failed attempt (seed 002).
const STANDARD: Backoff = Backoff::Steps(&[5, 30, 120]);
/// The same beginning, then up to ten hours: a receiver may be away for most of a day.
const EXTENDED: Backoff = Backoff::Steps(&[5, 30, 120, 600, 1800, 7200, 18_000, 36_000]);
/// The longest wish of a receiver that is granted.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Failed deliveries in a row after which a subscription is paused (seed 002).
pub(super) const MOST_FAILURES: u32 = 20;

/// How patiently a delivery is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Four attempts: pauses of 5, 30 and 120 seconds.
    #[default]
    Standard,
    /// Nine attempts: pauses of 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 5 h and 10 h.
    Extended,
}

impl Schedule {
    /// The word as it is stored.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Extended => "extended",
        }
    }

    /// Reads the stored word.
    pub(super) fn parse(word: &str) -> Self {
        if word == "extended" { Self::Extended } else { Self::Standard }
    }

    fn pauses(self) -> Backoff {
        match self {
            Self::Standard => STANDARD,
            Self::Extended => EXTENDED,
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    /// The receiver answered.
    Status {
        /// Its status.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// It did not.
    Failed(Failure),
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The receiver has it.
    Delivered,
    /// Another attempt after this long.
    Again(Duration),
    /// No further attempt.
    GiveUp,
    /// No further attempt, and the receiver wants no more of anything.
    GiveUpAndPause,
}

/// Decides after attempt number `attempt`, counted from 1.
pub(super) fn decide(schedule: Schedule, attempt: u32, answered: &Answered) -> Next {
    let (status, wish) = match answered {
        Answered::Status { status, retry_after } => (*status, *retry_after),
        Answered::Failed(_) => (0, None),
    };
    match (status, schedule.pauses().after(attempt)) {
        (200..=299, _) => Next::Delivered,
        (410, _) => Next::GiveUpAndPause,
        (_, None) => Next::GiveUp,
        (_, Some(pause)) => Next::Again(wish.map_or(pause, |wish| wish.min(MOST_RETRY_AFTER).max(pause))),
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn read_retry_after(header: &str, now: Millis) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = jiff::fmt::rfc2822::parse(header).ok()?;
    Some(Millis(at.timestamp().as_millisecond()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Answered {
        Answered::Status { status, retry_after: None }
    }

    #[test]
    fn attempts_follow_after_5_30_and_120_seconds_and_then_end() {
        let pauses: Vec<Next> = (1..=4).map(|attempt| decide(Schedule::Standard, attempt, &status(500))).collect();
        let again = |s| Next::Again(Duration::from_secs(s));
        assert_eq!(pauses, [again(5), again(30), again(120), Next::GiveUp]);
        assert_eq!(decide(Schedule::Standard, 1, &Answered::Failed(Failure::Timeout)), again(5));
        assert_eq!(decide(Schedule::Standard, 4, &Answered::Failed(Failure::Broken)), Next::GiveUp);
    }

    #[test]
    fn the_extended_schedule_goes_on_up_to_ten_hours() {
        let pauses: Vec<u64> = (1..=8)
            .map(|attempt| match decide(Schedule::Extended, attempt, &status(500)) {
                Next::Again(pause) => pause.as_secs(),
                other => panic!("{other:?} after attempt {attempt}"),
            })
            .collect();
        assert_eq!(pauses, [5, 30, 120, 600, 1800, 7200, 18_000, 36_000]);
        assert_eq!(decide(Schedule::Extended, 9, &status(500)), Next::GiveUp);
        for schedule in [Schedule::Standard, Schedule::Extended] {
            assert_eq!(Schedule::parse(schedule.as_str()), schedule);
        }
    }

    /// R17: ten thousand deliveries that fail for any reason but 410, by an exact clock.
    #[test]
    fn all_of_ten_thousand_deliveries_keep_the_schedule() {
        let failures = [0, 300, 302, 400, 401, 404, 408, 409, 411, 418, 425, 429, 499, 500, 502, 503, 504, 599];
        for n in 0..10_000_usize {
            let (schedule, expected): (_, &[u64]) = match n % 2 {
                0 => (Schedule::Standard, &[0, 5, 35, 155]),
                _ => (Schedule::Extended, &[0, 5, 35, 155, 755, 2555, 9755, 27_755, 63_755]),
            };
            let (mut at, mut attempts) = (0, Vec::new());
            for attempt in 1.. {
                attempts.push(at);
                let answered = match failures[(n / 2 + attempt as usize * 7) % failures.len()] {
                    0 => Answered::Failed(if n % 4 < 2 { Failure::Timeout } else { Failure::Broken }),
                    code => status(code),
                };
                match decide(schedule, attempt, &answered) {
                    Next::Again(pause) => at += pause.as_secs(),
                    next => {
                        assert_eq!(next, Next::GiveUp);
                        break;
                    }
                }
            }
            assert_eq!(attempts, expected, "delivery {n}");
        }
    }

    #[test]
    fn only_2xx_is_taken_and_410_ends_everything() {
        for taken in [200, 201, 202, 204, 299] {
            assert_eq!(decide(Schedule::Standard, 1, &status(taken)), Next::Delivered);
        }
        for refused in [100, 199, 300, 301, 302, 307, 400, 401, 403, 404, 429, 500, 503, 599] {
            assert!(matches!(decide(Schedule::Standard, 2, &status(refused)), Next::Again(_)), "{refused}");
        }
        assert_eq!(decide(Schedule::Standard, 1, &status(410)), Next::GiveUpAndPause);
    }

    #[test]
    fn a_receivers_wish_to_wait_is_granted_up_to_an_hour_and_never_shortens_the_pause() {
        let wish = |seconds| Answered::Status { status: 503, retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(decide(Schedule::Standard, 1, &wish(60)), Next::Again(Duration::from_secs(60)));
        assert_eq!(decide(Schedule::Standard, 1, &wish(1)), Next::Again(Duration::from_secs(5)));
        assert_eq!(decide(Schedule::Standard, 3, &wish(86_400)), Next::Again(Duration::from_secs(3600)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Millis::parse("2026-01-01T12:00:00Z").expect("a time");
        assert_eq!(read_retry_after(" 90 ", now), Some(Duration::from_secs(90)));
        assert_eq!(read_retry_after("Thu, 01 Jan 2026 12:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(read_retry_after("Thu, 01 Jan 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(read_retry_after("soon", now), None);
        assert_eq!(read_retry_after("-5", now), None);
    }
}
