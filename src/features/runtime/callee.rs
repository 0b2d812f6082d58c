//! Whom a call is for, as people and CRMs write it: an international number, or one with a leading zero that the carrier's country explains.

use super::service::Runtime;
use crate::base::phone::is_e164;
use crate::base::{Error, Result};

/// Longest number as people write it.
const LONGEST_NUMBER: usize = 40;
/// What is said of a text that is no number.
const NO_NUMBER: &str = "must be a number with its country code, such as +15551234567; a number with a leading zero is understood where \
    from_number or the carrier's destination_country says the country";

/// A number that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Callee {
    /// In E.164.
    Number(String),
    /// Digits with one leading zero: what they stand for depends on the country.
    Local(String),
}

impl Callee {
    /// Reads a number: spaces, dots, dashes and brackets go, a leading `00` becomes `+`, international digits get their `+`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST_NUMBER || text.is_empty() {
            return None;
        }
        let rest = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
        if !rest.chars().all(|c| c.is_ascii_digit() || " .-/()\u{a0}".contains(c)) {
            return None;
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let is_marked = rest.len() < text.len();
        if !is_marked && digits.starts_with('0') {
            return Some(Self::Local(digits)).filter(|_| (5..=15).contains(&digits_len(rest)));
        }
        // Fewer than ten digits without a plus may be a local number; guessing would call a stranger.
        if !is_marked && digits.len() < 10 {
            return None;
        }
        let number = format!("+{digits}");
        is_e164(&number).then_some(Self::Number(number))
    }
}

fn digits_len(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// The refusal of a text that is no number.
pub(super) fn no_number(field: &str) -> Error {
    Error::invalid(format!("{field}: {NO_NUMBER}")).field(field, NO_NUMBER)
}

impl Runtime {
    /// The number in E.164. A local one is read by the country of the number that is shown, else by that of the carrier that will be used.
    pub(super) async fn number_of_callee(&self, field: &str, callee: Callee, from_number: Option<&str>) -> Result<String> {
        let digits = match callee {
            Callee::Number(number) => return Ok(number),
            Callee::Local(digits) => digits,
        };
        let shown = from_number.and_then(|from| self.inner.places.country(from)).map(str::to_owned);
        let country = match shown {
            Some(country) => Some(country),
            None => self.country_of_carrier(from_number).await?,
        };
        country.and_then(|country| self.inner.places.international(&digits, &country)).ok_or_else(|| no_number(field))
    }

    async fn country_of_carrier(&self, from_number: Option<&str>) -> Result<Option<String>> {
        let (carriers, places, from) = (self.inner.carriers.clone(), self.inner.places.clone(), from_number.map(str::to_owned));
        self.inner
            .db
            .read(move |conn| {
                let Some(first) = carriers.outbound(conn, from.as_deref())?.into_iter().next() else { return Ok(None) };
                let shown = first.from_number.as_deref().and_then(|from| places.country(from)).map(str::to_owned);
                Ok(first.destination_country.filter(|country| !country.is_empty()).or(shown))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn international_digits_get_their_plus_and_local_ones_are_not_guessed() {
        let number = |text: &str| Some(Callee::Number(text.to_owned()));
        let local = |text: &str| Some(Callee::Local(text.to_owned()));
        for (text, expected) in [
            ("+15551234567", number("+15551234567")),
            ("919876543210", number("+919876543210")),
            ("91 98765-43210", number("+919876543210")),
            ("0049 30 123456", number("+4930123456")),
            ("+1 (555) 123.4567", number("+15551234567")),
            ("09876543210", local("09876543210")),
            ("(020) 7183 8750", local("02071838750")),
            ("0555", None),
            ("5551234", None),
            ("123456789", None),
            ("", None),
            ("+", None),
            ("sip:a@b", None),
            ("+1555123456789012345", None),
        ] {
            assert_eq!(Callee::read(text), expected, "{text}");
        }
    }
}
