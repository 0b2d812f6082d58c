//! Jobs: work outside the database, found again after a restart.

use serde::Serialize;
use serde_json::Value;

use crate::base::{Millis, Result};
use crate::platform::db::{Tx, to_json};

/// A job that is being run.
#[derive(Debug, Clone)]
pub struct Job {
    /// Row id.
    pub id: i64,
    /// Which handler runs it.
    pub kind: String,
    /// What it is about; unique within its kind.
    pub key: String,
    /// Ids it needs.
    pub body: Value,
    /// Which attempt this is: 1 for the first.
    pub attempt: u32,
    /// When it was enqueued.
    pub created_at: Millis,
}

/// A job to be enqueued.
#[derive(Debug, Clone)]
pub struct NewJob<'a, B: Serialize> {
    /// Which handler runs it.
    pub kind: &'a str,
    /// What it is about; a second job of the same kind and key changes nothing.
    pub key: &'a str,
    /// Ids it needs.
    pub body: &'a B,
    /// Not before this moment.
    pub due_at: Millis,
}

/// Enqueues a job in the transaction. Does nothing when one of the same kind and key waits already.
pub fn enqueue<B: Serialize>(tx: &Tx<'_>, job: &NewJob<'_, B>) -> Result<()> {
    tx.prepare_cached(
        "insert into jobs (kind, key, body, due_at, created_at) values (?1, ?2, ?3, ?4, ?5) on conflict (kind, key) do nothing",
    )?
    .execute((job.kind, job.key, to_json(job.body)?, job.due_at, tx.now))?;
    tx.wake_outbox();
    Ok(())
}
