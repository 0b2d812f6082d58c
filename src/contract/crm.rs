//! How a bot talks with a CRM: what is fetched before a call, what is pushed after it (contract §2.4, §2.5). Blocks of a bot, stored with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire_secret::WireSecret;

/// Asks the CRM at the start of a call; what it answers becomes `crm.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CrmPrefetch {
    /// False: the block is kept but nothing is asked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where to ask; `http` or `https`.
    pub url: String,
    /// How to ask.
    #[serde(default)]
    pub method: PrefetchMethod,
    /// Headers of the request. Values are sealed at rest and masked in reads, but for harmless ones such as `Accept`.
    #[serde(default)]
    pub headers: BTreeMap<String, WireSecret>,
    /// Parameters: a query for GET, a JSON body for POST. Values may hold `{{call.…}}` and `{{system.…}}`.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// The call goes on without the CRM after this many milliseconds: 500 to 10000.
    #[serde(default = "prefetch_timeout")]
    pub timeout_ms: u32,
    /// Where in the answer the variables lie, by dots, such as `data.customer`; empty for the whole answer.
    #[serde(default)]
    pub response_path: String,
}

/// How a CRM is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PrefetchMethod {
    /// Parameters in the query.
    #[default]
    Get,
    /// Parameters as a JSON body.
    Post,
}

/// Tells the CRM after a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostCallPush {
    /// False: the block is kept but nothing is pushed.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where to push; `http` or `https`.
    pub url: String,
    /// How to push.
    #[serde(default)]
    pub method: PushMethod,
    /// Headers of the request. Values are sealed at rest and masked in reads, but for harmless ones such as `Accept`.
    #[serde(default)]
    pub headers: BTreeMap<String, WireSecret>,
    /// How the box proves who it is.
    #[serde(default)]
    pub auth: PushAuth,
    /// How the body is written.
    #[serde(default)]
    pub body_format: PushFormat,
    /// Field of the CRM (dots make nested objects) to a text with `{{call.…}}`, `{{crm.…}}`, `{{result.…}}`, `{{analysis.…}}`, `{{qc.…}}`.
    #[serde(default)]
    pub key_mapper: BTreeMap<String, String>,
    /// Whether a text that is exactly one token keeps the type of its value; otherwise everything is text.
    #[serde(default)]
    pub preserve_types: bool,
    /// One attempt may take this many milliseconds: 500 to 60000.
    #[serde(default = "push_timeout")]
    pub timeout_ms: u32,
    /// Attempts altogether: 1 to 10.
    #[serde(default = "push_attempts")]
    pub max_attempts: u32,
    /// Pauses between attempts, in seconds; the last one is repeated.
    #[serde(default = "push_backoff")]
    pub backoff: Vec<u32>,
    /// What is tried again: a status such as `408`, a class such as `5xx`, or `network`.
    #[serde(default = "push_retry_on")]
    pub retry_on: Vec<String>,
}

/// How a result is pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PushMethod {
    /// Creates.
    #[default]
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
}

/// How the body of a push is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PushFormat {
    /// A JSON object.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`; nested fields keep their dots.
    Form,
}

/// How the box proves to a CRM who it is. Secrets are sealed at rest and masked in reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum PushAuth {
    /// Not at all. With braces, because only of a variant with fields serde refuses a token that is left beside it.
    None {},
    /// `Authorization: Bearer …`.
    Bearer {
        /// The token.
        token: WireSecret,
    },
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: WireSecret,
    },
    /// A header of the CRM's own.
    Header {
        /// Its name, such as `X-Api-Key`.
        name: String,
        /// Its value.
        value: WireSecret,
    },
}

impl Default for PushAuth {
    fn default() -> Self {
        Self::None {}
    }
}

fn yes() -> bool {
    true
}

fn prefetch_timeout() -> u32 {
    3_000
}

fn push_timeout() -> u32 {
    10_000
}

fn push_attempts() -> u32 {
    4
}

fn push_backoff() -> Vec<u32> {
    vec![5, 30, 120]
}

fn push_retry_on() -> Vec<String> {
    ["408", "429", "5xx", "network"].map(str::to_owned).to_vec()
}
