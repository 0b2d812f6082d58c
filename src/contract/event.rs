//! What the engine reports while a call runs: `POST /api/v1/engine/calls/{session_id}/events` (decision 21).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::contract::turn::Turn;

/// Before a number or name of the box itself, where a bot is.
pub const VNUM: &str = "vnum:";
/// Before one where a person's telephones ring.
pub const OFFICE_TAB: &str = "officetab:";

/// One event of a call. `seq` counts up from 1 per call; a repeat of the same number changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallEvent {
    /// Position in the call's events.
    pub seq: u32,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// What happened.
    #[serde(flatten)]
    pub what: CallEventKind,
}

/// The kinds of call events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CallEventKind {
    /// The far end rings (outbound).
    Ringing,
    /// 200 OK was sent or received.
    Answered {
        /// From INVITE to 200 OK.
        answer_ms: u32,
    },
    /// The bot's session began.
    Started,
    /// A turn was finished.
    Turn {
        /// The turn.
        turn: Turn,
    },
    /// The call was handed on.
    Transferred {
        /// Where to: a URI; [`VNUM`] or [`OFFICE_TAB`] before a number or name of the box itself.
        target: String,
        /// How: `refer`.
        method: String,
    },
    /// The result was stored: nothing more will happen. Made by the control plane itself.
    Completed,
    /// Anything else worth keeping, such as `prompt_not_executable`, `provider_failed`, `barge_in`.
    Note {
        /// Name of the event.
        name: String,
        /// Details of it.
        #[serde(default)]
        #[schema(value_type = Object)]
        detail: Map<String, Value>,
    },
}
