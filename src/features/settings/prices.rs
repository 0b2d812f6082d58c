//! What a minute of an outbound call costs, by how its number begins. Pure.

use super::doc::OutboundCalls;

/// Most that a minute may cost.
pub(super) const MOST_PRICE: f64 = 1000.0;
/// Parts of a unit of money that are counted.
const MICROS: f64 = 1_000_000.0;

/// A line such as `+356=0.02`: what numbers begin with, and their price.
pub(super) fn read(line: &str) -> Option<(&str, f64)> {
    let (prefix, price) = line.split_once('=')?;
    let (prefix, price) = (prefix.trim(), price.trim());
    let is_plain = !price.is_empty() && price.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let price = price.parse::<f64>().ok().filter(|price| is_plain && (0.0..=MOST_PRICE).contains(price))?;
    is_prefix(prefix).then_some((prefix, price))
}

/// Whether numbers can begin like this: `+` and 1 to 15 digits.
pub(super) fn is_prefix(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// An amount of money in millionths.
pub fn micros(amount: f64) -> i64 {
    (amount * MICROS).round() as i64
}

/// Millionths as an amount of money.
pub fn amount(micros: i64) -> f64 {
    micros as f64 / MICROS
}

impl OutboundCalls {
    /// What a minute to a number costs, in millionths: the longest beginning that fits counts.
    pub fn minute_micros(&self, phone: &str) -> i64 {
        let fitting = self.minute_prices.iter().filter_map(|line| read(line)).filter(|(prefix, _)| phone.starts_with(prefix));
        micros(fitting.max_by_key(|(prefix, _)| prefix.len()).map_or(self.minute_price, |(_, price)| price))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_refused() {
        for (line, expected) in [
            ("+356=0.02", Some(("+356", 0.02))),
            (" +1 = 1 ", Some(("+1", 1.0))),
            ("+44=0", Some(("+44", 0.0))),
            ("+=0.1", None),
            ("44=0.1", None),
            ("+44=", None),
            ("+44=-1", None),
            ("+44=1e2", None),
            ("+44=NaN", None),
            ("+44=1001", None),
            ("+44=0.1=0.2", None),
            ("+4x=0.1", None),
            ("+1234567890123456=1", None),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
        assert_eq!((micros(0.02), micros(1e9), amount(1_500_000)), (20_000, 1_000_000_000_000_000, 1.5));
    }
}
