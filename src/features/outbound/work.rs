//! The work this slice leaves to the outbox: one dial that waits for its time, one watch over each attempt under way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::id::{CallId, SessionId};
use crate::base::{Millis, Result};
use crate::platform::db::Tx;
use crate::platform::outbox::{NewJob, enqueue, enqueue_at_time, withdraw};

/// Makes an attempt when its time has come.
pub const DIAL: &str = "outbound.dial";
/// Looks after an attempt of which nothing is heard.
pub const WATCH: &str = "outbound.watch";
/// An attempt that no engine has asked for after this long was never told to one. Longer than an engine may take to answer.
pub(super) const UNTAKEN_AFTER: Duration = Duration::from_secs(90);

/// Body of [`DIAL`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DialJob {
    pub(super) call_id: CallId,
    pub(super) attempt: u32,
}

/// Body of [`WATCH`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WatchJob {
    pub(super) call_id: CallId,
    pub(super) session_id: SessionId,
}

/// Has an attempt made at the time that somebody asked for.
pub(super) fn dial_at_time(tx: &Tx<'_>, call_id: &CallId, due_at: Millis) -> Result<()> {
    let body = DialJob { call_id: call_id.clone(), attempt: 1 };
    enqueue_at_time(tx, &NewJob { kind: DIAL, key: &dial_key(call_id, 1), body: &body, due_at })
}

/// Has an attempt made after a while.
pub(super) fn dial_at(tx: &Tx<'_>, call_id: &CallId, attempt: u32, due_at: Millis) -> Result<()> {
    let body = DialJob { call_id: call_id.clone(), attempt };
    enqueue(tx, &NewJob { kind: DIAL, key: &dial_key(call_id, attempt), body: &body, due_at })
}

/// Takes back an attempt that was to be made.
pub(super) fn undial(tx: &Tx<'_>, call_id: &CallId, attempt: u32) -> Result<()> {
    withdraw(tx, DIAL, &dial_key(call_id, attempt))
}

/// Sets a watch over an attempt.
pub(super) fn watch(tx: &Tx<'_>, body: &WatchJob, due_at: Millis) -> Result<()> {
    enqueue(tx, &NewJob { kind: WATCH, key: body.session_id.as_str(), body, due_at })
}

/// Ends the watch over an attempt.
pub(super) fn unwatch(tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
    withdraw(tx, WATCH, session_id.as_str())
}

fn dial_key(call_id: &CallId, attempt: u32) -> String {
    format!("{call_id}/{attempt}")
}
