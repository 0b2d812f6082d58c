//! When something is done again and again: at a time of day, or every so many hours. Pure.

use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use crate::base::Millis;

/// What a text must look like.
const SHAPE: &str = "must be off, a time of day such as 03:00, or an interval such as 6h";
const HOUR: Duration = Duration::from_secs(3600);

/// When it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Schedule {
    /// Never.
    Off,
    /// Once a day, at this minute of the day.
    Daily(u16),
    /// Every so many hours.
    Every(u16),
}

impl Schedule {
    /// The moment it is due next, when it was last done (or the schedule began to count) at `last`.
    pub fn next(self, last: Millis, zone: &TimeZone) -> Option<Millis> {
        match self {
            Self::Off => None,
            Self::Every(hours) => Some(last.plus(HOUR * u32::from(hours))),
            Self::Daily(minute) => {
                let last_at = Timestamp::from_millisecond(last.0).ok()?.to_zoned(zone.clone());
                let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
                let on = |day: &jiff::Zoned| day.date().at(hour, minute, 0, 0).to_zoned(zone.clone()).ok();
                let today = on(&last_at)?;
                let next = if today > last_at { today } else { on(&last_at.checked_add(1.day()).ok()?)? };
                Some(Millis(next.timestamp().as_millisecond()))
            }
        }
    }

    /// The longest time between two of them; none when it is off.
    pub fn period(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::Daily(_) => Some(HOUR * 24),
            Self::Every(hours) => Some(HOUR * u32::from(hours)),
        }
    }
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = |text: &str, most: u16| {
            let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u16>().ok()).flatten().filter(|n| *n <= most)
        };
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(hours) = text.strip_suffix('h') {
            return digits(hours, 720).filter(|n| *n > 0).map(Self::Every).ok_or_else(|| SHAPE.to_owned());
        }
        let time = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2);
        let minute = time.and_then(|(hour, minute)| Some(digits(hour, 23)? * 60 + digits(minute, 59)?));
        minute.map(Self::Daily).ok_or_else(|| SHAPE.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_schedules() {
        let cases = [("off", Schedule::Off), ("03:00", Schedule::Daily(180)), ("23:59", Schedule::Daily(1439)), ("6h", Schedule::Every(6))];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "3:00", "24:00", "03:60", "0h", "721h", "h", "daily", "-1h", "03:00:00"] {
            assert!(text.parse::<Schedule>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_next_moment_follows_the_clock_on_the_wall() {
        let at = |text: &str| Millis::parse(text).unwrap();
        let malta = TimeZone::get("Europe/Malta").unwrap();
        for (schedule, last, next) in [
            ("03:00", "2026-06-01T00:30:00Z", "2026-06-01T01:00:00.000Z"),
            ("03:00", "2026-06-01T01:00:00Z", "2026-06-02T01:00:00.000Z"),
            ("03:00", "2026-10-24T05:00:00Z", "2026-10-25T02:00:00.000Z"),
            ("02:30", "2026-03-28T10:00:00Z", "2026-03-29T01:30:00.000Z"),
            ("6h", "2026-06-01T00:30:00Z", "2026-06-01T06:30:00.000Z"),
        ] {
            let schedule: Schedule = schedule.parse().unwrap();
            assert_eq!(schedule.next(at(last), &malta).unwrap().to_string(), next, "{schedule:?} after {last}");
        }
        assert_eq!(Schedule::Off.next(Millis(0), &malta), None);
    }
}
