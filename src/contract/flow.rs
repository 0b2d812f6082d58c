//! The `flow` responder's data: what a bot without a language model understands and answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Intents and the answer when none matches. Declared on the bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What the caller may want, in order of preference.
    pub intents: Vec<Intent>,
    /// What the bot says when nothing matched.
    pub fallback: String,
}

/// One thing a caller may want.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// Name of the intent, unique within the flow.
    pub id: String,
    /// Sentences that mean it; the recogniser's grammar is made of them.
    #[serde(default)]
    pub phrases: Vec<String>,
    /// Keys that mean it, such as `1` or `12#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
    /// What the bot says.
    pub reply: String,
    /// What the bot does after it has spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<FlowTool>,
}

/// An action after a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowTool {
    /// What to do.
    pub name: FlowToolName,
    /// Where to transfer to: a SIP URI, an E.164 number or a virtual number. Only for `transfer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// The actions a flow knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowToolName {
    /// Says goodbye and hangs up.
    EndCall,
    /// Blind transfer by REFER (RFC 3515).
    Transfer,
}
