//! What is said about calls from browsers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};

/// Longest offer that is passed on.
const MOST_SDP: usize = 65_535;

/// A call to a virtual number.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBrowserCall {
    /// The number: what is dialled, or its name.
    pub number: String,
    /// The browser's offer (SDP), with its candidates or without.
    pub sdp: String,
}

/// A call to a bot that is tried out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTestCall {
    /// What speaks: `draft`, `published` or the number of a version.
    #[serde(default = "published")]
    pub version: String,
    /// The browser's offer (SDP), with its candidates or without.
    pub sdp: String,
}

fn published() -> String {
    "published".to_owned()
}

/// A call that an engine holds. It counts as answered once the browser is connected.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StartedCall {
    /// The CodeB key.
    pub call_id: CallId,
    /// The CXB key.
    pub session_id: SessionId,
    /// The answer (SDP) for the browser; it holds all candidates.
    pub sdp: String,
    /// The key to what is said on the call: `X-Call-Key` of `GET /api/v1/public/calls/{session_id}/words`.
    pub words_key: String,
}

/// A number that may be called from a browser.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BrowserNumber {
    /// Its name.
    pub name: String,
    /// What is dialled.
    pub number: String,
}

/// An offer that may be passed on.
pub(super) fn sized(sdp: &str) -> Result<()> {
    let sentence = match sdp.len() {
        0 => "must be the offer of a browser",
        1..=MOST_SDP => return Ok(()),
        _ => "is longer than an offer can be",
    };
    Err(Error::invalid(format!("sdp: {sentence}")).field("sdp", sentence))
}
