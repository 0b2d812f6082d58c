//! What a virtual number is, and whether one can be accepted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{BotId, NumberId};
use crate::base::{Error, Millis, Result};

/// The talk-time limit of a number that names none (contract 4.16).
const DEFAULT_MAX_SECONDS: u32 = 3_500;

/// What answers on a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberMode {
    /// A bot.
    #[default]
    LiveVoiceAi,
}

/// Who may call a number from a browser. Calls over SIP are not affected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Anyone.
    #[default]
    Public,
    /// People who are signed in.
    SignedIn,
}

macro_rules! words {
    ($($type:ident { $($variant:ident = $word:literal),+ })+) => {
        $(
            impl $type {
                /// The word that is stored and shown.
                pub fn word(self) -> &'static str {
                    match self { $(Self::$variant => $word),+ }
                }

                /// The value of a stored word; the default for an unknown one.
                pub(super) fn from_word(word: &str) -> Self {
                    match word { $($word => Self::$variant,)+ _ => Self::default() }
                }
            }
        )+
    };
}

words! {
    NumberMode { LiveVoiceAi = "live-voice-ai" }
    Visibility { Public = "public", SignedIn = "signed-in" }
}

/// A virtual number as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberBody {
    /// Its name; a route may point at it. Unique, whatever the case.
    pub name: String,
    /// What is dialled: digits, or any text a SIP user part may be. Unique.
    pub number: String,
    /// What answers.
    #[serde(default)]
    pub mode: NumberMode,
    /// The bot that answers.
    pub bot_id: BotId,
    /// Who may call it from a browser.
    #[serde(default)]
    pub visibility: Visibility,
    /// Voice of the bot on this number; empty means the bot's own.
    #[serde(default)]
    pub voice: String,
    /// Language of the bot on this number; empty means the bot's own.
    #[serde(default)]
    pub language: String,
    /// Whether transcripts of its calls are kept.
    #[serde(default = "yes", alias = "saveTranscripts")]
    pub save_transcripts: bool,
    /// The call ends after this many seconds: 10 to 14400.
    #[serde(default = "default_max_seconds", alias = "maxDurationSec")]
    pub max_duration_sec: u32,
}

/// A virtual number as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NumberView {
    /// The number's row.
    pub id: NumberId,
    /// What was written.
    #[serde(flatten)]
    pub body: NumberBody,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

fn yes() -> bool {
    true
}

fn default_max_seconds() -> u32 {
    DEFAULT_MAX_SECONDS
}

impl NumberBody {
    /// Cuts spaces off and refuses what cannot be a number, naming the field.
    pub(super) fn checked(mut self) -> Result<Self> {
        for text in [&mut self.name, &mut self.number, &mut self.voice, &mut self.language] {
            *text = text.trim().to_owned();
        }
        let dialled = |c: char| c.is_ascii_alphanumeric() || "+*#-_.".contains(c);
        let fields = [
            ("name", (1..=100).contains(&self.name.chars().count()), "must have 1 to 100 characters"),
            ("number", (1..=64).contains(&self.number.len()), "must have 1 to 64 characters"),
            ("number", self.number.chars().all(dialled), "may have letters, digits and + * # - _ . only"),
            ("number", self.number != "*", "is the catch-all of the inbound routes"),
            ("max_duration_sec", (1..=14_400).contains(&self.max_duration_sec), "must be 1 to 14400"),
        ];
        match fields.into_iter().find(|(_, holds, _)| !holds) {
            Some((field, _, sentence)) => Err(refused(field, sentence)),
            None => Ok(self),
        }
    }
}

/// A refusal of one field.
pub(super) fn refused(field: &'static str, sentence: impl Into<String>) -> Error {
    let sentence = sentence.into();
    Error::invalid(format!("{field}: {sentence}")).field(field, sentence)
}
