//! Why a conversation with a server came to nothing, in words for the call. What the SDK says of it names its own parts and quotes whole
//! messages; here only the server's own word on an error is passed on.

use rmcp::model::ErrorData;
use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

use crate::platform::net::NetError;

/// It took too long.
pub(super) const NO_ANSWER: &str = "it did not answer in time";
/// It answered, with something that is no answer.
const NONSENSE: &str = "it answered something else";
/// There was the beginning of an answer.
const BROKEN: &str = "its answer broke off";
/// It had agreed to a conversation, and knows nothing of it.
const FORGOTTEN: &str = "it has forgotten the conversation";
/// The longest word of a server that is passed on, in characters.
const MOST_WORDS: usize = 1_000;

/// Why it could not be introduced to.
pub(super) fn why_closed(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::TransportError { error, .. } => why_unsent(error),
        ClientInitializeError::JsonRpcError(error) => said(error),
        _ => NONSENSE.to_owned(),
    }
}

/// Why it could not be asked for something.
pub(super) fn why_failed(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => said(error),
        ServiceError::TransportSend(error) => why_unsent(error),
        ServiceError::TransportClosed => BROKEN.to_owned(),
        _ => NONSENSE.to_owned(),
    }
}

/// The server's own word.
fn said(error: &ErrorData) -> String {
    error.message.chars().take(MOST_WORDS).collect()
}

fn why_unsent(error: &DynamicTransportError) -> String {
    type Failed = StreamableHttpError<NetError>;
    match error.error.downcast_ref::<Failed>() {
        Some(Failed::Client(error)) => error.message().to_owned(),
        Some(Failed::HttpStatus(error)) => format!("it answered {}", error.status),
        Some(Failed::SessionExpired | Failed::SessionRecoveryTimeout) => FORGOTTEN.to_owned(),
        Some(Failed::ReinitializationFailed(error)) => said(error),
        Some(Failed::TransportChannelClosed) => BROKEN.to_owned(),
        _ => NONSENSE.to_owned(),
    }
}
