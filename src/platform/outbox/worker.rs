//! Runs due jobs: one claimer, many at a time, each kind with its own room so that a slow kind does not hold up the others.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use super::jobs::{self, Job};
use crate::base::backoff::Backoff;
use crate::base::{Clock, Result};
use crate::platform::db::Db;

/// Jobs of one kind that run at once; the others wait in their rows.
const ROOM: usize = 32;
/// A job that has not ended after this long is taken to have died with its process.
const LEASE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_secs(30);
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// A handler that panics is tried this often.
const TRIES_OF_A_PANIC: u32 = 5;
const AFTER_A_PANIC: Backoff = Backoff::Doubling { first: Duration::from_secs(5), most: Duration::from_secs(600) };

/// How a job ended.
#[derive(Debug)]
pub enum Outcome {
    /// Done; the row is removed.
    Done,
    /// Try again after this long.
    Again {
        /// How long.
        after: Duration,
        /// Why, for the operator.
        error: String,
    },
    /// Never again by itself; an operator sees it and may retry.
    Park {
        /// Why, for the operator.
        error: String,
    },
}

/// Runs jobs of one kind. Must be safe to repeat: a crash after the effect and before the mark runs it again.
pub type Handler = Arc<dyn Fn(Job) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// The one claimer of jobs.
pub(super) struct Worker {
    db: Db,
    clock: Clock,
    handlers: HashMap<&'static str, Handler>,
    /// Jobs that run, by kind. The lock makes claiming one at a time.
    running: Arc<Mutex<HashMap<String, usize>>>,
    /// Changes when a job has ended.
    ended: watch::Sender<()>,
    tasks: TaskTracker,
}

impl Worker {
    pub(super) fn new(db: Db, clock: Clock, handlers: HashMap<&'static str, Handler>) -> Self {
        Self { db, clock, handlers, running: Arc::default(), ended: watch::channel(()).0, tasks: TaskTracker::new() }
    }

    pub(super) async fn run(&self, stop: &CancellationToken) {
        let (mut wake, mut ended) = (self.db.outbox_wake(), self.ended.subscribe());
        if let Err(failure) = self.db.write(jobs::release_all).await {
            error!("Jobs of the former process could not be taken back, their leases will run out: {failure}");
        }
        while !stop.is_cancelled() {
            wake.mark_unchanged();
            ended.mark_unchanged();
            let pause = match self.start_due().await {
                Ok(_) => self.until_next().await,
                Err(failure) => {
                    error!("Jobs could not be claimed, trying again: {failure}");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                _ = wake.changed() => {}
                _ = ended.changed() => {}
                () = self.clock.sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The time to the next job that is due later; what is due now waits for room, which `ended` announces.
    async fn until_next(&self) -> Duration {
        let now = self.clock.now();
        let next = self.db.read(jobs::next_due).await.ok().flatten().filter(|at| *at > now);
        next.map_or(LOOK_AGAIN, |at| at.since(now).min(LOOK_AGAIN))
    }

    /// Starts what is due and waits until it has ended. Says how many that were.
    pub(super) async fn round(&self) -> Result<usize> {
        let mut ended = self.ended.subscribe();
        let n_started = self.start_due().await?;
        while self.running.lock().await.values().any(|n| *n > 0) {
            // The sender lives in `self`, so waiting cannot fail.
            let _ = ended.changed().await;
        }
        Ok(n_started)
    }

    async fn start_due(&self) -> Result<usize> {
        let mut running = self.running.lock().await;
        let now = self.clock.now();
        if self.db.read(move |conn| jobs::has_expired(conn, now)).await? {
            let n_freed = self.db.write(jobs::release_expired).await?;
            warn!("{n_freed} jobs did not end within their lease and are run again");
        }
        let mut n_started = 0;
        for kind in self.db.read(move |conn| jobs::due_kinds(conn, now)).await? {
            let n_running = running.entry(kind.clone()).or_default();
            let room = ROOM.saturating_sub(*n_running);
            if room == 0 {
                continue;
            }
            let claimed = self.db.write(move |tx| jobs::claim(tx, &kind, room, LEASE)).await?;
            *n_running += claimed.len();
            n_started += claimed.len();
            for job in claimed {
                self.start(job);
            }
        }
        Ok(n_started)
    }

    fn start(&self, job: Job) {
        let handler = self.handlers.get(job.kind.as_str()).cloned();
        let (db, running, ended) = (self.db.clone(), self.running.clone(), self.ended.clone());
        self.tasks.spawn(async move {
            let (id, kind) = (job.id, job.kind.clone());
            let outcome = outcome_of(handler, job).await;
            if let Err(failure) = finish(&db, id, &kind, outcome).await {
                error!("The end of job {id} ({kind}) could not be written, it will be run again: {failure}");
            }
            if let Some(n) = running.lock().await.get_mut(&kind) {
                *n = n.saturating_sub(1);
            }
            ended.send_replace(());
        });
    }
}

async fn outcome_of(handler: Option<Handler>, job: Job) -> Outcome {
    let Some(handler) = handler else { return Outcome::Park { error: format!("this program has no handler for {}", job.kind) } };
    let attempt = job.attempt;
    let run = std::panic::AssertUnwindSafe(async move { handler(job).await });
    run.catch_unwind().await.unwrap_or_else(|_| {
        let error = "the job panicked".to_owned();
        match AFTER_A_PANIC.after(attempt).filter(|_| attempt < TRIES_OF_A_PANIC) {
            Some(after) => Outcome::Again { after, error },
            None => Outcome::Park { error },
        }
    })
}

async fn finish(db: &Db, id: i64, kind: &str, outcome: Outcome) -> Result<()> {
    if let Outcome::Park { error } = &outcome {
        error!("Job {id} ({kind}) is parked: {error}");
    }
    db.write(move |tx| match &outcome {
        Outcome::Done => jobs::done(tx, id),
        Outcome::Again { after, error } => jobs::put_back(tx, id, Some(tx.now.plus(*after)), error),
        Outcome::Park { error } => jobs::put_back(tx, id, None, error),
    })
    .await
}
