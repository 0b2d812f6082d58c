//! What an engine logged about calls: `POST /api/v1/engine/logs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::SessionId;

/// Lines of an engine's log, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineLog {
    /// At most 500 of them; more are left out.
    pub lines: Vec<LogLine>,
}

/// One line about one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// When it was logged.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// The call.
    pub session_id: SessionId,
    /// The sentence and its fields, numbers and credentials made unreadable.
    pub text: String,
}
