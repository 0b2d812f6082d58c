//! What a virtual number is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::{BotId, NumberId};
use crate::contract::config::{RecordingMode, WireSecret};

/// The talk-time limit of a number that names none (contract 4.16).
const DEFAULT_MAX_SECONDS: u32 = 3_500;

/// What answers on a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberMode {
    /// A bot.
    #[default]
    LiveVoiceAi,
    /// A text, spoken. Needs neither a recogniser nor a model.
    Tts,
}

/// Who may call a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Anyone.
    #[default]
    Public,
    /// People who are signed in, such as those whose telephone is registered; and whoever an inbound route leads there.
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
    NumberMode { LiveVoiceAi = "live-voice-ai", Tts = "tts" }
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
    /// The bot that answers. May be left out when the number has a prompt of its own: the default bot then speaks.
    #[serde(default)]
    pub bot_id: Option<BotId>,
    /// Who may call it: a `signed-in` number is not reached by dialling it from outside.
    #[serde(default)]
    pub visibility: Visibility,
    /// Voice on this number; empty means the bot's own.
    #[serde(default)]
    pub voice: String,
    /// Language on this number; empty means the bot's own.
    #[serde(default)]
    pub language: String,
    /// Instructions on this number; empty means the bot's own.
    #[serde(default, alias = "systemPrompt")]
    pub system_prompt: String,
    /// First words on this number; empty means the bot's own.
    #[serde(default, alias = "openingMessage")]
    pub opening_message: String,
    /// Key of the language model on this number; absent means the bot's own. Reads show it masked; a change without it, or with the
    /// masked text, keeps the stored one; an empty text removes it.
    #[serde(default, alias = "gemini_api_key", alias = "geminiApiKey", skip_serializing_if = "Option::is_none")]
    pub api_key: Option<WireSecret>,
    /// Milliseconds between the answer and the first word: 0 to 30000. Absent: 1500 in mode `tts`, else 0.
    #[serde(default, alias = "startMs")]
    pub start_ms: Option<u32>,
    /// What a number in mode `tts` says.
    #[serde(default)]
    pub text: String,
    /// Whether the text is said again and again, until the caller hangs up or the time is over. Mode `tts` only.
    #[serde(default, rename = "loop")]
    pub is_looped: bool,
    /// Whether and how calls are recorded. Absent: as the bot says; in mode `tts`, `announce`.
    #[serde(default)]
    pub recording_mode: Option<RecordingMode>,
    /// Where a transfer may go: numbers, names of targets, SIP URIs, beginnings such as `+356*`. Absent: wherever the bot may transfer.
    /// Empty: nowhere.
    #[serde(default, alias = "transferAllowed")]
    pub transfer_allowed: Option<Vec<String>>,
    /// Whether transcripts of its calls are kept.
    #[serde(default = "yes", alias = "saveTranscripts")]
    pub save_transcripts: bool,
    /// The call ends after this many seconds: 1 to 14400.
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
