//! Numbers as people write them inside a country, with a leading zero: what they are from everywhere. Pure.

use super::places::Places;
use crate::base::phone::is_e164;

/// Countries where a number is dialled with a zero before it that is not part of it.
const ZERO_IN_FRONT: &str = "AE AF AL AM AR AT AU BA BD BE BG BR CH CN DE DZ EC EG ET FI FR GB GE GH HR ID IE IL IN IQ IR JO JP KE KG KH \
    KR LA LB LK LY MA MD ME MK MM MN MY NA NG NL NP NZ PE PH PK PY RO RS RW SD SE SI SK SY TH TR TW TZ UA UG UY VE VN YE ZA ZM ZW";
/// Countries where the zero is part of the number.
const ZERO_STAYS: &str = "IT";

impl Places {
    /// The country of a number in E.164: two letters.
    pub fn country(&self, phone: &str) -> Option<&'static str> {
        self.find(phone).map(|place| place.country)
    }

    /// The number in E.164 that digits with one leading zero stand for in a country. `None` where numbers have no such zero, and for digits
    /// that are no number there.
    pub fn international(&self, digits: &str, country: &str) -> Option<String> {
        let country = country.to_ascii_uppercase();
        let rest = digits.strip_prefix('0').filter(|rest| !rest.starts_with('0'))?;
        let among = |list: &str| list.split_whitespace().any(|one| one == country);
        let national = if among(ZERO_STAYS) { digits } else { Some(rest).filter(|_| among(ZERO_IN_FRONT))? };
        let number = format!("+{}{national}", self.calling_code(&country)?);
        (is_e164(&number) && self.country(&number) == Some(country.as_str())).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_zero_is_read_as_its_country_does() {
        let places = Places::built_in().unwrap();
        for (digits, country, number) in [
            ("09876543210", "IN", Some("+919876543210")),
            ("02071838750", "gb", Some("+442071838750")),
            ("030123456", "DE", Some("+4930123456")),
            ("0612345678", "FR", Some("+33612345678")),
            ("0398765432", "AU", Some("+61398765432")),
            ("0212345678", "IT", Some("+390212345678")),
            // No zero stands before numbers there, or nothing is known of the country.
            ("0555123456", "US", None),
            ("021234567", "MT", None),
            ("0612345678", "ES", None),
            ("0612345678", "XX", None),
            // An exit code, too short, no zero at all.
            ("00912345678", "IN", None),
            ("0123", "DE", None),
            ("9876543210", "IN", None),
        ] {
            assert_eq!(places.international(digits, country).as_deref(), number, "{digits} {country}");
        }
        assert_eq!((places.country("+35621234567"), places.country("+999")), (Some("MT"), None));
    }
}
