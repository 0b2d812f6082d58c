//! Numbers as people write them. Pure.

use crate::base::phone::is_e164;

/// Longest text that is looked at.
const LONGEST: usize = 40;

/// The number in E.164: spaces, dots, dashes, slashes and brackets go, a leading `00` becomes `+`. `None` if no country code stands in front.
pub(super) fn tidy(text: &str) -> Option<String> {
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_digit() || " .-/()\u{a0}".contains(c);
    let rest = text.strip_prefix('+').or_else(|| text.strip_prefix("00"))?;
    if text.len() > LONGEST || !rest.chars().all(is_plain) {
        return None;
    }
    let number: String = std::iter::once('+').chain(rest.chars().filter(char::is_ascii_digit)).collect();
    is_e164(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        for (text, number) in [
            ("+15551234567", Some("+15551234567")),
            (" +1 (555) 123-4567 ", Some("+15551234567")),
            ("0044 20 7183.8750", Some("+442071838750")),
            ("+49/30/123456", Some("+4930123456")),
            ("5551234567", None),
            ("(555) 123-4567", None),
            ("+1 555 CALL NOW", None),
            ("+1٥٥٥1234567", None),
            ("+0123456789", None),
            ("+", None),
            ("", None),
            ("++15551234567", None),
            ("+1 555 123 4567 ext. 9", None),
        ] {
            assert_eq!(tidy(text).as_deref(), number, "{text}");
        }
    }
}
