//! What a bot can do besides talking: HTTP tools a language model may call, and the targets a call may be handed on to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::contract::config::WireSecret;

/// An HTTP request that a language model may make during a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The name the model calls it by: letters, digits, `_` and `-`.
    pub name: String,
    /// What it is good for, for the model.
    pub description: String,
    /// The kind of tool.
    #[serde(default, rename = "type")]
    pub kind: ToolKind,
    /// Where the request goes. Path and query may hold `{{argument}}`.
    pub url: String,
    /// The method.
    #[serde(default)]
    pub method: ToolMethod,
    /// Headers of the request. Values are sealed at rest and masked in reads, but for harmless ones such as `Accept`.
    #[serde(default)]
    pub headers: BTreeMap<String, WireSecret>,
    /// JSON Schema of the arguments; an object. They go into the query for GET and DELETE, else into a JSON body.
    #[serde(default = "no_parameters")]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// The bot goes on without an answer after this many milliseconds: 500 to 60000.
    #[serde(default = "tool_timeout")]
    pub timeout_ms: u32,
    /// Said while the answer is waited for; empty for nothing.
    #[serde(default)]
    pub filler: String,
}

/// The kinds of tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ToolKind {
    /// An HTTP request.
    #[default]
    Http,
}

/// How a tool's request is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ToolMethod {
    /// Arguments in the query.
    Get,
    /// Arguments as a JSON body.
    #[default]
    Post,
    /// Arguments as a JSON body.
    Put,
    /// Arguments as a JSON body.
    Patch,
    /// Arguments in the query.
    Delete,
}

/// Somebody a call may be handed on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferTarget {
    /// The name it is called by, unique within the bot.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub label: String,
    /// How the call gets there.
    #[serde(default)]
    pub method: TransferMethod,
    /// What `value` is.
    #[serde(rename = "type")]
    pub kind: TransferKind,
    /// The extension, SIP URI, `tel:` URI, number or queue.
    pub value: String,
    /// Whether it is used when nothing else is named. At most one is.
    #[serde(default)]
    pub is_default: bool,
    /// False: kept but never used.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the target is called first and told about the caller, who hears it ring meanwhile. Otherwise the caller's telephone is asked
    /// to call it.
    #[serde(default)]
    pub attended: bool,
    /// What the target is told; `{caller}` and `{reason}` are filled in. Empty: ours.
    #[serde(default)]
    pub briefing: String,
}

/// How a call is handed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferMethod {
    /// SIP REFER; the name is the contract's, the box does it itself.
    #[default]
    LivekitSipRefer,
    /// The message of a WebSocket stream's other end.
    WebsocketReverseTransfer,
    /// The queue of the agent desk.
    AgentDesk,
}

impl TransferMethod {
    /// What it can reach.
    pub(super) fn kinds(self) -> &'static [TransferKind] {
        use TransferKind::{AgentQueue, Extension, PhoneNumber, SipUri, TelUri};
        match self {
            Self::LivekitSipRefer => &[Extension, SipUri, TelUri, PhoneNumber],
            Self::WebsocketReverseTransfer => &[Extension, PhoneNumber],
            Self::AgentDesk => &[AgentQueue],
        }
    }

    /// The word in bodies.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::LivekitSipRefer => "livekit_sip_refer",
            Self::WebsocketReverseTransfer => "websocket_reverse_transfer",
            Self::AgentDesk => "agent_desk",
        }
    }
}

/// What the value of a transfer target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Digits at the far end's own exchange.
    Extension,
    /// `sip:` or `sips:`.
    SipUri,
    /// `tel:`.
    TelUri,
    /// A number in international form.
    PhoneNumber,
    /// A queue of the agent desk.
    AgentQueue,
}

impl TransferKind {
    /// The word in bodies.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::SipUri => "sip_uri",
            Self::TelUri => "tel_uri",
            Self::PhoneNumber => "phone_number",
            Self::AgentQueue => "agent_queue",
        }
    }
}

fn yes() -> bool {
    true
}

fn tool_timeout() -> u32 {
    10_000
}

/// The schema of a tool without arguments.
fn no_parameters() -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Value::Object(Map::new()));
    schema
}
