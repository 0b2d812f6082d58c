//! The decision itself. Pure: what is known about a number and a moment in, a verdict out.

use jiff::tz::TimeZone;

use super::model::{Verdict, WishOrigin};
use super::opening::{Opening, opening};
use super::places::Place;
use super::ranges::Range;
use super::usage::Usage;
use crate::base::Millis;
use crate::base::phone::is_e164;
use crate::features::settings::{EVERYWHERE, OutboundCalls, amount, micros};

/// What is known about a call that somebody wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) phone: &'a str,
    pub(super) origin: WishOrigin,
    pub(super) now: Millis,
    pub(super) place: Option<&'a Place>,
    pub(super) range: Option<&'a Range>,
    pub(super) is_do_not_call: bool,
    pub(super) is_whitelisted: bool,
    /// The countries the carriers are meant for, as far as they say.
    pub(super) homes: &'a [String],
    pub(super) today: Usage,
    /// What a minute to this number costs, in millionths.
    pub(super) minute_micros: i64,
    pub(super) is_off_hours: bool,
}

/// Whether the call may be placed. What is refused for good is refused before what only has to wait.
pub(super) fn decide(known: &Known<'_>, rules: &OutboundCalls) -> Verdict {
    let standing = number(known, rules).or_else(|| lists(known, rules)).or_else(|| cap(known, rules));
    standing.unwrap_or_else(|| hours(known, rules))
}

/// The zones whose clocks count for a number.
pub(super) fn zones<'a>(place: Option<&'a Place>, rules: &'a OutboundCalls) -> &'a [TimeZone] {
    place.map_or_else(|| std::slice::from_ref(&rules.timezone), |place| &place.zones)
}

fn refuse(reason: &'static str, sentence: impl Into<String>) -> Option<Verdict> {
    Some(Verdict::Refuse { reason, sentence: sentence.into() })
}

/// What the number is.
fn number(known: &Known<'_>, rules: &OutboundCalls) -> Option<Verdict> {
    if !is_e164(known.phone) {
        return refuse("not_a_number", "this is not an international number such as +15551234567");
    }
    if rules.allowed_prefixes.iter().any(|prefix| known.phone.starts_with(prefix.as_str())) {
        return None;
    }
    if let Some(range) = known.range {
        return refuse(range.kind, format!("{} are not called from this box", range.what));
    }
    country(known, rules)
}

/// Whether its country is called from here: one that is allowed, else one that the carriers are meant for.
fn country(known: &Known<'_>, rules: &OutboundCalls) -> Option<Verdict> {
    let is_named = !rules.allowed_countries.is_empty();
    let allowed = if is_named { rules.allowed_countries.as_slice() } else { known.homes };
    let country = known.place.map(|place| place.country);
    match country {
        _ if allowed.is_empty() || allowed.iter().any(|allowed| allowed == EVERYWHERE) => None,
        Some(country) if allowed.iter().any(|allowed| allowed == country) => None,
        Some(country) if is_named => refuse("country_not_allowed", format!("numbers of {country} are not called from this box")),
        Some(country) => {
            let sentence =
                format!("numbers of {country} are not called from this box, whose carriers are meant for {}", allowed.join(", "));
            refuse("country_not_allowed", sentence)
        }
        None => refuse("country_not_allowed", "the country of this number is not known, and only some countries are called from this box"),
    }
}

/// Which lists it is on.
fn lists(known: &Known<'_>, rules: &OutboundCalls) -> Option<Verdict> {
    if known.is_do_not_call {
        return refuse("do_not_call", "this number is on the do-not-call list");
    }
    let must_be_listed = rules.only_whitelisted || known.origin == WishOrigin::Planned;
    if must_be_listed && !known.is_whitelisted {
        return refuse("not_whitelisted", "this number is not on the whitelist");
    }
    None
}

/// What the day has had.
fn cap(known: &Known<'_>, rules: &OutboundCalls) -> Option<Verdict> {
    let Usage { n_calls, minutes, off_minutes, spent } = known.today;
    let is_full = |limit: u32, used: u32| limit > 0 && used >= limit;
    if is_full(rules.daily_cap, n_calls) {
        return refuse("daily_cap", format!("the {} calls of this day are used up", rules.daily_cap));
    }
    if is_full(rules.daily_minutes, minutes) {
        return refuse("daily_minutes", format!("the {} minutes of this day are used up", rules.daily_minutes));
    }
    if rules.daily_spend > 0.0 && spent.saturating_add(known.minute_micros) > micros(rules.daily_spend) {
        let (left, price) = (amount((micros(rules.daily_spend) - spent).max(0)), amount(known.minute_micros));
        let sentence = format!("of the {} that calls of this day may cost {left} are left, and a minute costs {price}", rules.daily_spend);
        return refuse("daily_spend", sentence);
    }
    if known.is_off_hours && is_full(rules.off_hours_minutes, off_minutes) {
        return refuse("off_hours_cap", format!("the {} minutes outside business hours are used up", rules.off_hours_minutes));
    }
    None
}

/// What time it is there.
fn hours(known: &Known<'_>, rules: &OutboundCalls) -> Verdict {
    if rules.window.is_off() {
        return Verdict::Allow;
    }
    match opening(&rules.window, zones(known.place, rules), known.now) {
        Opening::Now => Verdict::Allow,
        Opening::At(at) => Verdict::WaitUntil(at),
        Opening::Never => Verdict::Refuse {
            reason: "window_never_open",
            sentence: "the time zones this number may be in are never inside the calling window together".to_owned(),
        },
    }
}
