//! One speech or language provider, as a bot declares it and as a call runs on it; and the names there are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire_secret::WireSecret;

/// What can listen.
pub const STT: &[&str] = &["pocketsphinx", "openai", "deepgram", "none"];
/// What can decide the answers.
pub const LLM: &[&str] = &["flow", "openai", "openai-realtime", "gemini-live", "none"];
/// What can speak.
pub const TTS: &[&str] = &["flite", "espeak-ng", "openai", "elevenlabs", "cartesia", "gemini", "none"];

/// One speech or language provider and how to reach it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Provider)]
#[serde(deny_unknown_fields)]
pub struct ProviderSpec {
    /// Speech to text: `pocketsphinx`, `openai`, `deepgram`, `none`. Answers: `flow`, `openai`, `openai-realtime`, `gemini-live`,
    /// `none`. Text to speech: `flite`,
    /// `espeak-ng`, `openai`, `elevenlabs`, `cartesia`, `gemini`, `none`.
    pub provider: String,
    /// Root of the service's API, such as `http://10.0.0.5:11434/v1`; the provider's own public address if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Key for that API. Reads show it masked; sending the masked text back keeps the stored key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<WireSecret>,
    /// Model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Voice name; for text to speech, and for answers of models that speak themselves.
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

impl ProviderSpec {
    /// A provider by its name alone.
    pub fn named(provider: &str) -> Self {
        Self { provider: provider.to_owned(), ..Self::default() }
    }

    /// Whether it names an address of its own.
    pub fn has_address(&self) -> bool {
        self.base_url.as_ref().is_some_and(|url| !url.is_empty())
    }
}

/// Whether a provider is a service that wants a key unless it runs at an address of one's own.
pub fn wants_key(provider: &str) -> bool {
    matches!(provider, "deepgram" | "elevenlabs" | "cartesia" | "openai-realtime" | "gemini-live" | "gemini")
}

/// Whether a provider hears and speaks itself, in the place of all three.
pub fn is_realtime(provider: &str) -> bool {
    matches!(provider, "openai-realtime" | "gemini-live")
}

/// Voices of Google's models; the seeds name calls' voices by them.
const GEMINI_VOICES: &[&str] = &[
    "Zephyr",
    "Puck",
    "Charon",
    "Kore",
    "Fenrir",
    "Leda",
    "Orus",
    "Aoede",
    "Callirrhoe",
    "Autonoe",
    "Enceladus",
    "Iapetus",
    "Umbriel",
    "Algieba",
    "Despina",
    "Erinome",
    "Algenib",
    "Rasalgethi",
    "Laomedeia",
    "Achernar",
    "Alnilam",
    "Schedar",
    "Gacrux",
    "Pulcherrima",
    "Achird",
    "Zubenelgenubi",
    "Vindemiatrix",
    "Sadachbia",
    "Sadaltager",
    "Sulafat",
];

/// Whether a name is that of a voice of Google's models.
pub fn is_gemini_voice(name: &str) -> bool {
    GEMINI_VOICES.contains(&name)
}

/// Whether a key is one of Google's, by how it begins.
pub fn is_google_key(key: &str) -> bool {
    key.starts_with("AIza")
}

/// Whether a provider follows a prompt.
pub fn is_model(provider: &str) -> bool {
    provider == "openai" || is_realtime(provider)
}

/// Whether a provider cannot speak without being told with which voice.
pub fn wants_voice(provider: &str) -> bool {
    matches!(provider, "elevenlabs" | "cartesia")
}
