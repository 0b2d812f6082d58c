//! Which figures are wanted: the query of a series, read and checked, and the buckets of a zone's own hours, days, weeks and months. Pure.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::base::{Error, Millis, Result};
use crate::features::calls::list::{given, refused, text};
use crate::features::calls::model::Direction;

/// Most buckets of one answer: a month of hours, with room.
const MOST: usize = 750;
/// Longest span of one answer, in days: a year, and the days that whole weeks or months add.
const MOST_DAYS: i64 = 400;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Spans up to this long are shown by hours unless something else is asked for.
const BY_HOURS_MS: i64 = 2 * DAY_MS;

/// Which figures are wanted. An empty parameter is like none.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SeriesQuery {
    /// RFC 3339 time in the first bucket; a week before the end unless given.
    from: Option<String>,
    /// RFC 3339 time after which nothing counts, unless it lies inside a bucket: buckets are always whole. Now unless given.
    to: Option<String>,
    /// `hour`, `day`, `week` (from Monday) or `month`. Unless given: `hour` up to two days, else `day`.
    bucket: Option<String>,
    /// Whose hours and days, such as `Europe/Malta`; `UTC` unless given.
    zone: Option<String>,
    /// Calls of this bot. At most one of bot, number and carrier.
    bot_id: Option<String>,
    /// Calls to this virtual number, or to this dialled number where no virtual number was reached.
    number: Option<String>,
    /// Calls over this carrier.
    carrier_id: Option<String>,
    /// `inbound` or `outbound`. Waits for answers are given for both.
    direction: Option<String>,
}

/// How long a bucket is, by the clocks of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SeriesBucket)]
pub(super) enum Unit {
    /// Sixty minutes.
    Hour,
    /// From midnight to midnight; 23 or 25 hours when clocks change.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The key of `call_slots`.
    pub(super) scope: String,
    pub(super) direction: Option<Direction>,
    pub(super) zone: String,
    pub(super) unit: Unit,
    /// Where each bucket begins, and at last where the last one ends.
    pub(super) bounds: Vec<Millis>,
}

impl SeriesQuery {
    /// The buckets and whose calls. What cannot be read is refused by field.
    pub(super) fn read(&self, now: Millis) -> Result<Wanted> {
        let to = moment("to", &self.to)?.unwrap_or(now);
        let from = moment("from", &self.from)?.unwrap_or(Millis(to.0.saturating_sub(7 * DAY_MS)));
        if from >= to {
            return Err(refused("from", "must be before to"));
        }
        if to.0.saturating_sub(from.0) > MOST_DAYS * DAY_MS {
            return Err(refused("from", "must be at most 400 days before to"));
        }
        let unit = given(&self.bucket).map(|word| Unit::parse(word.trim()).ok_or_else(wrong_unit)).transpose()?;
        let unit = unit.unwrap_or(if to.0 - from.0 <= BY_HOURS_MS { Unit::Hour } else { Unit::Day });
        let name = given(&self.zone).map_or("UTC", str::trim);
        let zone = TimeZone::get(name).map_err(|_| refused("zone", "must be a time zone such as Europe/Malta"))?;
        let direction = given(&self.direction)
            .map(|word| Direction::parse(word.trim()).ok_or_else(|| refused("direction", "must be inbound or outbound")));
        Ok(Wanted {
            scope: self.scope()?,
            direction: direction.transpose()?,
            zone: zone.iana_name().unwrap_or(name).to_owned(),
            unit,
            bounds: bounds(from, to, unit, &zone)?,
        })
    }

    fn scope(&self) -> Result<String> {
        let named = [("bot_id", 'b', &self.bot_id), ("number", 'n', &self.number), ("carrier_id", 'c', &self.carrier_id)];
        let mut scope = String::new();
        for (field, letter, value) in named {
            let Some(value) = text(field, value)? else { continue };
            if !scope.is_empty() {
                return Err(refused(field, "cannot be asked for together with another bot, number or carrier"));
            }
            scope = scope_of(letter, &value);
        }
        Ok(scope)
    }
}

/// The key of a scope; the letters are those of `call_slots`.
pub(super) fn scope_of(letter: char, value: &str) -> String {
    format!("{letter}:{value}")
}

impl Unit {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            _ => return None,
        })
    }

    /// The first day of the bucket that a day lies in.
    fn first(self, day: Date) -> Option<Date> {
        match self {
            Self::Hour | Self::Day => Some(day),
            Self::Week => day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok(),
            Self::Month => Some(day.first_of_month()),
        }
    }

    /// The first day of the next bucket.
    fn next(self, first: Date) -> Option<Date> {
        match self {
            Self::Hour | Self::Day => first.tomorrow().ok(),
            Self::Week => first.checked_add(1.week()).ok(),
            Self::Month => first.checked_add(1.month()).ok(),
        }
    }
}

fn wrong_unit() -> Error {
    refused("bucket", "must be hour, day, week or month")
}

fn moment(field: &str, value: &Option<String>) -> Result<Option<Millis>> {
    let sentence = "must be an RFC 3339 time such as 2026-01-01T12:00:00Z";
    given(value).map(|text| Millis::parse(text.trim()).ok_or_else(|| refused(field, sentence))).transpose()
}

/// Where the buckets begin that `from` to `to` lies in, and where the last one ends.
fn bounds(from: Millis, to: Millis, unit: Unit, zone: &TimeZone) -> Result<Vec<Millis>> {
    let far = || refused("from", "is not a time this box can show");
    let mut bounds = Vec::new();
    let local = zone.to_datetime(Timestamp::from_millisecond(from.0).map_err(|_| far())?);
    if unit == Unit::Hour {
        let since = i64::from(local.minute()) * 60_000 + i64::from(local.second()) * 1000 + i64::from(local.millisecond());
        let mut at = from.0 - since;
        loop {
            push(&mut bounds, at)?;
            if at >= to.0 {
                return Ok(bounds);
            }
            at += HOUR_MS;
        }
    }
    let mut day = unit.first(local.date()).ok_or_else(far)?;
    loop {
        let at = day.to_zoned(zone.clone()).map_err(|_| far())?.timestamp().as_millisecond();
        push(&mut bounds, at)?;
        if at >= to.0 {
            return Ok(bounds);
        }
        day = unit.next(day).ok_or_else(far)?;
    }
}

fn push(bounds: &mut Vec<Millis>, at: i64) -> Result<()> {
    if bounds.len() > MOST {
        return Err(refused("bucket", "makes more than 750 buckets of this time: ask for longer ones or for less time"));
    }
    bounds.push(Millis(at));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(query: Value) -> Result<Wanted> {
        let query: SeriesQuery = serde_json::from_value(query).expect("a query");
        query.read(Millis::parse("2026-06-15T10:20:00Z").expect("a moment"))
    }

    fn starts(query: Value) -> Vec<String> {
        let wanted = read(query).expect("read");
        wanted.bounds.iter().map(|at| Timestamp::from_millisecond(at.0).expect("a moment").to_string()).collect()
    }

    #[test]
    fn buckets_are_whole_hours_days_weeks_and_months_of_the_zone() {
        for (query, first, second, last, n) in [
            (json!({ "from": "2026-06-15T08:20:00Z" }), "2026-06-15T08:00:00Z", "2026-06-15T09:00:00Z", "2026-06-15T11:00:00Z", 4),
            (
                json!({ "from": "2026-06-15T08:20:00Z", "zone": "Asia/Kathmandu" }),
                "2026-06-15T08:15:00Z",
                "2026-06-15T09:15:00Z",
                "2026-06-15T11:15:00Z",
                4,
            ),
            (json!({}), "2026-06-08T00:00:00Z", "2026-06-09T00:00:00Z", "2026-06-16T00:00:00Z", 9),
            (
                json!({ "from": "2026-03-27T23:00:00Z", "to": "2026-03-30T12:00:00Z", "zone": "Europe/Berlin", "bucket": "day" }),
                "2026-03-27T23:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-30T22:00:00Z",
                4,
            ),
            (
                json!({ "from": "2026-06-03T00:00:00Z", "bucket": "week" }),
                "2026-06-01T00:00:00Z",
                "2026-06-08T00:00:00Z",
                "2026-06-22T00:00:00Z",
                4,
            ),
            (
                json!({ "from": "2026-01-31T00:00:00Z", "bucket": "month" }),
                "2026-01-01T00:00:00Z",
                "2026-02-01T00:00:00Z",
                "2026-07-01T00:00:00Z",
                7,
            ),
        ] {
            let found = starts(query.clone());
            assert_eq!(
                (found[0].as_str(), found[1].as_str(), found.last().map(String::as_str), found.len()),
                (first, second, Some(last), n),
                "{query}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_name() {
        for (field, query) in [
            ("from", json!({ "from": "yesterday" })),
            ("to", json!({ "to": "1767268800" })),
            ("from", json!({ "from": "2026-06-16T00:00:00Z" })),
            ("from", json!({ "from": "2024-06-16T00:00:00Z" })),
            ("from", json!({ "from": "-009999-01-02T00:00:00Z", "to": "9999-12-30T00:00:00Z" })),
            ("bucket", json!({ "bucket": "minute" })),
            ("bucket", json!({ "from": "2026-04-01T00:00:00Z", "bucket": "hour" })),
            ("zone", json!({ "zone": "Mars/Olympus" })),
            ("direction", json!({ "direction": "up" })),
            ("carrier_id", json!({ "bot_id": "b", "carrier_id": "c" })),
            ("number", json!({ "number": "1".repeat(201) })),
        ] {
            let refusal = read(query.clone()).expect_err("refused");
            assert_eq!(refusal.fields().first().map(|field| field.field.as_str()), Some(field), "{query}");
        }
    }

    #[test]
    fn the_edge_of_time_is_refused_and_breaks_nothing() {
        for to in ["9999-12-30T20:00:00Z", "0000-01-01T00:00:00Z", "-009999-01-02T00:00:00Z"] {
            for bucket in ["hour", "day", "week", "month"] {
                // Either is fine; what matters is that it answers.
                let _ = read(json!({ "to": to, "bucket": bucket, "zone": "Pacific/Kiritimati" }));
            }
        }
    }

    #[test]
    fn an_hour_that_clocks_repeat_is_two_buckets() {
        let found = starts(json!({ "from": "2026-10-24T23:30:00Z", "to": "2026-10-25T02:30:00Z", "zone": "Europe/Berlin" }));
        assert_eq!(
            found,
            ["2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"]
        );
    }
}
