//! What has happened, in the past tense: the facts that are appended with a change and fanned out to listeners.

use serde::{Deserialize, Serialize};

use crate::base::id::{SessionId, ShareId, WebhookId};

/// A fact: ids and little more; whoever listens reads the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A call was answered over SIP.
    CallAnswered {
        /// The call.
        session_id: SessionId,
        /// INVITE to 200 OK.
        answer_ms: u32,
    },
    /// A bot began to speak on a call.
    CallStarted {
        /// The call.
        session_id: SessionId,
    },
    /// A call was handed on.
    CallTransferred {
        /// The call.
        session_id: SessionId,
    },
    /// A call's result was stored for the first time.
    CallCompleted {
        /// The call.
        session_id: SessionId,
        /// Whether it has turns that a transcript can be written from.
        has_transcript: bool,
    },
    /// A transcript lies in the transcripts folder.
    TranscriptSaved {
        /// The call.
        session_id: SessionId,
    },
    /// A link to a transcript was made.
    ShareCreated {
        /// The link.
        share_id: ShareId,
    },
    /// Somebody looked at a shared transcript.
    ShareViewed {
        /// The link.
        share_id: ShareId,
        /// Address of whoever looked.
        viewer_ip: String,
    },
    /// A link was taken back.
    ShareRevoked {
        /// The link.
        share_id: ShareId,
        /// Name of whoever did it.
        by: String,
    },
    /// A subscription paused itself, because its receiver takes nothing.
    WebhookPaused {
        /// The subscription.
        webhook_id: WebhookId,
        /// Host of its URL.
        host: String,
        /// Why, in words.
        because: String,
    },
}
