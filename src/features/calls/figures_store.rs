//! SQL of what is counted about a call: little of its row, because every call passes here.

use rusqlite::OptionalExtension;
use serde_json::Value;

use super::model::{CallStatus, Direction};
use crate::base::Result;
use crate::base::id::SessionId;
use crate::platform::db::{Conn, from_json};

/// What is counted about a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallFigures {
    /// Which way it went.
    pub direction: Direction,
    /// How it stands.
    pub status: CallStatus,
    /// How long the bot took, turn by turn, as the engine measured it.
    pub latency_samples: Vec<Value>,
}

/// What is counted about a call, if there is one.
pub fn figures(conn: &Conn, session_id: &SessionId) -> Result<Option<CallFigures>> {
    let row: Option<(String, String, Option<String>)> = conn
        .prepare_cached("select direction, status, json_extract(doc, '$.latency_samples') from calls where session_id = ?1")?
        .query_row([session_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((direction, status, samples)) = row else { return Ok(None) };
    Ok(Some(CallFigures {
        direction: Direction::parse(&direction).unwrap_or(Direction::Inbound),
        status: CallStatus::parse(&status).unwrap_or(CallStatus::Completed),
        latency_samples: samples.as_deref().map(from_json).transpose()?.unwrap_or_default(),
    }))
}
