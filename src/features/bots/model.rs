//! What a bot is: the body that is stored with each version, its defaults, and how it looks to a reader.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::BotId;
use crate::contract::config::{ProviderSpec, ReEngagement, RecordingMode, WireSecret};
use crate::contract::flow::Flow;

/// Said first on every call unless the bot says otherwise (decision 19).
pub(crate) const DEFAULT_DISCLOSURE: &str = "Hello, you are speaking with an automated assistant.";
/// Said when a call is recorded and the bot has no words of its own for it.
pub(crate) const DEFAULT_RECORDING_NOTICE: &str = "This call is recorded.";
/// Asked before a recording when the bot has no words of its own for it.
pub(crate) const DEFAULT_RECORDING_QUESTION: &str = "May I record this call? Please say yes or no.";
/// Said when a provider fails and the bot has no words of its own for it.
pub(crate) const DEFAULT_FAILURE_MESSAGE: &str = "I am sorry, something is not working on our side. Please call again later.";

/// Whether a bot takes calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BotStatus {
    /// Being written; takes no calls.
    #[default]
    Draft,
    /// Takes calls.
    Active,
    /// Switched off; takes no calls.
    Inactive,
}

impl BotStatus {
    /// The word that is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// That the caller speaks with an AI: a sentence of the bot's own, or whether ours is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Disclosure {
    /// `true`: the box's sentence. `false`: nothing.
    Said(bool),
    /// The bot's own sentence; an empty one is nothing.
    Words(String),
}

impl Default for Disclosure {
    fn default() -> Self {
        Self::Said(true)
    }
}

impl Disclosure {
    /// The words to say; empty when nothing is said.
    pub fn words(&self) -> &str {
        match self {
            Self::Said(true) => DEFAULT_DISCLOSURE,
            Self::Said(false) => "",
            Self::Words(words) => words.trim(),
        }
    }
}

/// One speech or language provider of a bot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Speech to text: `pocketsphinx`, `openai`, `none`. Answers: `flow`, `openai`, `none`. Text to speech: `flite`, `espeak-ng`,
    /// `openai`, `none`.
    pub provider: String,
    /// Root of an OpenAI-compatible API, such as `http://10.0.0.5:11434/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Key for that API. Reads show it masked; sending the masked text back keeps the stored key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<WireSecret>,
    /// Model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Voice name; for text to speech.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Language, where it differs from the bot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Sampling temperature of a language model, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Longest answer of a language model, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
}

impl Provider {
    /// A provider by its name alone.
    pub fn named(provider: &str) -> Self {
        Self { provider: provider.to_owned(), ..Self::default() }
    }

    /// The provider as the engine gets it.
    pub fn to_spec(&self) -> ProviderSpec {
        ProviderSpec {
            provider: self.provider.clone(),
            base_url: self.base_url.clone(),
            api_key: self.api_key.clone(),
            model: self.model.clone(),
            voice: self.voice.clone(),
            language: self.language.clone(),
            temperature: self.temperature,
            max_tokens: self.max_tokens,
        }
    }
}

/// When a bot takes calls, in its own time zone. A window that ends before it starts runs over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActiveHours {
    /// Days on which a window may begin: `mon` to `sun`, or 0 (Monday) to 6. Empty means every day.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub days: Vec<Value>,
    /// `HH:MM`, the first minute.
    pub start_time: String,
    /// `HH:MM`, the first minute that is outside again.
    pub end_time: String,
}

/// A bot as it is written: the body of POST and PUT, and of each stored version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BotBody {
    /// What people call it.
    pub name: String,
    /// Only an `active` bot takes calls.
    pub status: BotStatus,
    /// The first thing it says (after the disclosure and the recording notice).
    pub opening_message: String,
    /// Instructions for a language model.
    pub system_prompt: String,
    /// BCP 47 tag such as `en-US`.
    pub language: String,
    /// IANA zone such as `Europe/Malta`.
    pub timezone: String,
    /// Speech to text.
    pub stt: Provider,
    /// What decides the answers.
    pub llm: Provider,
    /// Text to speech.
    pub tts: Provider,
    /// Intents; needed when `llm.provider` is `flow`.
    pub flow: Option<Flow>,
    /// The call ends after this many seconds: 1 to 14400.
    pub max_call_duration_seconds: u32,
    /// Words a caller must say before an interruption keeps the bot silent: 0 to 20.
    pub min_words_interruption: u32,
    /// That the caller speaks with an AI; a sentence, or true or false. Removing it is audited.
    pub disclosure: Disclosure,
    /// Whether and how calls are recorded.
    pub recording_mode: RecordingMode,
    /// What is said (`announce`) or asked (`ask`); empty means our sentence.
    pub recording_notice: String,
    /// What the bot says when a provider fails; empty means our sentence.
    pub failure_message: String,
    /// What to say to a silent caller.
    pub re_engagement: Option<ReEngagement>,
    /// Left on an answering machine.
    pub voicemail_message: String,
    /// Said before a transfer.
    pub pre_transfer_message: String,
    /// Tools declared on the bot.
    #[schema(value_type = Vec<Object>)]
    pub tools: Vec<Value>,
    /// Named numbers a transfer may go to.
    pub transfer_numbers: BTreeMap<String, String>,
    /// Targets a transfer may go to.
    #[schema(value_type = Vec<Object>)]
    pub transfer_targets: Vec<Value>,
    /// Prompt of the analysis after a call.
    pub post_call_analysis_prompt: Option<String>,
    /// Whether the analysis prompt is cached at the provider.
    pub post_call_cache_enabled: bool,
    /// Version of the cached analysis prompt.
    pub post_call_cache_version: String,
    /// The provider's own cache handle.
    #[schema(value_type = Option<Object>)]
    pub post_call_cache: Option<Value>,
    /// Where results are pushed after a call.
    #[schema(value_type = Option<Object>)]
    pub post_call_push: Option<Value>,
    /// Prompt of the quality check after a call.
    pub qc_prompt: Option<String>,
    /// Dispositions set without analysis.
    #[schema(value_type = Option<Object>)]
    pub auto_dispositions: Option<Value>,
    /// When it takes calls; null means always.
    pub active_hours: Option<ActiveHours>,
    /// Conversation policy, handed to the engine as it is.
    #[schema(value_type = Option<Object>)]
    pub conversation_policy: Option<Value>,
}

impl Default for BotBody {
    fn default() -> Self {
        Self {
            name: String::new(),
            status: BotStatus::default(),
            opening_message: String::new(),
            system_prompt: String::new(),
            language: "en-US".to_owned(),
            timezone: "UTC".to_owned(),
            stt: Provider::named("pocketsphinx"),
            llm: Provider::named("none"),
            tts: Provider::named("flite"),
            flow: None,
            max_call_duration_seconds: 600,
            min_words_interruption: 3,
            disclosure: Disclosure::default(),
            recording_mode: RecordingMode::default(),
            recording_notice: String::new(),
            failure_message: String::new(),
            re_engagement: None,
            voicemail_message: String::new(),
            pre_transfer_message: String::new(),
            tools: Vec::new(),
            transfer_numbers: BTreeMap::new(),
            transfer_targets: Vec::new(),
            post_call_analysis_prompt: None,
            post_call_cache_enabled: false,
            post_call_cache_version: String::new(),
            post_call_cache: None,
            post_call_push: None,
            qc_prompt: None,
            auto_dispositions: None,
            active_hours: None,
            conversation_policy: None,
        }
    }
}

impl BotBody {
    /// The three providers with the names of their fields.
    pub(crate) fn providers(&self) -> [(&'static str, &Provider); 3] {
        [("stt", &self.stt), ("llm", &self.llm), ("tts", &self.tts)]
    }

    /// The three providers, to change them; in the order of [`BotBody::providers`].
    pub(crate) fn providers_mut(&mut self) -> [&mut Provider; 3] {
        [&mut self.stt, &mut self.llm, &mut self.tts]
    }

    /// What is said about the recording; empty when nothing is recorded.
    pub fn recording_words(&self) -> &str {
        match (self.recording_mode, self.recording_notice.trim()) {
            (RecordingMode::Off, _) => "",
            (RecordingMode::Announce, "") => DEFAULT_RECORDING_NOTICE,
            (RecordingMode::Ask, "") => DEFAULT_RECORDING_QUESTION,
            (_, own) => own,
        }
    }

    /// What is said when a provider fails. Never empty.
    pub fn failure_words(&self) -> &str {
        match self.failure_message.trim() {
            "" => DEFAULT_FAILURE_MESSAGE,
            own => own,
        }
    }
}

/// A bot as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotView {
    /// The bot.
    pub id: BotId,
    /// The published version; counts up with every change.
    pub version: u32,
    /// What was written, credentials masked.
    #[serde(flatten)]
    pub body: BotBody,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// Who made it.
    pub created_by: String,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// One version of a bot in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotVersionView {
    /// Which one; 1 is the oldest.
    pub version: u32,
    /// Whether calls run on it.
    pub is_published: bool,
    /// When it was saved.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// Who saved it.
    pub created_by: String,
}
