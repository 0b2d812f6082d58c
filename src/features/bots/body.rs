//! What a bot is: the body that is stored with each version, and its defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::rules::{ActiveHours, AutoDispositions, CallbackPromptInjection, Callbacks, SipHeaderConfig};
use super::tool::{Tool, TransferTarget};
use crate::contract::config::{AnsweringMachines, ProviderSpec, ReEngagement, RecordingFormat, RecordingMode, TurnTaking};
use crate::contract::crm::{CrmPrefetch, PostCallPush};
use crate::contract::flow::Flow;
use crate::contract::mcp::McpServer;

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
    /// The status of a stored word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Draft, Self::Active, Self::Inactive].into_iter().find(|status| status.word() == word)
    }

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

/// How long what is kept of a bot's calls, where that differs from the settings: days after the beginning of a call, 0 for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BotRetention {
    /// Recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_days: Option<u32>,
    /// What was said and what happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript_days: Option<u32>,
    /// Analysis and quality check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis_days: Option<u32>,
    /// The calls themselves, and with them everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_days: Option<u32>,
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
    pub stt: ProviderSpec,
    /// What decides the answers.
    pub llm: ProviderSpec,
    /// Text to speech.
    pub tts: ProviderSpec,
    /// Taken in turn when `stt` fails; at most 5.
    pub stt_fallbacks: Vec<ProviderSpec>,
    /// Taken in turn when `llm` fails; at most 5.
    pub llm_fallbacks: Vec<ProviderSpec>,
    /// Taken in turn when `tts` fails; at most 5.
    pub tts_fallbacks: Vec<ProviderSpec>,
    /// Intents; needed when `llm.provider` is `flow`.
    pub flow: Option<Flow>,
    /// The call ends after this many seconds: 1 to 14400.
    pub max_call_duration_seconds: u32,
    /// Words a caller must say before an interruption keeps the bot silent: 0 to 20.
    pub min_words_interruption: u32,
    /// When a caller has finished speaking, and what does not interrupt the bot.
    pub turn_taking: TurnTaking,
    /// What happens when a machine answers an outbound call.
    pub answering_machines: AnsweringMachines,
    /// That the caller speaks with an AI; a sentence, or true or false. Removing it is audited.
    pub disclosure: Disclosure,
    /// Whether and how calls are recorded.
    pub recording_mode: RecordingMode,
    /// What is said (`announce`) or asked (`ask`); empty means our sentence.
    pub recording_notice: String,
    /// How recordings are kept: `wav`, or `ogg` (Opus) with a quarter of the bytes or fewer.
    pub recording_format: RecordingFormat,
    /// Whether a recording goes on while a card number is read out. Usually that is left out.
    pub record_cards: bool,
    /// What the bot says when a provider fails; empty means our sentence.
    pub failure_message: String,
    /// What to say to a silent caller.
    pub re_engagement: Option<ReEngagement>,
    /// Left on an answering machine.
    pub voicemail_message: String,
    /// Said before a transfer.
    pub pre_transfer_message: String,
    /// HTTP tools a language model may call.
    pub tools: Vec<Tool>,
    /// Servers whose tools a language model may call.
    pub mcp_servers: Vec<McpServer>,
    /// Whether and how people may ask to be called back.
    pub callbacks: Callbacks,
    /// Named numbers a transfer may go to.
    pub transfer_numbers: BTreeMap<String, String>,
    /// Targets a transfer may go to.
    pub transfer_targets: Vec<TransferTarget>,
    /// Prompt of the analysis after a call.
    pub post_call_analysis_prompt: Option<String>,
    /// Whether the analysis prompt is cached at the provider.
    pub post_call_cache_enabled: bool,
    /// Version of the cached analysis prompt.
    pub post_call_cache_version: String,
    /// The provider's own cache handle.
    #[schema(value_type = Option<Object>)]
    pub post_call_cache: Option<Value>,
    /// What is fetched from a CRM at the start of a call.
    pub crm_prefetch: Option<CrmPrefetch>,
    /// Where results are pushed after a call.
    pub post_call_push: Option<PostCallPush>,
    /// Prompt of the quality check after a call.
    pub qc_prompt: Option<String>,
    /// Dispositions set without analysis, where they differ from the usual ones.
    pub auto_dispositions: Option<AutoDispositions>,
    /// When it takes calls; null means always.
    pub active_hours: Option<ActiveHours>,
    /// Conversation policy, handed to the engine as it is.
    #[schema(value_type = Option<Object>)]
    pub conversation_policy: Option<Value>,
    /// How long what is kept of its calls, where that differs from the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<BotRetention>,
    /// Which SIP headers of a call become variables; null means none.
    pub sip_header_config: Option<SipHeaderConfig>,
    /// What is added to the prompt of a campaign's call so that wishes to be called back are noticed.
    pub callback_prompt_injection: Option<CallbackPromptInjection>,
    /// Whether answers are looked up in knowledge bases.
    pub knowledge_enabled: bool,
    /// When to look something up, in words for the model.
    pub knowledge_trigger_instructions: String,
    /// The knowledge bases.
    pub knowledge_kb_ids: Vec<String>,
    /// Passages per question: 1 to 10.
    pub knowledge_top_k: u32,
    /// Passages below this score are left out: 0 to 1.
    pub knowledge_score_threshold: f64,
    /// Whether the bot may answer from passages only.
    pub knowledge_strict: bool,
    /// Said when no passage answers and `knowledge_strict` holds.
    pub knowledge_fallback_message: String,
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
            stt: ProviderSpec::named("pocketsphinx"),
            llm: ProviderSpec::named("none"),
            tts: ProviderSpec::named("flite"),
            stt_fallbacks: Vec::new(),
            llm_fallbacks: Vec::new(),
            tts_fallbacks: Vec::new(),
            flow: None,
            max_call_duration_seconds: 600,
            min_words_interruption: 3,
            turn_taking: TurnTaking::default(),
            answering_machines: AnsweringMachines::default(),
            disclosure: Disclosure::default(),
            recording_mode: RecordingMode::default(),
            recording_notice: String::new(),
            recording_format: RecordingFormat::default(),
            record_cards: false,
            failure_message: String::new(),
            re_engagement: None,
            voicemail_message: String::new(),
            pre_transfer_message: String::new(),
            tools: Vec::new(),
            mcp_servers: Vec::new(),
            callbacks: Callbacks::default(),
            transfer_numbers: BTreeMap::new(),
            transfer_targets: Vec::new(),
            post_call_analysis_prompt: None,
            post_call_cache_enabled: false,
            post_call_cache_version: String::new(),
            post_call_cache: None,
            crm_prefetch: None,
            post_call_push: None,
            qc_prompt: None,
            auto_dispositions: None,
            active_hours: None,
            conversation_policy: None,
            retention: None,
            sip_header_config: None,
            callback_prompt_injection: None,
            knowledge_enabled: false,
            knowledge_trigger_instructions: String::new(),
            knowledge_kb_ids: Vec::new(),
            knowledge_top_k: 5,
            knowledge_score_threshold: 0.0,
            knowledge_strict: false,
            knowledge_fallback_message: String::new(),
        }
    }
}

impl BotBody {
    /// The providers in use, each with the name of its field and the providers that stand in for it.
    pub(crate) fn providers(&self) -> [(&'static str, &ProviderSpec, &[ProviderSpec]); 3] {
        [("stt", &self.stt, &self.stt_fallbacks), ("llm", &self.llm, &self.llm_fallbacks), ("tts", &self.tts, &self.tts_fallbacks)]
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
