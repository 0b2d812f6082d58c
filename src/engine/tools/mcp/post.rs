//! How the SDK reaches a server: by the guarded client like everything else that leaves the box, so that no address inside is reached, and
//! time and size of every answer are bounded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, try_unfold};
use http::{HeaderName, HeaderValue};
use rmcp::model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    HttpStatusError, SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse, StreamableHttpResponseLimits,
};
use sse_stream::{Sse, SseStream};

use crate::contract::mcp::McpServer;
use crate::platform::net::{Answer, Failure, NetError, Outbound, Request};

/// How long a message may wait for a free connection.
const PLACE_WITHIN: Duration = Duration::from_secs(2);
/// Names the conversation with a server.
const SESSION: &str = "mcp-session-id";
/// Longest name of a conversation.
const MOST_SESSION: usize = 1_000;

/// Where the messages of one call to one server go. Cheap to clone.
#[derive(Clone)]
pub(super) struct Post(Arc<Inner>);

struct Inner {
    headers: Vec<(String, String)>,
    within: Duration,
    outbound: Outbound,
    lane: String,
}

type Failed = StreamableHttpError<NetError>;

impl Post {
    /// `call` keeps the connections of different calls apart.
    pub(super) fn new(server: &McpServer, outbound: Outbound, call: &str) -> Self {
        Self(Arc::new(Inner {
            headers: server.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            within: Duration::from_millis(u64::from(server.timeout_ms)),
            outbound,
            lane: format!("mcp {} {call}", server.name),
        }))
    }

    /// Sends a request with the headers of the bot, then those of the protocol.
    async fn send(
        &self,
        mut request: Request,
        session: Option<&str>,
        headers: &HashMap<HeaderName, HeaderValue>,
    ) -> Result<Answer, NetError> {
        request = request.within(self.0.within).lane(&self.0.lane);
        for (name, value) in &self.0.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(name.as_str(), value.to_str().unwrap_or_default());
        }
        request = session.iter().fold(request, |request, session| request.header(SESSION, session));
        self.0.outbound.guarded(request, PLACE_WITHIN).await
    }
}

impl StreamableHttpClient for Post {
    type Error = NetError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session_id, auth_header, custom_headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let request = Request::post(&*uri).header("accept", "application/json, text/event-stream");
        let request = request.bytes("application/json", serde_json::to_vec(&message)?);
        let answer = self.send(request, session_id.as_deref(), &custom_headers).await.map_err(Failed::Client)?;
        let asked = match message {
            ClientJsonRpcMessage::Request(request) => Some(request.id),
            _ => None,
        };
        match (answer.status, asked) {
            (404, _) if session_id.is_some() => Err(Failed::SessionExpired),
            (200, Some(asked)) => read(answer, &asked, limits).await,
            (200..300, None) => Ok(StreamableHttpPostResponse::Accepted),
            // A question that is only taken note of would never be answered: no other stream is read.
            (status, _) => Err(HttpStatusError::new(status, None).into()),
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failed> {
        let answer = self.send(Request::delete(&*uri), Some(&session_id), &custom_headers).await.map_err(Failed::Client)?;
        if answer.is_success() { Ok(()) } else { Err(Failed::ServerDoesNotSupportDeleteSession) }
    }

    /// What a server wants to say without being asked is not for a call.
    async fn get_stream(
        &self,
        _uri: Arc<str>,
        _session_id: Option<Arc<str>>,
        _last_event_id: Option<String>,
        _auth_header: Option<String>,
        _custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failed> {
        Err(Failed::ServerDoesNotSupportSse)
    }
}

/// The answer to the question of this number.
async fn read(answer: Answer, asked: &RequestId, limits: StreamableHttpResponseLimits) -> Result<StreamableHttpPostResponse, Failed> {
    let session = answer.header(SESSION).filter(|session| session.len() <= MOST_SESSION).map(str::to_owned);
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return Ok(StreamableHttpPostResponse::Sse(events(answer, limits.max_sse_event_size), session));
    }
    let body = answer.bytes(limits.max_json_response_size).await.map_err(Failed::Client)?;
    let message = serde_json::from_slice(&body)?;
    match of(message, asked) {
        Some(message) => Ok(StreamableHttpPostResponse::Json(message, session)),
        None => Err(Failed::UnexpectedServerResponse("no answer to this question".into())),
    }
}

/// The message, if it answers the question of this number. Some servers write numbers as text, and none where they refuse.
fn of(mut message: ServerJsonRpcMessage, asked: &RequestId) -> Option<ServerJsonRpcMessage> {
    let answers = match &mut message {
        ServerJsonRpcMessage::Response(answer) => answer.id.to_string() == asked.to_string(),
        ServerJsonRpcMessage::Error(refusal) => refusal.id.get_or_insert_with(|| asked.clone()).to_string() == asked.to_string(),
        _ => false,
    };
    answers.then_some(message)
}

/// The events of an answer, of which at most so many bytes are read.
fn events(answer: Answer, most: usize) -> BoxStream<'static, Result<Sse, SseError>> {
    let parts = try_unfold((answer, most), |(mut answer, left)| async move {
        let Some(part) = answer.chunk().await? else { return Ok(None) };
        let left = left.checked_sub(part.len()).ok_or_else(|| NetError::new(Failure::TooLarge, "the answer is too large"))?;
        Ok::<Option<(Bytes, _)>, NetError>(Some((part, (answer, left))))
    });
    SseStream::from_bytes_stream(parts.boxed()).boxed()
}
