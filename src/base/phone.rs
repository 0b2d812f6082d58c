//! Phone numbers as the contract sees them (decision 20): E.164 for dialling, masked in logs.

/// Whether the text is a number that may be dialled: `+`, no leading zero, 7 to 15 digits.
pub fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// How a number looks in a log: only its last four digits.
pub fn mask(number: &str) -> String {
    let n_chars = number.chars().count();
    if n_chars <= 4 {
        return "•".repeat(n_chars);
    }
    format!("…{}", number.chars().skip(n_chars - 4).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_international_numbers_may_be_dialled() {
        for good in ["+15551234567", "+3561234567", "+442071838750"] {
            assert!(is_e164(good), "{good}");
        }
        for bad in ["", "+", "15551234567", "+0123456789", "+123456", "+1234567890123456", "+1555 123", "+1555١٢٣٤"] {
            assert!(!is_e164(bad), "{bad}");
        }
    }

    #[test]
    fn a_masked_number_shows_four_digits() {
        assert_eq!(mask("+15551234567"), "…4567");
        assert_eq!(mask("123"), "•••");
    }
}
