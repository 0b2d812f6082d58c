//! A call over a WebSocket: what an engine is handed with the socket (`GET /socket-calls`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{BotId, CallId, SessionId};
use crate::base::{Context as _, Error, Result};

/// The header of the handshake that carries the call, as JSON in base64.
pub const CALL_HEADER: &str = "X-CXBox-Call";

/// Somebody opens a WebSocket to talk with a bot. The control plane has permitted it; the engine asks for the bot as for any other call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SocketCall {
    /// The CodeB key of the call.
    pub call_id: CallId,
    /// Its CXB key.
    pub session_id: SessionId,
    /// Whom it reaches, and who opened it.
    pub from: FromSocket,
}

/// Whom a call over a WebSocket reaches, and who makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FromSocket {
    /// The bot.
    pub bot_id: BotId,
    /// Name of the person, or of the minter of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The far end's own key of the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
}

impl SocketCall {
    /// The value of [`CALL_HEADER`].
    pub fn to_header(&self) -> Result<String> {
        Ok(STANDARD.encode(serde_json::to_vec(self).context("cannot write a call as JSON")?))
    }

    /// Reads the value of [`CALL_HEADER`].
    pub fn from_header(value: &str) -> Result<Self> {
        let wrong = || Error::invalid("the call in the header cannot be read");
        serde_json::from_slice(&STANDARD.decode(value).map_err(|_| wrong())?).map_err(|_| wrong())
    }
}
