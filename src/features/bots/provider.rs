//! One provider of a bot: speech to text, answers or text to speech.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::config::{ProviderSpec, WireSecret};

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
