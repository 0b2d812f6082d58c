//! Makes backups, brings them to the object store and removes them there; and the chore that keeps to the schedule.

use std::sync::Arc;
use std::time::Duration;

use super::service::Backups;
use super::work::{LEDGER, MAKE, MakeBody, REMOVE, UPLOAD};
use crate::base::Result;
use crate::base::backoff::Backoff;
use crate::platform::db::Tx;
use crate::platform::outbox::{Chore, Handler, Job, NewJob, Outcome, enqueue};

/// The object store may be away for long.
const RETRY: Backoff = Backoff::Doubling { first: Duration::from_secs(30), most: Duration::from_secs(3600) };
/// A backup that takes longer than a lease is asked for again; whoever asks waits this long.
const STILL_RUNNING: Duration = Duration::from_secs(60);

/// The handlers of this slice, by kind.
pub fn handlers(backups: &Backups) -> Vec<(&'static str, Handler)> {
    let (makes, brings, removes) = (backups.clone(), backups.clone(), backups.clone());
    let make: Handler = Arc::new(move |job| {
        let backups = makes.clone();
        Box::pin(async move { make(&backups, job).await })
    });
    let upload: Handler = Arc::new(move |job| {
        let backups = brings.clone();
        Box::pin(async move { again(&job, backups.upload(&job.key).await) })
    });
    let remove: Handler = Arc::new(move |job| {
        let backups = removes.clone();
        Box::pin(async move { again(&job, backups.remove_remote(&job.key).await) })
    });
    let keeps = backups.clone();
    let ledger: Handler = Arc::new(move |job| {
        let backups = keeps.clone();
        Box::pin(async move { again(&job, backups.upload_ledger().await) })
    });
    vec![(MAKE, make), (UPLOAD, upload), (REMOVE, remove), (LEDGER, ledger)]
}

/// Has the ledger of erasures brought to where the backups are, whenever it has grown: whoever restores there needs it.
pub fn ledger_chore(backups: &Backups) -> Chore {
    let backups = backups.clone();
    let run = move |tx: &Tx<'_>| {
        let Some(size) = backups.new_ledger() else { return Ok(0) };
        enqueue(tx, &NewJob { kind: LEDGER, key: &size.to_string(), body: &serde_json::json!({}), due_at: tx.now })?;
        Ok(1)
    };
    Chore { name: "backups.ledger", run: Arc::new(run) }
}

/// Begins the scheduled backup when it is due.
pub fn chore(backups: &Backups) -> Chore {
    let backups = backups.clone();
    Chore { name: "backups.schedule", run: Arc::new(move |tx| backups.begin_if_due(tx).map(usize::from)) }
}

async fn make(backups: &Backups, job: Job) -> Outcome {
    let Ok(body) = serde_json::from_value::<MakeBody>(job.body) else {
        return Outcome::Park { error: "the job names no backup".to_owned() };
    };
    match backups.make(body).await {
        Ok(Some(())) => Outcome::Done,
        Ok(None) => Outcome::Again { after: STILL_RUNNING, error: "it is being made".to_owned() },
        Err(failure) => Outcome::Again { after: STILL_RUNNING, error: failure.to_string() },
    }
}

fn again(job: &Job, done: Result<()>) -> Outcome {
    match done {
        Ok(()) => Outcome::Done,
        Err(failure) => Outcome::Again { after: RETRY.after(job.attempt).unwrap_or(Duration::from_secs(3600)), error: failure.to_string() },
    }
}
