//! Which country a number belongs to, and which clocks people have there: our own table, `assets/dial/places.csv`.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::base::{Context, Error, Result};
use crate::features::settings::{EVERYWHERE, SettingsDoc};

const TABLE: &str = include_str!("../../../assets/dial/places.csv");
/// Longest prefix in the table.
const LONGEST: usize = 7;

/// Where a number is.
#[derive(Debug)]
pub(super) struct Place {
    /// ISO 3166, two letters.
    pub(super) country: &'static str,
    /// The zones it may be in.
    pub(super) zones: Vec<TimeZone>,
}

/// The table.
#[derive(Debug)]
pub struct Places(HashMap<&'static str, Place>);

impl Places {
    /// The table that comes with the program.
    pub fn built_in() -> Result<Self> {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
        lines.map(entry).collect::<Result<_>>().map(Self)
    }

    /// Where a number in E.164 is; the longest prefix counts.
    pub(super) fn find(&self, phone: &str) -> Option<&Place> {
        let digits = phone.strip_prefix('+')?;
        (1..=LONGEST.min(digits.len())).rev().find_map(|n| self.0.get(digits.get(..n)?))
    }

    /// What numbers of a country begin with, in the narrowest sense that all of them do.
    pub(super) fn calling_code(&self, country: &str) -> Option<&'static str> {
        let codes = self.0.iter().filter(|(_, place)| place.country == country).map(|(prefix, _)| *prefix);
        codes.min_by_key(|prefix| (prefix.len(), *prefix))
    }

    /// Whether every country of the setting `outbound.allowed_countries` is one whose numbers are known.
    pub fn check(&self, settings: &SettingsDoc) -> Result<()> {
        let unknown = settings.outbound.allowed_countries.iter().position(|country| country != EVERYWHERE && !self.has_country(country));
        unknown.map_or(Ok(()), |n| {
            let (field, sentence) = (format!("allowed_countries[{n}]"), "names no country whose numbers are known");
            Err(Error::invalid(format!("{field} {sentence}")).field(field, sentence))
        })
    }

    fn has_country(&self, country: &str) -> bool {
        self.0.values().any(|place| place.country == country)
    }
}

fn entry(line: &'static str) -> Result<(&'static str, Place)> {
    let mut fields = line.split(',');
    let (Some(prefix), Some(country), Some(zones), None) = (fields.next(), fields.next(), fields.next(), fields.next()) else {
        return Err(Error::internal(format!("the table of places has a broken line: {line}")));
    };
    let zones = zones.split(' ').map(TimeZone::get).collect::<Result<Vec<_>, _>>().context("the table of places has an unknown zone")?;
    Ok((prefix, Place { country, zones }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        let places = Places::built_in().unwrap();
        for (phone, country, n_zones) in [
            ("+35621234567", "MT", 1),
            ("+442071838750", "GB", 1),
            ("+447624123456", "IM", 1),
            ("+12125551234", "US", 1),
            ("+15551234567", "US", 8),
            ("+14165551234", "CA", 1),
            ("+18765551234", "JM", 1),
            ("+18085551234", "US", 1),
            ("+74951234567", "RU", 11),
            ("+77271234567", "KZ", 1),
            ("+61212345678", "AU", 7),
            ("+390669812345", "VA", 1),
            ("+390612345678", "IT", 1),
        ] {
            let place = places.find(phone).unwrap();
            assert_eq!((place.country, place.zones.len()), (country, n_zones), "{phone}");
        }
        assert!(places.find("+8811234567").is_none() && places.find("+2101234567").is_none());
        assert!(places.has_country("US") && places.has_country("KZ") && !places.has_country("XX"));
    }
}
