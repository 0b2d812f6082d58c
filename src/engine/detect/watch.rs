//! Weighs what is heard after an answer: tones first, then words, then the length of the greeting. Pure.
//!
//! A machine is a machine once it is found. A person is a guess that words or a beep behind a greeting may still overturn for a while:
//! machines may begin with a short "hello", too.

use super::cadence::Cadence;
use super::phrases::Phrases;
use super::tones::{Tone, Tones};
use super::{Answerer, Finding};
use crate::base::words::normal_words;
use crate::contract::config::AnsweringMachines;

/// How long nothing found yet is looked for, milliseconds after the answer.
const WATCH: u32 = 30_000;
/// How long a person may still turn out to be a machine.
const DOUBT: u32 = 12_000;
/// A tone so soon belongs to the line.
const LINE: u32 = 400;
/// Silence after which somebody waits for us whose greeting was longer than a person's usually is.
const WAITS: u32 = 2_000;
/// A beep so soon behind a greeting is its end.
const BEHIND: u32 = 1_500;
/// Silence after which a machine records although no beep was heard.
const RECORDS: u32 = 2_500;
/// A message is begun at the latest so long after the machine was found.
const AT_LAST: u32 = 45_000;
/// What a fax that calls sends, by mistake or through a switch: half a second, every three and a half.
const CALLING_FAX: (std::ops::RangeInclusive<u16>, std::ops::RangeInclusive<u32>) = (1075..=1125, 400..=600);
/// The time between two of these tones' ends.
const CALLING_FAX_AGAIN: std::ops::RangeInclusive<u32> = 2_800..=4_200;

/// How a call is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchRules {
    /// Nothing was said for so long: it cannot be told.
    pub initial_silence_ms: u32,
    /// Longest greeting of a person.
    pub greeting_ms: u32,
    /// Somebody who goes on for so much longer is a machine.
    pub total_analysis_ms: u32,
    /// Most words of a person's greeting.
    pub max_words: usize,
    /// Whether beeps count.
    pub hears_beeps: bool,
}

impl From<&AnsweringMachines> for WatchRules {
    fn from(declared: &AnsweringMachines) -> Self {
        Self {
            initial_silence_ms: declared.initial_silence_ms,
            greeting_ms: declared.greeting_ms,
            total_analysis_ms: declared.total_analysis_ms,
            max_words: usize::try_from(declared.max_words).unwrap_or(usize::MAX),
            hears_beeps: declared.beep_detection,
        }
    }
}

/// What happens while it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Who answered; a later one overturns it.
    Found(Finding),
    /// The machine records now.
    Records,
}

/// Watches one call from its answer on.
#[derive(Debug)]
pub struct Watch {
    rules: WatchRules,
    phrases: Phrases,
    tones: Tones,
    cadence: Cadence,
    at_ms: u32,
    found: Option<Answerer>,
    found_at: u32,
    /// When a tone ended that a calling fax may have sent.
    maybe_fax_at: Option<u32>,
    has_beeped: bool,
    is_over: bool,
}

impl Watch {
    /// A watch over a call in this language.
    pub fn new(rules: WatchRules, language: &str) -> Self {
        Self {
            rules,
            phrases: Phrases::of(language),
            tones: Tones::default(),
            cadence: Cadence::default(),
            at_ms: 0,
            found: None,
            found_at: 0,
            maybe_fax_at: None,
            has_beeped: false,
            is_over: false,
        }
    }

    /// Whether there is nothing more to find.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// 20 ms of what the far end says, and whether a voice was in it.
    pub fn hear(&mut self, rate: u32, samples: &[i16], is_voice: bool) -> Option<Step> {
        if self.is_over {
            return None;
        }
        let ms = u32::try_from(samples.len()).unwrap_or(0) * 1000 / rate.max(1);
        self.at_ms += ms;
        let tone = self.tones.hear(rate, samples).filter(|_| self.at_ms > LINE);
        self.cadence.hear(is_voice && !self.tones.is_heard(), ms);
        match self.found {
            Some(Answerer::Voicemail) => self.until_it_records(tone),
            Some(Answerer::Ivr | Answerer::Screening | Answerer::Fax) => {
                self.is_over = true;
                None
            }
            found => {
                self.is_over = self.at_ms > if found == Some(Answerer::Human) { DOUBT } else { WATCH };
                self.weigh(tone)
            }
        }
    }

    /// What the far end said, as soon as it is known.
    pub fn words(&mut self, text: &str) -> Option<Step> {
        if !self.is_open() {
            return None;
        }
        let n_words = normal_words(text).len();
        let is_short = (1..=self.rules.max_words).contains(&n_words) && self.cadence.length_ms() <= self.rules.greeting_ms;
        let who = self.phrases.who(text).or(is_short.then_some(Answerer::Human))?;
        self.find(who, "words")
    }

    /// What the far end has said so far, while it still speaks. Only machines that record and filters before a person are known by it: the
    /// rest of a sentence may still turn a greeting into one of them.
    pub fn words_so_far(&mut self, text: &str) -> Option<Step> {
        if !self.is_open() {
            return None;
        }
        let who = self.phrases.who(text).filter(|who| matches!(who, Answerer::Voicemail | Answerer::Screening))?;
        self.find(who, "words")
    }

    /// Whether words may still say that it is somebody else.
    fn is_open(&self) -> bool {
        !self.is_over && matches!(self.found, None | Some(Answerer::Unknown | Answerer::Human))
    }

    fn find(&mut self, who: Answerer, evidence: &'static str) -> Option<Step> {
        if self.found == Some(who) {
            return None;
        }
        self.found = Some(who);
        self.found_at = self.at_ms;
        Some(Step::Found(Finding { who, after_ms: self.at_ms, evidence }))
    }

    fn weigh(&mut self, tone: Option<Tone>) -> Option<Step> {
        if let Some(found) = self.weigh_tone(tone) {
            return Some(found);
        }
        if self.found == Some(Answerer::Human) {
            return None;
        }
        let (length, silence) = (self.cadence.length_ms(), self.cadence.silence_ms());
        if length >= self.rules.greeting_ms + self.rules.total_analysis_ms {
            return self.find(Answerer::Voicemail, "long_greeting");
        }
        if self.cadence.is_over() && length <= self.rules.greeting_ms {
            return self.find(Answerer::Human, "short_greeting");
        }
        if self.cadence.is_over() && silence >= WAITS {
            return self.find(Answerer::Human, "answer");
        }
        let is_silent = !self.cadence.has_begun() && self.maybe_fax_at.is_none() && self.at_ms >= self.rules.initial_silence_ms;
        if is_silent && self.found.is_none() { self.find(Answerer::Unknown, "silence") } else { None }
    }

    fn weigh_tone(&mut self, tone: Option<Tone>) -> Option<Step> {
        let (hertz, ms) = match tone {
            Some(Tone::Fax) => return self.find(Answerer::Fax, "fax_tone"),
            Some(Tone::Beep { hertz, ms }) if self.rules.hears_beeps => (hertz, ms),
            _ => {
                // A tone that was not repeated was a beep after all.
                let waited = self.maybe_fax_at.map(|at| self.at_ms - at);
                return if waited.is_some_and(|ms| ms > *CALLING_FAX_AGAIN.end()) { self.beeped() } else { None };
            }
        };
        if CALLING_FAX.0.contains(&hertz) && CALLING_FAX.1.contains(&ms) && !self.cadence.has_begun() {
            let since = self.maybe_fax_at.replace(self.at_ms).map(|at| self.at_ms - at);
            return if since.is_some_and(|ms| CALLING_FAX_AGAIN.contains(&ms)) { self.find(Answerer::Fax, "fax_tone") } else { None };
        }
        let ends_a_greeting = self.cadence.length_ms() > self.rules.greeting_ms / 2 && self.cadence.silence_ms() <= BEHIND + ms;
        if self.found == Some(Answerer::Human) && !ends_a_greeting {
            return None;
        }
        self.beeped()
    }

    fn beeped(&mut self) -> Option<Step> {
        self.has_beeped = true;
        self.find(Answerer::Voicemail, "beep")
    }

    fn until_it_records(&mut self, tone: Option<Tone>) -> Option<Step> {
        let has_beeped = self.has_beeped || (self.rules.hears_beeps && matches!(tone, Some(Tone::Beep { .. })));
        let waits = self.cadence.silence_ms() >= RECORDS || self.at_ms - self.found_at >= AT_LAST;
        if !has_beeped && !waits {
            return None;
        }
        self.is_over = true;
        Some(Step::Records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn rules() -> WatchRules {
        WatchRules::from(&AnsweringMachines::default())
    }

    /// What is found in a pattern of 100 ms each: `#` voice, `.` silence, `b` a beep of 1000 Hz, `c` of 1100 Hz, `f` of 2100 Hz.
    fn found(pattern: &str) -> Vec<(&'static str, &'static str, u32)> {
        let mut watch = Watch::new(rules(), "en-US");
        heard(&mut watch, pattern)
    }

    fn heard(watch: &mut Watch, pattern: &str) -> Vec<(&'static str, &'static str, u32)> {
        let tone = |hertz: f32| -> Vec<i16> { (0..800).map(|n| ((TAU * hertz * n as f32 / 8000.0).sin() * 8000.0) as i16).collect() };
        let mut seen = Vec::new();
        for mark in pattern.chars() {
            let sound = match mark {
                'b' => tone(1000.0),
                'c' => tone(1100.0),
                'f' => tone(2100.0),
                _ => vec![0; 800],
            };
            for piece in sound.chunks(160) {
                match watch.hear(8000, piece, mark == '#') {
                    Some(Step::Found(finding)) => seen.push((finding.who.word(), finding.evidence, finding.after_ms)),
                    Some(Step::Records) => seen.push(("records", "", watch.at_ms)),
                    None => {}
                }
            }
        }
        seen
    }

    fn words(pattern: &str) -> Vec<(&'static str, &'static str)> {
        found(pattern).into_iter().map(|(who, why, _)| (who, why)).collect()
    }

    #[test]
    fn sound_alone_tells_people_machines_and_faxes_apart() {
        let long = "#".repeat(65);
        let table = [
            ("....#####.............".to_owned(), vec![("human", "short_greeting")]),
            ("....####################........".to_owned(), vec![("human", "short_greeting")]),
            ("....##############################.......................".to_owned(), vec![("human", "answer")]),
            (format!("..{long}"), vec![("voicemail", "long_greeting")]),
            (format!("..{long}...bbbb.."), vec![("voicemail", "long_greeting"), ("records", "")]),
            (format!("..{long}{}", ".".repeat(30)), vec![("voicemail", "long_greeting"), ("records", "")]),
            ("..#########################...bbbb..".to_owned(), vec![("voicemail", "beep"), ("records", "")]),
            ("......................bbbb..".to_owned(), vec![("unknown", "silence"), ("voicemail", "beep"), ("records", "")]),
            ("..........................".to_owned(), vec![("unknown", "silence")]),
            ("..ffffffff....".to_owned(), vec![("fax", "fax_tone")]),
            (format!("....ccccc{}ccccc{}", ".".repeat(30), ".".repeat(10)), vec![("fax", "fax_tone")]),
            (format!("....ccccc{}", ".".repeat(50)), vec![("voicemail", "beep"), ("records", "")]),
            // A short hello, then a machine's greeting and its beep.
            (
                "..####.........##################...bbbb..".to_owned(),
                vec![("human", "short_greeting"), ("voicemail", "beep"), ("records", "")],
            ),
            // Somebody's microwave.
            ("..####.....................bbbb..".to_owned(), vec![("human", "short_greeting")]),
            // A tone of the line.
            ("bb..####.............".to_owned(), vec![("human", "short_greeting")]),
        ];
        for (pattern, expected) in &table {
            assert_eq!(&words(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_person_is_known_within_a_second_of_their_hello() {
        let seen = found("...####..........");
        assert_eq!(seen.len(), 1);
        assert!(seen[0].2 <= 1_520, "{seen:?}");
    }

    #[test]
    fn words_decide_and_overturn_a_short_hello() {
        let mut watch = Watch::new(rules(), "en-US");
        heard(&mut watch, "..######...");
        let hello = watch.words("Hello.");
        assert!(matches!(hello, Some(Step::Found(Finding { who: Answerer::Human, evidence: "words", .. }))), "{hello:?}");
        assert_eq!(watch.words("Hello there."), None, "told once");
        heard(&mut watch, "###################...");
        let machine = watch.words("You've reached the mailbox of Bob.");
        assert!(matches!(machine, Some(Step::Found(Finding { who: Answerer::Voicemail, .. }))), "{machine:?}");
        assert_eq!(watch.words("How can I help?"), None, "a machine stays one");
        assert_eq!(heard(&mut watch, "####..bbbb.").first().map(|seen| seen.0), Some("records"));
    }

    #[test]
    fn a_machine_is_known_before_it_has_said_all_and_a_person_is_not() {
        let mut watch = Watch::new(rules(), "en-US");
        heard(&mut watch, "..######");
        for so_far in ["good", "good morning", "good morning julia speaking", "for sales press one"] {
            assert_eq!(watch.words_so_far(so_far), None, "{so_far}");
        }
        let machine = watch.words_so_far("hello you've reached the mailbox");
        assert!(matches!(machine, Some(Step::Found(Finding { who: Answerer::Voicemail, evidence: "words", .. }))), "{machine:?}");
        assert_eq!(watch.words_so_far("hello you've reached the mailbox of bob"), None, "told once");
    }

    #[test]
    fn a_person_is_left_in_peace_after_a_while() {
        let mut watch = Watch::new(rules(), "en-US");
        heard(&mut watch, &format!("..####{}", ".".repeat(130)));
        assert!(watch.is_over());
        assert_eq!(watch.words("Shall I leave a message after the tone?"), None);
    }

    #[test]
    fn menus_and_filters_are_found_by_their_words_only() {
        for (text, who) in [("For sales press 1.", Answerer::Ivr), ("Please state your name.", Answerer::Screening)] {
            let mut watch = Watch::new(rules(), "en-US");
            heard(&mut watch, "..#################...");
            assert!(matches!(watch.words(text), Some(Step::Found(finding)) if finding.who == who), "{text}");
            heard(&mut watch, "..");
            assert!(watch.is_over());
        }
    }
}
