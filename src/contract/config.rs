//! The call-time contract: what `GET /api/v1/config/{bot_id}` answers and a call runs on (contract §2.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::base::id::{BotId, CallId, SessionId};
use crate::contract::callback::CallbackOffer;
use crate::contract::flow::Flow;
use crate::contract::mcp::McpServer;
pub use crate::contract::provider::ProviderSpec;
pub use crate::contract::wire_secret::WireSecret;

/// Everything the engine needs to hold one call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CallConfig {
    /// Key of the call; the result is posted under it.
    pub session_id: SessionId,
    /// The CodeB key of the same call.
    pub call_id: CallId,
    /// The bot that speaks.
    pub bot_id: BotId,
    /// Version of the bot that is being run.
    #[serde(default)]
    pub bot_version: u32,
    /// Where the result goes: `<public base>/api/v1/call-results`.
    pub webhook_url: String,
    /// Instructions for a language model.
    pub system_prompt: String,
    /// The first thing the bot says (after the disclosure).
    pub opening_message: String,
    /// That the caller speaks with an AI; spoken first. Empty: nothing is said (audited on the bot).
    #[serde(default)]
    pub disclosure: String,
    /// What the bot says when a provider fails, so that no call ends in silence.
    #[serde(default)]
    pub failure_message: String,
    /// BCP 47 tag such as `en-US`.
    #[serde(default = "default_language")]
    pub language: String,
    /// IANA zone of the bot.
    #[serde(default = "default_timezone")]
    pub timezone: String,
    /// What to say to a silent caller, and after how long.
    #[serde(default)]
    pub re_engagement: Option<ReEngagement>,
    /// Words a caller must say before an interruption keeps the bot silent.
    #[serde(default = "default_min_words")]
    pub min_words_interruption: u32,
    /// When the caller has finished.
    #[serde(default)]
    pub turn_taking: TurnTaking,
    /// What happens when a machine answers a call that we place.
    #[serde(default)]
    pub answering_machines: AnsweringMachines,
    /// The call ends after this many seconds.
    #[serde(default = "default_max_seconds")]
    pub max_call_duration_seconds: u32,
    /// Left on an answering machine.
    #[serde(default)]
    pub voicemail_message: String,
    /// Said before a transfer.
    #[serde(default)]
    pub pre_transfer_message: String,
    /// Whether and how the call is recorded.
    #[serde(default)]
    pub recording_mode: RecordingMode,
    /// What is said when `recording_mode` is `announce`, or asked when it is `ask`.
    #[serde(default)]
    pub recording_notice: String,
    /// How the recording is kept.
    #[serde(default)]
    pub recording_format: RecordingFormat,
    /// Whether it goes on while a card number is read out.
    #[serde(default)]
    pub record_cards: bool,
    /// Speech to text.
    pub stt: ProviderSpec,
    /// What decides the answers: a language model or `flow`.
    pub llm: ProviderSpec,
    /// Text to speech.
    pub tts: ProviderSpec,
    /// Taken in turn when `stt` fails.
    #[serde(default)]
    pub stt_fallbacks: Vec<ProviderSpec>,
    /// Taken in turn when `llm` fails.
    #[serde(default)]
    pub llm_fallbacks: Vec<ProviderSpec>,
    /// Taken in turn when `tts` fails.
    #[serde(default)]
    pub tts_fallbacks: Vec<ProviderSpec>,
    /// Data of the `flow` responder.
    #[serde(default)]
    pub flow: Option<Flow>,
    /// Tools declared on the bot.
    #[serde(default)]
    pub tools: Vec<Value>,
    /// Servers whose tools the bot may use.
    #[serde(default)]
    pub mcp_servers: Vec<McpServer>,
    /// Whether and how callers may ask to be called back.
    #[serde(default)]
    pub callback: Option<CallbackOffer>,
    /// Conversation policy, as the bot declares it.
    #[serde(default)]
    pub conversation_policy: Option<Value>,
    /// Named numbers a transfer may go to.
    #[serde(default)]
    pub transfer_numbers: BTreeMap<String, String>,
    /// Targets a transfer may go to.
    #[serde(default)]
    pub transfer_targets: Vec<Value>,
    /// Those numbers and names among them that this box has itself, and who is there. They are reached inside, without a carrier.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transfer_inside: BTreeMap<String, Within>,
    /// Prompt of the analysis after the call.
    #[serde(default)]
    pub post_call_analysis_prompt: Option<String>,
    /// Whether the analysis prompt is cached at the provider.
    #[serde(default)]
    pub post_call_cache_enabled: bool,
    /// Version of the cached analysis prompt.
    #[serde(default)]
    pub post_call_cache_version: String,
    /// Provider's own cache handle.
    #[serde(default)]
    pub post_call_cache: Option<Value>,
    /// Prompt of the quality check after the call.
    #[serde(default)]
    pub qc_prompt: Option<String>,
    /// Dispositions set without analysis.
    #[serde(default)]
    pub auto_dispositions: Option<Value>,
    /// Whether wishes to be called back are to be noticed.
    #[serde(default)]
    pub callback_detection_enabled: bool,
    /// Whether answers are looked up in knowledge bases.
    #[serde(default)]
    pub knowledge_enabled: bool,
    /// When to look something up, in words for the model.
    #[serde(default)]
    pub knowledge_trigger_instructions: String,
    /// The knowledge bases.
    #[serde(default)]
    pub knowledge_kb_ids: Vec<String>,
    /// Passages per question.
    #[serde(default = "default_top_k")]
    pub knowledge_top_k: u32,
    /// Passages below this score are left out.
    #[serde(default)]
    pub knowledge_score_threshold: f64,
    /// Whether the bot may answer from passages only.
    #[serde(default)]
    pub knowledge_strict: bool,
    /// Said when no passage answers and `knowledge_strict` holds.
    #[serde(default)]
    pub knowledge_fallback_message: String,
    /// What a caller may ask by the words of the documents' headings; for recognisers that know only phrases they were told.
    #[serde(default)]
    pub knowledge_phrases: Vec<String>,
    /// Where a transfer may go at all: numbers, names of targets, SIP URIs, beginnings such as `+356*`. Absent: wherever the bot declares.
    /// Whatever is not on the list is refused before anything is sent.
    #[serde(default)]
    pub transfer_allowed: Option<Vec<String>>,
    /// Pause between the answer and the first word, in milliseconds.
    #[serde(default)]
    pub start_ms: u32,
    /// The call is an announcement: `opening_message` is all that is said.
    #[serde(default)]
    pub announcement: Option<Announcement>,
    /// The call is a rehearsal: tools that ask somebody else are not carried out, and nobody is transferred.
    #[serde(default)]
    pub is_rehearsal: bool,
    /// Names of things the engine must note on the call at its start, such as `prompt_not_executable`.
    #[serde(default)]
    pub notices: Vec<String>,
}

/// Who is at a number of this box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// A bot, or the voice of an announcement.
    Bot,
    /// The telephones of a person.
    Phone,
}

/// A call that only speaks a text; what the caller says or types is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Announcement {
    /// Whether the text is said again and again, until the caller hangs up or the time is over. Otherwise the call ends after it.
    #[serde(default)]
    pub is_looped: bool,
}

/// What to do when the caller says nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReEngagement {
    /// Silence before the bot speaks again, in milliseconds.
    pub after_ms: u32,
    /// What it says.
    pub message: String,
    /// How often, before it ends the call.
    #[serde(default = "default_re_engagements")]
    pub times: u32,
}

/// When a caller has finished speaking, and what is no interruption. Times are milliseconds of silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TurnTaking {
    /// Ends what the caller says where nothing tells whether it is finished: 200 to 3000.
    pub end_of_turn_ms: u32,
    /// After a finished sentence, where the words are known in time: 200 to 3000, at most `end_of_turn_ms`.
    pub after_sentence_ms: u32,
    /// After a hesitation ("um", "and"): at least `end_of_turn_ms`, at most 5000.
    pub after_hesitation_ms: u32,
    /// Words that, said while the bot speaks, do not interrupt it; beside those of the language.
    pub fillers: Vec<String>,
    /// When an answer takes longer, the caller is asked for patience, once: 500 to 15000; 0 for never.
    pub thinking_after_ms: u32,
    /// What is said then, in turn. None: the words of the language, as far as the box has any.
    pub thinking_words: Vec<String>,
}

impl Default for TurnTaking {
    fn default() -> Self {
        Self {
            end_of_turn_ms: 700,
            after_sentence_ms: 400,
            after_hesitation_ms: 1500,
            fillers: Vec::new(),
            thinking_after_ms: 2500,
            thinking_words: Vec::new(),
        }
    }
}

/// How it is found out who answered an outbound call, and what follows. The bot speaks meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnsweringMachines {
    /// False: nobody looks, and the bot talks with whoever answers.
    pub enabled: bool,
    /// Nothing was said for so long: it cannot be told. 500 to 10000.
    pub initial_silence_ms: u32,
    /// Longest greeting of a person: 500 to 5000.
    pub greeting_ms: u32,
    /// Whoever speaks on for so much longer is a machine: 250 to 5000.
    pub total_analysis_ms: u32,
    /// Most words of a person's greeting, where a recogniser gives them: 1 to 20.
    pub max_words: u32,
    /// Whether a beep means a machine.
    pub beep_detection: bool,
    /// What follows when a machine records.
    pub on_voicemail: OnMachine,
    /// What follows when a menu answers.
    pub on_ivr: OnMachine,
    /// What follows when a filter asks who is calling.
    pub on_screening: OnMachine,
    /// What follows when a fax answers.
    pub on_fax: OnMachine,
}

impl Default for AnsweringMachines {
    fn default() -> Self {
        Self {
            enabled: true,
            initial_silence_ms: 2_000,
            greeting_ms: 2_000,
            total_analysis_ms: 4_000,
            max_words: 4,
            beep_detection: true,
            on_voicemail: OnMachine::HangUp,
            on_ivr: OnMachine::Continue,
            on_screening: OnMachine::Continue,
            on_fax: OnMachine::HangUp,
        }
    }
}

/// What a bot does with a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMachine {
    /// Ends the call.
    HangUp,
    /// Waits until it records, says `voicemail_message`, and ends the call.
    LeaveMessage,
    /// Talks on.
    Continue,
}

/// Whether a call is recorded (decision 19).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordingMode {
    /// Never.
    Off,
    /// Recorded, and the caller is told.
    #[default]
    Announce,
    /// Recorded once the caller has said yes.
    Ask,
}

/// How a recording is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordingFormat {
    /// WAV: µ-law, or 16 bit where the call has a wide band.
    #[default]
    Wav,
    /// Opus in Ogg: a quarter of the bytes or fewer.
    Ogg,
}

impl RecordingFormat {
    /// Both, the usual one first.
    pub const ALL: [Self; 2] = [Self::Wav, Self::Ogg];

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Ogg => "ogg",
        }
    }
}

fn default_language() -> String {
    "en-US".to_owned()
}

fn default_timezone() -> String {
    "UTC".to_owned()
}

fn default_min_words() -> u32 {
    3
}

fn default_max_seconds() -> u32 {
    600
}

fn default_top_k() -> u32 {
    5
}

fn default_re_engagements() -> u32 {
    2
}
