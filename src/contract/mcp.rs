//! Servers of the Model Context Protocol that a bot takes tools from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::wire_secret::WireSecret;

/// A server whose tools a language model may use during a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct McpServer {
    /// Its name: letters, digits, `_` and `-`. A model knows its tools as `name_tool`.
    pub name: String,
    /// Its address, over streamable HTTP. Guarded like the address of every tool.
    pub url: String,
    /// Headers of every request. Values are sealed at rest and masked in reads, but for harmless ones such as `Accept`.
    #[serde(default)]
    pub headers: BTreeMap<String, WireSecret>,
    /// Tools that may be used, by the server's own names; `*` for all it has.
    pub tools: Vec<String>,
    /// The bot goes on without an answer after this many milliseconds: 500 to 60000.
    #[serde(default = "usual_timeout")]
    pub timeout_ms: u32,
    /// Said while an answer is waited for; empty for nothing.
    #[serde(default)]
    pub filler: String,
}

impl McpServer {
    /// Whether a tool of the server may be used.
    pub fn allows(&self, tool: &str) -> bool {
        self.tools.iter().any(|allowed| allowed == "*" || allowed == tool)
    }
}

fn usual_timeout() -> u32 {
    10_000
}
