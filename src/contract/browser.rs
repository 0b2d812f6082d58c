//! A call from a browser: what an engine is handed, and what it answers (`POST /browser-calls`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{BotId, CallId, NumberId, SessionId};

/// A browser wants to talk. The control plane has permitted it; the engine asks for the bot as for any other incoming call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrowserCall {
    /// The CodeB key of the call.
    pub call_id: CallId,
    /// Its CXB key.
    pub session_id: SessionId,
    /// The browser's offer.
    pub sdp: String,
    /// Where the browser asked from, to tell it the right one of several addresses.
    #[serde(default)]
    pub client_ip: Option<IpAddr>,
    /// Whom it reaches; sent back with `POST /api/v1/engine/inbound`.
    pub from: FromBrowser,
}

/// Whom a call from a browser reaches, and who makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FromBrowser {
    /// Whom it reaches.
    pub reaches: Reached,
    /// Name of the person; none for a visitor who is not signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// Whom a call from a browser reaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Reached {
    /// A virtual number.
    Number {
        /// The number.
        number_id: NumberId,
    },
    /// A bot that is tried out, whether or not it takes calls.
    Bot {
        /// The bot.
        bot_id: BotId,
        /// `draft`, `published` or the number of a version.
        version: String,
    },
}

/// The engine has the call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrowserAccepted {
    /// The answer for the browser.
    pub sdp: String,
}
