//! Words the flow needs of a language: yes, no, and how to ask back.

/// The words of one language.
pub(super) struct Words {
    /// Tag without region.
    language: &'static str,
    /// Ways to agree.
    pub(super) yes: &'static [&'static str],
    /// Ways to refuse.
    pub(super) no: &'static [&'static str],
    /// The question; `{}` is a phrase of the intent.
    question: &'static str,
    /// Words that say little about what is wanted.
    pub(super) filler: &'static [&'static str],
}

const ENGLISH: Words = Words {
    language: "en",
    yes: &["yes", "yes please", "yeah", "correct", "that is right", "sure", "okay"],
    no: &["no", "no thank you", "nope", "that is wrong"],
    question: "Did you mean: {}? Please say yes or no, or press 1 for yes and 2 for no.",
    filler: &[
        "a", "an", "the", "i", "me", "my", "you", "your", "we", "it", "is", "are", "am", "be", "do", "does", "to", "of", "for", "on", "in",
        "at", "and", "or", "please", "can", "could", "would", "want", "like", "with", "this", "that", "um", "uh", "hello", "hi",
    ],
};

const OTHERS: &[Words] = &[
    Words {
        language: "de",
        yes: &["ja", "ja bitte", "genau", "richtig", "stimmt"],
        no: &["nein", "nein danke", "falsch"],
        question: "Meinten Sie: {}? Bitte sagen Sie ja oder nein, oder drücken Sie 1 für ja und 2 für nein.",
        filler: &[
            "ich", "sie", "der", "die", "das", "ein", "eine", "einen", "mir", "mich", "bitte", "und", "zu", "den", "dem", "ist", "sind",
            "möchte", "kann", "können", "mit", "für", "auf", "in",
        ],
    },
    Words {
        language: "es",
        yes: &["sí", "si", "claro", "correcto"],
        no: &["no", "no gracias"],
        question: "¿Quiso decir: {}? Diga sí o no, o pulse 1 para sí y 2 para no.",
        filler: &[
            "el", "la", "los", "las", "un", "una", "yo", "me", "mi", "por", "favor", "quiero", "de", "a", "y", "con", "para", "en", "es",
        ],
    },
    Words {
        language: "fr",
        yes: &["oui", "oui merci", "exact", "d'accord"],
        no: &["non", "non merci"],
        question: "Vouliez-vous dire : {} ? Dites oui ou non, ou tapez 1 pour oui et 2 pour non.",
        filler: &[
            "le", "la", "les", "un", "une", "je", "vous", "me", "mon", "de", "du", "des", "et", "à", "en", "avec", "pour", "est",
            "voudrais",
        ],
    },
];

/// The words for a BCP 47 tag; English where there are none.
pub(super) fn of(language: &str) -> &'static Words {
    let tag = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    OTHERS.iter().find(|words| words.language == tag).unwrap_or(&ENGLISH)
}

impl Words {
    /// The question back.
    pub(super) fn ask(&self, phrase: &str) -> String {
        self.question.replace("{}", phrase.trim_end_matches(['?', '.', '!']))
    }
}

const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// `12` as `one two`; `None` if there is a key that is not a digit.
pub(super) fn spoken_digits(keys: &str) -> Option<String> {
    let words: Option<Vec<&str>> = keys.chars().map(|key| key.to_digit(10).and_then(|value| DIGITS.get(value as usize)).copied()).collect();
    words.filter(|words| !words.is_empty()).map(|words| words.join(" "))
}
