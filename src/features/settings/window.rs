//! When calls may be placed: days of the week and minutes of the day. Pure.

use std::str::FromStr;

use serde::Deserialize;

/// Minutes of a day.
const DAY: u16 = 24 * 60;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// What a text must look like.
const SHAPE: &str = "must be off, or times such as 08:00-21:00 or mon-fri 09:00-20:00; sat 10:00-16:00";

/// The spans in which calls may be placed. No spans: at any time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Window {
    /// The spans; a moment inside any of them is fine.
    pub spans: Vec<Span>,
}

/// A span of each of some days, within the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which days, Monday first.
    pub days: [bool; 7],
    /// First minute of the day.
    pub from: u16,
    /// The minute it ends before.
    pub to: u16,
}

impl Window {
    /// Whether calls may be placed at any time.
    pub fn is_off(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether a minute of a day (0 is Monday) is inside.
    pub fn holds(&self, day: usize, minute: u16) -> bool {
        let inside = |span: &Span| span.days.get(day).copied().unwrap_or(false) && (span.from..span.to).contains(&minute);
        self.is_off() || self.spans.iter().any(inside)
    }
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        if text == "off" {
            return Ok(Self::default());
        }
        let spans = text.split(';').map(|part| span(part.trim())).collect::<Option<Vec<_>>>();
        spans.map(|spans| Self { spans }).ok_or_else(|| SHAPE.to_owned())
    }
}

fn span(text: &str) -> Option<Span> {
    let (days, times) = match text.rsplit_once(' ') {
        Some((days, times)) => (some_days(days.trim())?, times),
        None => ([true; 7], text),
    };
    let (from, to) = times.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    (from < to).then_some(Span { days, from, to })
}

/// `mon-fri`, `sat`, `mon,wed,fri`; a range may run over the end of the week.
fn some_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    let day = |word: &str| DAYS.iter().position(|day| *day == word.trim());
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        let n_days = (last + 7 - first) % 7;
        for n in 0..=n_days {
            days[(first + n) % 7] = true;
        }
    }
    Some(days)
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u16>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    #[test]
    fn texts_become_days_and_minutes() {
        for (text, day, minute, holds) in [
            ("08:00-21:00", 6, 480, true),
            ("08:00-21:00", 0, 479, false),
            ("08:00-21:00", 0, 1260, false),
            ("mon-fri 09:00-20:00; sat 10:00-16:00", 4, 540, true),
            ("mon-fri 09:00-20:00; sat 10:00-16:00", 5, 540, false),
            ("mon-fri 09:00-20:00; sat 10:00-16:00", 5, 600, true),
            ("mon-fri 09:00-20:00; sat 10:00-16:00", 6, 700, false),
            ("Sat-Mon 00:00-24:00", 0, 1439, true),
            ("sat-mon 00:00-24:00", 1, 0, false),
            ("mon,wed, fri 10:00-11:00", 2, 659, true),
            ("mon,wed, fri 10:00-11:00", 1, 659, false),
            ("off", 3, 3, true),
        ] {
            assert_eq!(window(text).holds(day, minute), holds, "{text} on {day} at {minute}");
        }
    }

    #[test]
    fn what_is_not_a_window_is_refused() {
        for text in
            ["", "on", "8:00-21:00", "08:00", "21:00-08:00", "08:00-08:00", "08:00-25:00", "08:60-09:00", "xyz 08:00-09:00", "08:00-09:00;"]
        {
            assert!(text.parse::<Window>().is_err(), "{text:?}");
        }
    }
}
