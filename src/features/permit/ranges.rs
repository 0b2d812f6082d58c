//! Numbers that are refused unless an operator opens them: premium and satellite, `assets/dial/refused.csv`.

use crate::base::{Error, Result};

const TABLE: &str = include_str!("../../../assets/dial/refused.csv");

/// A range of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// Digits its numbers begin with; a dot stands for any digit.
    prefix: &'static str,
    /// `premium` or `satellite`.
    pub(super) kind: &'static str,
    /// What its numbers are.
    pub(super) what: &'static str,
}

/// The table.
#[derive(Debug)]
pub(super) struct Ranges(Vec<Range>);

impl Ranges {
    /// The table that comes with the program.
    pub(super) fn built_in() -> Result<Self> {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
        let range = |line: &'static str| {
            let mut fields = line.splitn(3, ',');
            match (fields.next(), fields.next(), fields.next()) {
                (Some(prefix), Some(kind @ ("premium" | "satellite")), Some(what)) => Ok(Range { prefix, kind, what }),
                _ => Err(Error::internal(format!("the table of refused numbers has a broken line: {line}"))),
            }
        };
        lines.map(range).collect::<Result<_>>().map(Self)
    }

    /// The range a number in E.164 lies in.
    pub(super) fn find(&self, phone: &str) -> Option<&Range> {
        let digits = phone.strip_prefix('+')?.as_bytes();
        let fits = |range: &&Range| {
            let prefix = range.prefix.as_bytes();
            digits.len() >= prefix.len() && prefix.iter().zip(digits).all(|(wanted, digit)| *wanted == b'.' || wanted == digit)
        };
        self.0.iter().find(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn premium_and_satellite_numbers_are_found_and_others_are_not() {
        let ranges = Ranges::built_in().unwrap();
        for (phone, kind) in [
            ("+881612345678", Some("satellite")),
            ("+882161234567", Some("satellite")),
            ("+883510000000", Some("satellite")),
            ("+870773123456", Some("satellite")),
            ("+979123456789", Some("premium")),
            ("+19005551234", Some("premium")),
            ("+12129761234", Some("premium")),
            ("+447012345678", Some("premium")),
            ("+449012345678", Some("premium")),
            ("+339912345678", None),
            ("+338912345678", Some("premium")),
            ("+447912345678", None),
            ("+442071838750", None),
            ("+15551234567", None),
            ("+12125559761", None),
            ("+491711234567", None),
            ("+3531550123456", Some("premium")),
            ("+35315311234", None),
            ("+35699123456", None),
        ] {
            assert_eq!(ranges.find(phone).map(|range| range.kind), kind, "{phone}");
        }
    }
}
