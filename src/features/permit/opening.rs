//! Whether the calling window is open in every zone a number may be in, and when it next is. Pure.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::base::Millis;
use crate::features::settings::Window;

/// Days of one zone that are looked through for a span; a week repeats itself.
const DAYS: i64 = 8;
/// How far ahead all zones together are looked at.
const HORIZON_HOURS: i64 = 15 * 24;

/// When calls may be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// Now.
    Now,
    /// From this moment on.
    At(Millis),
    /// At no moment: the zones are never in the window together.
    Never,
}

/// When the window is open in all zones at once, from `now` on.
pub(super) fn opening(window: &Window, zones: &[TimeZone], now: Millis) -> Opening {
    let Ok(start) = Timestamp::from_millisecond(now.0) else { return Opening::Never };
    let Ok(horizon) = start.checked_add(HORIZON_HOURS.hours()) else { return Opening::Never };
    let mut at = start;
    while at <= horizon {
        // No zone that is closed opens before its next span begins: the latest of them is the earliest moment to look at.
        let closed = zones.iter().filter(|zone| !is_open(window, zone, at));
        let Some(latest) = closed.map(|zone| next_start(window, zone, at)).reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b))) else {
            return if at == start { Opening::Now } else { Opening::At(Millis(at.as_millisecond())) };
        };
        match latest {
            Some(latest) => at = latest,
            None => return Opening::Never,
        }
    }
    Opening::Never
}

/// Whether the clocks of a zone show a time inside the window.
pub(super) fn is_open(window: &Window, zone: &TimeZone, at: Timestamp) -> bool {
    let local = zone.to_datetime(at);
    let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
    let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or_default();
    window.holds(day, minute)
}

/// The first beginning of a span after a moment, by the clocks of a zone.
fn next_start(window: &Window, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let today = zone.to_datetime(after).date();
    (0..=DAYS).find_map(|n| {
        let date = today.checked_add(n.days()).ok()?;
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        let spans = window.spans.iter().filter(|span| span.days.get(day).copied().unwrap_or(false));
        let starts = spans.filter_map(|span| {
            let (hour, minute) = (i8::try_from(span.from / 60).ok()?, i8::try_from(span.from % 60).ok()?);
            // A beginning that the clocks skip is taken as the moment they skip to.
            Some(date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp())
        });
        starts.filter(|start| *start > after).min()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Millis {
        Millis::parse(text).unwrap()
    }

    #[test]
    fn the_window_opens_by_the_clocks_of_every_zone() {
        for (window, zones, now, opens) in [
            ("08:00-21:00", vec!["Europe/Malta"], "2026-06-01T06:00:00Z", Some("2026-06-01T06:00:00Z")),
            ("08:00-21:00", vec!["Europe/Malta"], "2026-06-01T05:59:59.999Z", Some("2026-06-01T06:00:00Z")),
            ("08:00-21:00", vec!["Europe/Malta"], "2026-06-01T18:59:59Z", Some("2026-06-01T18:59:59Z")),
            ("08:00-21:00", vec!["Europe/Malta"], "2026-06-01T19:00:00Z", Some("2026-06-02T06:00:00Z")),
            ("08:00-21:00", vec!["America/New_York", "Pacific/Honolulu"], "2026-06-01T12:00:00Z", Some("2026-06-01T18:00:00Z")),
            ("08:00-21:00", vec!["America/New_York", "Pacific/Honolulu"], "2026-06-02T02:00:00Z", Some("2026-06-02T18:00:00Z")),
            ("10:00-16:00", vec!["America/New_York", "Pacific/Honolulu"], "2026-06-01T12:00:00Z", None),
            ("mon-fri 09:00-17:00", vec!["Europe/Malta"], "2026-06-05T16:00:00Z", Some("2026-06-08T07:00:00Z")),
            // Clocks go forward on 29 March 2026 in Malta: 08:00 is an hour earlier in UTC than the day before.
            ("08:00-21:00", vec!["Europe/Malta"], "2026-03-28T20:30:00Z", Some("2026-03-29T06:00:00Z")),
            ("08:00-21:00", vec!["Europe/Malta"], "2026-03-27T20:30:00Z", Some("2026-03-28T07:00:00Z")),
            // And back on 25 October 2026.
            ("08:00-21:00", vec!["Europe/Malta"], "2026-10-24T20:00:00Z", Some("2026-10-25T07:00:00Z")),
            // A beginning that the clocks skip.
            ("02:30-04:00", vec!["Europe/Malta"], "2026-03-29T00:30:00Z", Some("2026-03-29T01:30:00Z")),
            // A span that the clocks skip as a whole is not met that day.
            ("02:10-02:50", vec!["Europe/Malta"], "2026-03-29T00:30:00Z", Some("2026-03-30T00:10:00Z")),
        ] {
            let zones: Vec<TimeZone> = zones.into_iter().map(zone).collect();
            let expected = match opens {
                None => Opening::Never,
                Some(opens) if opens == now => Opening::Now,
                Some(opens) => Opening::At(at(opens)),
            };
            assert_eq!(opening(&window.parse().unwrap(), &zones, at(now)), expected, "{window} {now}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        /// Over all zones and the years 2025 to 2028 with all their changes of clocks: whatever is allowed is inside the window by the
        /// local clock, and so is the moment that a call is put off to.
        #[test]
        fn no_allowed_moment_lies_outside_the_window(
            n in prop::collection::vec(0_usize..10_000, 1..4),
            seconds in 1_735_689_600_i64..1_861_920_000,
            from in 0_u16..1_380,
            length in 60_u16..1_440,
        ) {
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let zones: Vec<TimeZone> = n.iter().filter_map(|n| TimeZone::get(&names[n % names.len()]).ok()).collect();
            let to = (from + length).min(1_440);
            let text = format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60);
            let window: Window = text.parse().unwrap();
            let now = Millis(seconds * 1_000);
            let moment = match opening(&window, &zones, now) {
                Opening::Now => now,
                Opening::At(at) => {
                    prop_assert!(at > now);
                    at
                }
                Opening::Never => return Ok(()),
            };
            for zone in &zones {
                let local = zone.to_datetime(Timestamp::from_millisecond(moment.0).unwrap());
                let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap();
                prop_assert!((from..to).contains(&minute), "{text} {local} {}", zone.iana_name().unwrap_or("?"));
            }
        }
    }
}
