//! Whether a bot takes calls at a moment. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::base::{Error, Millis, Result};
use crate::features::bots::{ActiveHours, BotBody, day_index, minute_of_day};

/// The bot's zone; one that does not exist is UTC.
pub(super) fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| {
        tracing::warn!("A bot names the time zone {name}, which does not exist: UTC is used");
        TimeZone::UTC
    })
}

/// Refuses a call outside the bot's hours (503, `outside_active_hours: …`).
pub(super) fn gate(body: &BotBody, now: Millis) -> Result<()> {
    let Some(hours) = &body.active_hours else { return Ok(()) };
    if is_open(hours, &zone_of(&body.timezone), now) {
        return Ok(());
    }
    let sentence = format!("outside_active_hours: this bot takes calls from {} to {} {}", hours.start_time, hours.end_time, body.timezone);
    Err(Error::unavailable(sentence).code("outside_active_hours"))
}

/// Whether a moment lies in the hours. A window over midnight belongs to the day it began on; equal ends mean the whole day.
fn is_open(hours: &ActiveHours, zone: &TimeZone, now: Millis) -> bool {
    let (Some(start), Some(end)) = (minute_of_day(&hours.start_time), minute_of_day(&hours.end_time)) else { return true };
    let Ok(at) = Timestamp::from_millisecond(now.0) else { return true };
    let local = at.to_zoned(zone.clone());
    let minute = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
    let today = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
    let on = |day: usize| hours.days.is_empty() || hours.days.iter().any(|named| day_index(named) == Some(day % 7));
    if start < end {
        return on(today) && (start..end).contains(&minute);
    }
    if start == end {
        return on(today);
    }
    (on(today) && minute >= start) || (on(today + 6) && minute < end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn open(hours: &serde_json::Value, zone: &str, at: &str) -> bool {
        is_open(&serde_json::from_value(hours.clone()).unwrap(), &zone_of(zone), Millis::parse(at).unwrap())
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_it_began_on() {
        let every = json!({ "start_time": "22:00", "end_time": "06:00" });
        for (at, expected) in [("2026-06-05T23:30:00Z", true), ("2026-06-05T05:00:00Z", true), ("2026-06-05T12:00:00Z", false)] {
            assert_eq!(open(&every, "UTC", at), expected, "{at}");
        }
        // 5 June 2026 is a Friday.
        let friday = json!({ "days": ["fri"], "start_time": "22:00", "end_time": "06:00" });
        for (at, expected) in [("2026-06-05T23:00:00Z", true), ("2026-06-06T05:59:00Z", true), ("2026-06-05T05:00:00Z", false)] {
            assert_eq!(open(&friday, "UTC", at), expected, "{at}");
        }
    }

    #[test]
    fn hours_are_those_of_the_bots_zone() {
        let office = json!({ "days": [0, 1, 2, 3, 4], "start_time": "09:00", "end_time": "17:00" });
        assert!(open(&office, "Europe/Malta", "2026-06-05T07:00:00Z"));
        assert!(!open(&office, "Europe/Malta", "2026-06-05T15:00:00Z"));
        assert!(!open(&office, "Europe/Malta", "2026-06-06T10:00:00Z"), "a Saturday");
        assert!(open(&office, "Nowhere/AtAll", "2026-06-05T09:00:00Z"), "an unknown zone is UTC");
    }
}
