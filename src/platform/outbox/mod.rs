//! Facts, listeners and jobs: what happened is written with the change, what follows from it survives any crash.
//!
//! `events` holds facts; the dispatcher runs one reaction per fact and [`Subscription`]; a reaction writes rows and may enqueue jobs; the
//! worker runs jobs against the outside world until they succeed or are parked.

mod chore;
mod dispatcher;
mod drift;
mod events;
mod jobs;
mod parked;
mod reactions;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::base::{Clock, Millis, Result};
use crate::platform::db::{Conn, Db};

use dispatcher::Dispatcher;
use drift::Drift;
use worker::Worker;

pub use chore::{Catch, Chore, Tidy, Upkeep};
pub use dispatcher::Subscription;
pub use events::{Event, Kept, Stretch, append, facts_after, facts_since, kept};
pub use jobs::{Job, NewJob, done, enqueue, enqueue_at_time, enqueue_in_lane, put_back, withdraw};
pub use parked::{Parked, list_parked, retry_job, retry_reaction};
pub use worker::{Handler, Outcome};

/// What an outbox does.
#[derive(Default)]
pub struct Work {
    /// Who hears which facts.
    pub subscriptions: Vec<Subscription>,
    /// Who runs which kind of jobs.
    pub handlers: HashMap<&'static str, Handler>,
    /// What is tidied up now and then.
    pub chores: Vec<Chore>,
    /// Backlogs that are worked through beside facts.
    pub upkeep: Vec<Upkeep>,
}

/// The outbox of a running control plane: one dispatcher, one claimer of jobs. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    db: Db,
    dispatcher: Arc<Dispatcher>,
    worker: Arc<Worker>,
}

impl Outbox {
    /// An outbox that knows its listeners, a handler for each kind of job, and its chores. It does nothing until it is run or settled.
    pub fn new(db: &Db, clock: &Clock, mut work: Work) -> Self {
        let handlers = std::mem::take(&mut work.handlers);
        db.on_clock_set(Box::new(|tx, by| Ok(jobs::shift(tx, by)? + reactions::shift(tx, by)?)));
        let drift = Arc::new(Drift::new(clock.clone()));
        let dispatcher = Arc::new(Dispatcher::new(db.clone(), clock.clone(), drift.clone(), work));
        let worker = Arc::new(Worker::new(db.clone(), clock.clone(), drift, handlers));
        Self { db: db.clone(), dispatcher, worker }
    }

    /// Works until it is told to stop, then finishes what it holds. Work of a process that died is taken up first.
    pub async fn run(&self, stop: CancellationToken) {
        tokio::join!(self.dispatcher.run(&stop), self.worker.run(&stop));
    }

    /// Does everything that is due now, and everything that follows from it, then returns. Retries that wait for a later moment stay.
    pub async fn settle(&self) -> Result<()> {
        while self.dispatcher.round().await? + self.worker.round().await? > 0 {}
        Ok(())
    }

    /// How much is waiting.
    pub async fn depth(&self) -> Result<Depth> {
        self.db.read(depth).await
    }

    /// Since when the oldest work that is due has been waiting. `None` when nothing is due.
    pub async fn oldest_due(&self, now: Millis) -> Result<Option<Millis>> {
        self.db
            .read(move |conn| {
                let all = [events::oldest_unheard(conn)?, reactions::longest_due(conn, now)?, jobs::longest_due(conn, now)?];
                Ok(all.into_iter().flatten().min())
            })
            .await
    }
}

/// How much the outbox has before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Depth {
    /// Facts that were not fanned out.
    pub facts: u64,
    /// Reactions that failed and will be tried again.
    pub reactions: u64,
    /// Jobs that are due, waiting or running.
    pub jobs: u64,
    /// Reactions and jobs that were given up and wait for an operator.
    pub parked: u64,
}

/// Counts the outbox's rows by state.
pub fn depth(conn: &Conn) -> Result<Depth> {
    let count = |sql: &str| -> Result<u64> { Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs()) };
    Ok(Depth {
        facts: count("select count(*) from events where fanned_out = 0")?,
        reactions: count("select count(*) from reactions where state = 'waiting'")?,
        jobs: count("select count(*) from jobs where state in ('waiting', 'leased')")?,
        parked: count(
            "select (select count(*) from jobs where state = 'parked') + (select count(*) from reactions where state = 'parked')",
        )?,
    })
}
