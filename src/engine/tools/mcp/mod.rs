//! Tools of other machines, by the Model Context Protocol: they are asked for while it rings, and used like the bot's own.
//!
//! A server that is away costs its tools and nothing else. `client` speaks the protocol with its SDK (`rmcp`, kept by the protocol's own
//! project, so that new revisions of it need no work here), `post` carries the SDK's messages, `words` says what failed.

mod client;
mod post;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;
use rmcp::model;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::arguments::{checker, fault};
use super::{Gave, Tool, offer};
use crate::base::Clock;
use crate::contract::config::CallConfig;
use crate::contract::mcp::McpServer;
use crate::engine::providers::Soon;
use crate::platform::net::Outbound;

use client::Client;
use words::NO_ANSWER;

/// How long the answer to a call waits for the servers' lists.
const LIST_WITHIN: Duration = Duration::from_secs(2);
/// Most tools of one server.
const MOST_TOOLS: usize = 50;
/// The longest that is told of a tool, in characters.
const MOST_DESCRIPTION: usize = 1_000;
/// Longest name a model may be told.
const MOST_NAME: usize = 64;
/// The longest that an event of the call says of a server, in characters.
const MOST_REASON: usize = 300;

/// Notes that a tool is not offered.
const LEFT_OUT: &str = "mcp_tool_left_out";

/// What the servers of a call offer.
#[derive(Default)]
pub struct Discovered {
    /// Tools as a bot declares its own, for the model and for the rules of the call.
    pub declared: Vec<Value>,
    /// The same, ready to be used.
    pub tools: Vec<(String, Arc<dyn Tool>)>,
    /// Events for the call: their name and details.
    pub notes: Vec<(&'static str, Map<String, Value>)>,
}

/// Asks all servers of a call at once what they offer. Those that do not answer in time are noted, and the call goes on without them.
pub async fn discover(config: &CallConfig, outbound: &Outbound, clock: &Clock) -> Discovered {
    let mut asked = JoinSet::new();
    for (n, server) in config.mcp_servers.iter().cloned().enumerate() {
        let (outbound, clock, call) = (outbound.clone(), clock.clone(), config.session_id.clone());
        asked.spawn(async move {
            let listed = tokio::select! {
                listed = opened(&server, outbound, clock.clone(), call.as_str()) => listed,
                () = clock.sleep(LIST_WITHIN) => Err(NO_ANSWER.to_owned()),
            };
            (n, server, listed)
        });
    }
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(n, ..)| *n);
    let mut found = Discovered::default();
    let mut taken: Vec<String> = config.tools.iter().filter_map(|tool| Some(tool.get("name")?.as_str()?.to_owned())).collect();
    taken.extend(offer::BUILT_IN.map(str::to_owned));
    for (_, server, listed) in answers {
        match listed {
            Ok((client, listed)) => found.add(&server, &client, listed, &mut taken),
            Err(why) => found.notes.push(("mcp_unavailable", detail(&server.name, &why))),
        }
    }
    found
}

/// A conversation with a server, and what it offers.
async fn opened(server: &McpServer, outbound: Outbound, clock: Clock, call: &str) -> Result<(Arc<Client>, Vec<model::Tool>), String> {
    let client = Client::open(server, outbound, clock, call).await?;
    let listed = client.list().await?;
    Ok((Arc::new(client), listed))
}

impl Discovered {
    fn add(&mut self, server: &McpServer, client: &Arc<Client>, listed: Vec<model::Tool>, taken: &mut Vec<String>) {
        let mut allowed = listed.into_iter().filter(|tool| !tool.name.trim().is_empty() && server.allows(&tool.name));
        for tool in allowed.by_ref().take(MOST_TOOLS) {
            let (own, schema) = (tool.name.into_owned(), Value::Object((*tool.input_schema).clone()));
            let description = tool.description.map(|words| words.into_owned()).or(tool.title).unwrap_or_default();
            let name = name_of(&server.name, &own);
            // Two tools of one name could not be told apart; a schema that cannot be checked would let anything through.
            let Some(checker) = checker(&schema).filter(|_| !taken.contains(&name) && is_whole(&schema)) else {
                self.notes.push((LEFT_OUT, detail(&server.name, &own)));
                continue;
            };
            taken.push(name.clone());
            let description: String = description.chars().take(MOST_DESCRIPTION).collect();
            self.declared.push(json!({
                "type": "mcp", "name": name, "description": description, "parameters": schema, "filler": server.filler,
            }));
            self.tools.push((name, Arc::new(McpTool { client: client.clone(), name: own, checker })));
        }
        let n_more = allowed.count();
        if n_more > 0 {
            self.notes.push((LEFT_OUT, detail(&server.name, &format!("{n_more} tools beyond the {MOST_TOOLS} that a server may have"))));
        }
    }
}

fn detail(server: &str, reason: &str) -> Map<String, Value> {
    let reason: String = reason.chars().take(MOST_REASON).collect();
    Map::from_iter([("server".to_owned(), server.into()), ("reason".to_owned(), reason.into())])
}

/// The name a model uses: only what every model's API allows.
fn name_of(server: &str, tool: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    format!("{server}_{tool}").chars().map(clean).take(MOST_NAME).collect()
}

/// Whether a schema needs nothing that lies elsewhere.
fn is_whole(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.iter().all(|(key, value)| match value.as_str() {
            Some(target) if key == "$ref" || key == "$dynamicRef" => target.starts_with('#'),
            _ => is_whole(value),
        }),
        Value::Array(all) => all.iter().all(is_whole),
        _ => true,
    }
}

/// One tool of a server.
struct McpTool {
    client: Arc<Client>,
    name: String,
    checker: Validator,
}

impl Tool for McpTool {
    fn run<'a>(&'a self, arguments: &'a Value) -> Soon<'a, Gave> {
        Box::pin(async move {
            match fault(&self.checker, arguments) {
                Some(fault) => Gave::error(fault),
                None => self.client.call(&self.name, arguments).await,
            }
        })
    }
}
