//! Who answered a call that we placed: a person, a machine that records, a menu, a filter before a person, a fax. Found out while the bot
//! speaks already, so that a person never waits for it. It hears pieces of 20 ms and words, and knows no call.
//!
//! `tones` finds beeps, `cadence` how speech and silence follow each other, `phrases` what machines say; `watch` weighs all of it.

mod cadence;
mod phrases;
mod tones;
mod watch;

pub use watch::{Step, Watch, WatchRules};

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// A person.
    Human,
    /// A machine that records.
    Voicemail,
    /// A menu of keys or words, a queue.
    Ivr,
    /// A filter that asks who is calling.
    Screening,
    /// A fax.
    Fax,
    /// Nobody can tell.
    Unknown,
}

impl Answerer {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Human, Self::Voicemail, Self::Ivr, Self::Screening, Self::Fax, Self::Unknown];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Voicemail => "voicemail",
            Self::Ivr => "ivr",
            Self::Screening => "screening",
            Self::Fax => "fax",
            Self::Unknown => "unknown",
        }
    }
}

/// What was found out, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who.
    pub who: Answerer,
    /// Milliseconds after the answer.
    pub after_ms: u32,
    /// `words`, `beep`, `fax_tone`, `long_greeting`, `short_greeting`, `answer` (a longer greeting that nothing followed) or `silence`.
    pub evidence: &'static str,
}
