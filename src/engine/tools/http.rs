//! A request that a bot declares as a tool: arguments checked against their schema, a guarded target, an answer cut to size.

use std::time::Duration;

use http::Method;
use jsonschema::Validator;
use serde_json::{Map, Value};

use super::arguments::{checker, fault, fill, with_query};
use super::{Gave, Tool};
use crate::engine::providers::Soon;
use crate::platform::net::{Outbound, Request};

/// The most of an answer that a model is told.
const MOST_TEXT: usize = 16 << 10;
/// How long a tool takes whose declaration says nothing.
const USUAL: Duration = Duration::from_secs(10);
/// How long a use may wait for a free connection.
const PLACE_WITHIN: Duration = Duration::from_secs(2);

/// One declared tool.
pub(super) struct HttpTool {
    name: String,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    checker: Validator,
    within: Duration,
    outbound: Outbound,
}

impl HttpTool {
    /// A tool as a bot declares it. `None` when it is none of this kind.
    pub(super) fn read(declared: &Value, outbound: Outbound) -> Option<Self> {
        let text = |name: &str| declared.get(name).and_then(Value::as_str);
        if text("type").is_some_and(|kind| kind != "http") {
            return None;
        }
        let headers = declared.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        let schema = declared.get("parameters").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        Some(Self {
            name: text("name")?.to_owned(),
            method: text("method").unwrap_or("POST").parse().ok()?,
            url: text("url")?.to_owned(),
            headers,
            checker: checker(&schema)?,
            within: declared.get("timeout_ms").and_then(Value::as_u64).map_or(USUAL, Duration::from_millis),
            outbound,
        })
    }

    /// The name a model uses.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn request(&self, arguments: &Map<String, Value>) -> Option<Request> {
        let (url, rest) = fill(&self.url, arguments);
        let in_query = matches!(self.method, Method::GET | Method::DELETE);
        let url = if in_query { with_query(&url, &rest) } else { url };
        let request = Request::new(self.method.clone(), url).within(self.within);
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        if in_query { Some(request) } else { request.json(&rest).ok() }
    }

    async fn ask(&self, request: Request) -> Gave {
        let mut answer = match self.outbound.guarded(request, PLACE_WITHIN).await {
            Ok(answer) => answer,
            Err(error) => return Gave::error(format!("the service cannot be reached: {}", error.message())),
        };
        let status = answer.status;
        match answer.first(MOST_TEXT).await {
            Ok((bytes, is_whole)) => {
                let text = String::from_utf8_lossy(&bytes).trim().to_owned();
                let text = if is_whole { text } else { format!("{text}… (cut)") };
                match status {
                    200..300 => Gave { text, is_error: false },
                    // What was wrong with the request helps the model; what is wrong with the service does not.
                    400..500 => Gave::error(format!("the service answered {status}: {text}")),
                    _ => Gave::error(format!("the service answered {status}")),
                }
            }
            Err(error) => Gave::error(format!("the answer of the service broke off: {}", error.message())),
        }
    }
}

impl Tool for HttpTool {
    fn run<'a>(&'a self, arguments: &'a Value) -> Soon<'a, Gave> {
        Box::pin(async move {
            if let Some(fault) = fault(&self.checker, arguments) {
                return Gave::error(fault);
            }
            let nothing = Map::new();
            let Some(request) = self.request(arguments.as_object().unwrap_or(&nothing)) else {
                return Gave::error("the arguments cannot be sent");
            };
            self.ask(request).await
        })
    }
}
