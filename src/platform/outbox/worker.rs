//! Runs due jobs: one claimer, many at a time. Each kind, and within it each lane, has its own room, so that a slow peer holds up nobody.

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

use super::drift::Drift;
use super::jobs::{self, Job};
use crate::base::backoff::Backoff;
use crate::base::{Clock, Result};
use crate::platform::db::Db;

/// Jobs of one kind without a lane that run at once; the others wait in their rows.
const ROOM: usize = 32;
/// Jobs of one lane that run at once.
const ROOM_OF_A_LANE: usize = 2;
/// Jobs of all lanes of one kind that run at once: more than a hundred slow lanes can fill.
const ROOM_OF_LANES: usize = 256;
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
    /// The handler has removed the row or put it back itself, in one transaction with what it wrote.
    Written,
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
    drift: Arc<Drift>,
    handlers: HashMap<&'static str, Handler>,
    /// Jobs that run, by kind and lane. The lock makes claiming one at a time.
    running: Arc<Mutex<HashMap<(String, String), usize>>>,
    /// Changes when a job has ended.
    ended: watch::Sender<()>,
    tasks: TaskTracker,
}

impl Worker {
    pub(super) fn new(db: Db, clock: Clock, drift: Arc<Drift>, handlers: HashMap<&'static str, Handler>) -> Self {
        Self { db, clock, drift, handlers, running: Arc::default(), ended: watch::channel(()).0, tasks: TaskTracker::new() }
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
        let next = self.db.read(move |conn| jobs::next_due(conn, now)).await.ok().flatten().filter(|at| *at > now);
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
        self.drift.settle(&self.db).await?;
        let now = self.clock.now();
        if self.db.read(move |conn| jobs::has_expired(conn, now)).await? {
            let n_freed = self.db.write(jobs::release_expired).await?;
            warn!("{n_freed} jobs did not end within their lease and are run again");
        }
        let due = self.db.read(move |conn| jobs::due_lanes(conn, now)).await?;
        let rooms = rooms(due, &running);
        if rooms.is_empty() {
            return Ok(0);
        }
        let claimed = self
            .db
            .write(move |tx| {
                let claimed = rooms.iter().map(|(kind, lane, room)| jobs::claim(tx, kind, lane, *room, LEASE));
                Ok(claimed.collect::<Result<Vec<_>>>()?.concat())
            })
            .await?;
        let n_started = claimed.len();
        for job in claimed {
            *running.entry((job.kind.clone(), job.lane.clone())).or_default() += 1;
            self.start(job);
        }
        Ok(n_started)
    }

    fn start(&self, job: Job) {
        let handler = self.handlers.get(job.kind.as_str()).cloned();
        let (db, running, ended) = (self.db.clone(), self.running.clone(), self.ended.clone());
        self.tasks.spawn(async move {
            let (id, place) = (job.id, (job.kind.clone(), job.lane.clone()));
            let outcome = outcome_of(handler, job).await;
            if let Err(failure) = finish(&db, id, &place.0, outcome).await {
                error!("The end of job {id} ({}) could not be written, it will be run again: {failure}", place.0);
            }
            leave(&mut *running.lock().await, &place);
            ended.send_replace(());
        });
    }
}

/// How many jobs of each due kind and lane may be started now. Pure.
fn rooms(due: Vec<(String, String)>, running: &HashMap<(String, String), usize>) -> Vec<(String, String, usize)> {
    let mut in_lanes: HashMap<String, usize> = HashMap::new();
    for ((kind, _), n) in running.iter().filter(|((_, lane), _)| !lane.is_empty()) {
        *in_lanes.entry(kind.clone()).or_default() += n;
    }
    let mut rooms = Vec::with_capacity(due.len());
    for (kind, lane) in due {
        let place = (kind, lane);
        let n_running = running.get(&place).copied().unwrap_or(0);
        let (kind, lane) = place;
        let room = if lane.is_empty() {
            ROOM.saturating_sub(n_running)
        } else {
            let n_all = in_lanes.entry(kind.clone()).or_default();
            let room = ROOM_OF_A_LANE.saturating_sub(n_running).min(ROOM_OF_LANES.saturating_sub(*n_all));
            *n_all += room;
            room
        };
        if room > 0 {
            rooms.push((kind, lane, room));
        }
    }
    rooms
}

/// One job less in a lane; a lane that runs nothing is forgotten.
fn leave(running: &mut HashMap<(String, String), usize>, place: &(String, String)) {
    if let Some(n) = running.get_mut(place) {
        *n = n.saturating_sub(1);
        if *n == 0 {
            running.remove(place);
        }
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
    if matches!(outcome, Outcome::Written) {
        return Ok(());
    }
    db.write(move |tx| match &outcome {
        Outcome::Written => Ok(()),
        Outcome::Done => jobs::done(tx, id),
        Outcome::Again { after, error } => jobs::put_back(tx, id, Some(tx.now.plus(*after)), error),
        Outcome::Park { error } => jobs::put_back(tx, id, None, error),
    })
    .await
}
