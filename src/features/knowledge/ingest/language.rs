//! Which language a text is in.

use whatlang::{Lang, detect};

/// Characters that are looked at.
const LOOKED_AT: usize = 8_000;

/// Two letters; empty when the text is too short to tell.
pub(in crate::features::knowledge) fn language(text: &str) -> &'static str {
    let head: String = text.chars().filter(|c| *c != '#').take(LOOKED_AT).collect();
    let Some(found) = detect(&head) else { return "" };
    // Short texts are often mistaken for a rare language; English is the better guess there.
    if !found.is_reliable() && head.is_ascii() {
        return "en";
    }
    code(found.lang())
}

/// The two letters of ISO 639-1.
fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Nob => "no",
        Lang::Fin => "fi",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Tur => "tr",
        Lang::Ell => "el",
        Lang::Ara => "ar",
        Lang::Tam => "ta",
        Lang::Heb => "he",
        Lang::Cmn => "zh",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Ukr => "uk",
        Lang::Hin => "hi",
        Lang::Tha => "th",
        Lang::Vie => "vi",
        _ => "xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_text_is_told() {
        for (text, expected) in [
            ("The reception answers calls between nine and six, and transfers to the engineer on duty.", "en"),
            ("Die Zentrale nimmt Anrufe zwischen neun und achtzehn Uhr entgegen und verbindet mit der Bereitschaft.", "de"),
            ("电话系统的营业时间是上午九点到下午六点", "zh"),
            ("شركة الهاتف مفتوحة من التاسعة صباحا حتى السادسة مساء كل يوم", "ar"),
            ("", ""),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}
