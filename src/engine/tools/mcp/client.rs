//! One server, spoken to with the protocol's own SDK: it is introduced to once for a call, and its tools are used until the call is over.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig, ContentBlock, Implementation,
    PaginatedRequestParams, ProtocolVersion, ResourceContents, Tool,
};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::NeverRetry;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, serve_client};
use serde_json::Value;

use super::post::Post;
use super::words::{NO_ANSWER, why_closed, why_failed};
use crate::base::Clock;
use crate::contract::mcp::McpServer;
use crate::engine::tools::Gave;
use crate::platform::net::Outbound;

/// The most of an answer that is read, and of one event of a stream.
const MOST_BYTES: usize = 1 << 20;
/// Most pages of a list.
const MOST_PAGES: usize = 10;
/// The most of an answer that a model is told, in characters.
const MOST_TEXT: usize = 16_384;

/// The conversation of one call with one server. The server is told when it is dropped.
pub(super) struct Client {
    service: RunningService<RoleClient, ClientConfig>,
    within: Duration,
    clock: Clock,
}

impl Client {
    /// Introduces us. `call` keeps the connections of different calls apart.
    pub(super) async fn open(server: &McpServer, outbound: Outbound, clock: Clock, call: &str) -> Result<Self, String> {
        let within = Duration::from_millis(u64::from(server.timeout_ms));
        let mut config = StreamableHttpClientTransportConfig::with_uri(server.url.clone());
        config = config.max_json_response_size(MOST_BYTES).max_sse_event_size(MOST_BYTES);
        config = config.session_recovery_timeout(within).control_request_timeout(within);
        // A caller waits: an answer that broke off is not asked for again.
        config.retry_config = Arc::<NeverRetry>::default();
        let transport = StreamableHttpClientTransport::with_client(Post::new(server, outbound, call), config);
        let us = ClientConfig::new(ClientCapabilities::default(), Implementation::new("cxbox", env!("CARGO_PKG_VERSION")));
        let service = serve_client(us, transport).await.map_err(|error| why_closed(&error))?;
        let version = service.peer_info().map(|server| server.protocol_version.clone()).unwrap_or_default();
        if !ProtocolVersion::KNOWN_VERSIONS.contains(&version) {
            return Err(format!("it speaks another protocol: {:?}", version.as_str()));
        }
        Ok(Self { service, within, clock })
    }

    /// All its tools.
    pub(super) async fn list(&self) -> Result<Vec<Tool>, String> {
        let (mut all, mut cursor) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor);
            let listed = self.service.list_tools(Some(page)).await.map_err(|error| why_failed(&error))?;
            all.extend(listed.tools);
            cursor = listed.next_cursor.filter(|next| !next.is_empty());
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Uses a tool, within the time of the server. A server that was started anew meanwhile is introduced to us again, once; one that
    /// takes too long is told that nobody waits any more.
    pub(super) async fn call(&self, tool: &str, arguments: &Value) -> Gave {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let used = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let answered = tokio::select! {
            biased;
            () = self.clock.sleep(self.within) => Err(NO_ANSWER.to_owned()),
            answered = self.service.call_tool_once(used) => answered.map_err(|error| why_failed(&error)),
        };
        match answered {
            Ok(CallToolResponse::Complete(result)) => gave_of(&result),
            Ok(_) => Gave::error("the tool failed: it wants something that a call cannot give"),
            Err(why) => Gave::error(format!("the tool failed: {why}")),
        }
    }
}

/// What a tool gave: its texts; its structured content where it has no text.
fn gave_of(result: &CallToolResult) -> Gave {
    let texts: Vec<&str> = result.content.iter().filter_map(text_of).collect();
    let mut text = texts.join("\n");
    if text.is_empty() {
        text = result.structured_content.as_ref().map(Value::to_string).unwrap_or_default();
    }
    if text.chars().count() > MOST_TEXT {
        text = text.chars().take(MOST_TEXT).collect::<String>() + "… (cut)";
    }
    Gave { text, is_error: result.is_error.unwrap_or(false) }
}

fn text_of(part: &ContentBlock) -> Option<&str> {
    match part {
        ContentBlock::Text(text) => Some(&text.text),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => Some(text),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tool_s_answer_is_its_text() {
        let gave = |result: Value| gave_of(&serde_json::from_value(result).expect("a result"));
        let image = json!({ "type": "image", "data": "", "mimeType": "image/png" });
        let page = json!({ "type": "resource", "resource": { "uri": "file:///x", "text": "a page" } });
        for (result, text, is_error) in [
            (json!({ "content": [{ "type": "text", "text": "21" }, image, { "type": "text", "text": "C" }] }), "21\nC", false),
            (json!({ "content": [page] }), "a page", false),
            (json!({ "content": [], "structuredContent": { "t": 21 } }), "{\"t\":21}", false),
            (json!({ "content": [{ "type": "text", "text": "no such city" }], "isError": true }), "no such city", true),
        ] {
            assert_eq!(gave(result), Gave { text: text.to_owned(), is_error });
        }
        assert!(gave(json!({ "content": [{ "type": "text", "text": "x".repeat(20_000) }] })).text.ends_with("(cut)"));
    }
}
