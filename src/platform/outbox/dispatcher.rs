//! Brings facts to their listeners: many reactions per write, each exactly once, a failing one never in the way of another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Work;
use super::chore::{Chore, Upkeep};
use super::drift::Drift;
use super::events::Event;
use super::reactions::{self, Due, Waiting};
use crate::base::backoff::Backoff;
use crate::base::{Clock, Error, Result};
use crate::contract::fact::Fact;
use crate::platform::db::{Db, Tx};

/// Facts looked at in one go.
const FACTS: usize = 2000;
/// Most reactions in one write; it bounds how long other writers wait.
const REACTIONS: usize = 256;
/// A reaction is tried this often before it is parked: over about four hours.
const TRIES: u32 = 12;
const RETRY: Backoff = Backoff::Doubling { first: Duration::from_secs(2), most: Duration::from_secs(3600) };
/// The timer that finds work no one was woken for.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The pause after the database refused a whole round.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How often chores are done.
const CHORES_EVERY: Duration = Duration::from_secs(600);
/// Rows of a backlog that one write takes while facts come in, and when they do not.
const BUSY: usize = 16;
const QUIET: usize = 128;

type React = Arc<dyn Fn(&Tx<'_>, &Event) -> Result<()> + Send + Sync>;

/// A listener: its name, which facts it wants, and what it does. `react` writes rows and enqueues jobs, nothing else; it runs in one
/// transaction with the mark "done", so its effect happens exactly once.
#[derive(Clone)]
pub struct Subscription {
    /// Stable name, such as `webhooks`; stored with each reaction that failed.
    pub name: &'static str,
    /// Whether it wants a fact.
    pub wants: fn(&Fact) -> bool,
    /// What it does.
    pub react: React,
}

/// The one task that fans facts out.
pub(super) struct Dispatcher {
    db: Db,
    clock: Clock,
    drift: Arc<Drift>,
    subscriptions: Arc<[Subscription]>,
    chores: Vec<Chore>,
    upkeep: Vec<Upkeep>,
    /// One round at a time; holds when the chores were last done.
    turn: Mutex<Option<Instant>>,
}

/// One write's share of facts and their reactions.
struct Batch {
    first: i64,
    last: i64,
    reactions: Vec<Reaction>,
    unreadable: Vec<(i64, String)>,
}

struct Reaction {
    event: Arc<Event>,
    react: React,
    subscriber: &'static str,
}

impl Dispatcher {
    pub(super) fn new(db: Db, clock: Clock, drift: Arc<Drift>, work: Work) -> Self {
        let Work { subscriptions, mut chores, upkeep, .. } = work;
        chores.push(Chore { name: "outbox.facts", run: Arc::new(reactions::prune) });
        Self { db, clock, drift, subscriptions: subscriptions.into(), chores, upkeep, turn: Mutex::new(None) }
    }

    pub(super) async fn run(&self, stop: &CancellationToken) {
        let mut wake = self.db.outbox_wake();
        while !stop.is_cancelled() {
            wake.mark_unchanged();
            let pause = match self.round().await {
                Ok(0) => self.until_next().await,
                Ok(_) => Duration::ZERO,
                Err(failure) => {
                    error!("Facts could not be fanned out, trying again: {failure}");
                    tokio::select! { () = self.clock.sleep(AFTER_FAILURE) => {} () = stop.cancelled() => {} }
                    continue;
                }
            };
            if !pause.is_zero() {
                tokio::select! { _ = wake.changed() => {} () = self.clock.sleep(pause) => {} () = stop.cancelled() => {} }
            }
        }
    }

    async fn until_next(&self) -> Duration {
        let next = self.db.read(reactions::next_due).await.ok().flatten();
        next.map_or(LOOK_AGAIN, |at| at.since(self.clock.now()).clamp(Duration::from_millis(1), LOOK_AGAIN))
    }

    /// Fans out what waits and repeats what is due. Says how much that was.
    pub(super) async fn round(&self) -> Result<usize> {
        let mut chores_at = self.turn.lock().await;
        self.drift.settle(&self.db).await?;
        let facts = self.db.read(|conn| reactions::not_fanned_out(conn, FACTS)).await?;
        let now = self.clock.now();
        let due = self.db.read(move |conn| reactions::due(conn, now, REACTIONS)).await?;
        let n_done = facts.len() + due.len();
        for batch in self.batches(facts) {
            self.fan_out(batch).await?;
        }
        if !due.is_empty() {
            self.repeat(due).await?;
        }
        let n_caught_up = self.catch_up(n_done == 0).await;
        let ticks = self.clock.monotonic();
        if chores_at.is_none_or(|at| ticks.saturating_duration_since(at) >= CHORES_EVERY) {
            *chores_at = Some(ticks);
            self.do_chores().await;
        }
        Ok(n_done + n_caught_up)
    }

    /// Takes a little of every backlog. One that fails waits for the next round and is not in the way of the others.
    async fn catch_up(&self, is_quiet: bool) -> usize {
        let limit = if is_quiet { QUIET } else { BUSY };
        let mut n_done = 0;
        for Upkeep { name, run } in &self.upkeep {
            let run = run.clone();
            match self.db.write(move |tx| run(tx, limit)).await {
                Ok(n) => n_done += n,
                Err(failure) => warn!("The upkeep {name} failed and is done again later: {failure}"),
            }
        }
        n_done
    }

    /// Does every chore until nothing is left of it. One that fails is done again next time and is not in the way of the others.
    async fn do_chores(&self) {
        for Chore { name, run } in &self.chores {
            loop {
                let run = run.clone();
                match self.db.write(move |tx| run(tx)).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(failure) => {
                        warn!("The chore {name} failed and is done again later: {failure}");
                        break;
                    }
                }
            }
        }
    }

    fn batches(&self, facts: Vec<Waiting>) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for Waiting { id, event } in facts {
            if batches.last().is_none_or(|batch| batch.reactions.len() >= REACTIONS) {
                batches.push(Batch { first: id, last: id, reactions: Vec::new(), unreadable: Vec::new() });
            }
            let Some(batch) = batches.last_mut() else { continue };
            batch.last = id;
            match event {
                Ok(event) => self.interested(Arc::new(event), &mut batch.reactions),
                Err(failure) => batch.unreadable.push((id, failure.to_string())),
            }
        }
        batches
    }

    fn interested(&self, event: Arc<Event>, reactions: &mut Vec<Reaction>) {
        for subscription in self.subscriptions.iter().filter(|s| (s.wants)(&event.fact)) {
            reactions.push(Reaction { event: event.clone(), react: subscription.react.clone(), subscriber: subscription.name });
        }
    }

    /// Runs a batch in one go. Only when one of its reactions fails it is run again with each reaction on its own.
    async fn fan_out(&self, batch: Batch) -> Result<()> {
        let batch = Arc::new(batch);
        let together = batch.clone();
        let done = self.db.write(move |tx| together.run(tx, |reaction| (reaction.react)(tx, &reaction.event))).await;
        if done.is_ok() {
            return Ok(());
        }
        self.db.write(move |tx| batch.run(tx, |reaction| reaction.alone(tx, 0))).await
    }

    async fn repeat(&self, due: Vec<Due>) -> Result<()> {
        let subscriptions = self.subscriptions.clone();
        self.db
            .write(move |tx| {
                for Due { waiting, subscriber, attempts } in due {
                    let subscription = subscriptions.iter().find(|s| s.name == subscriber);
                    let (Ok(event), Some(subscription)) = (waiting.event, subscription) else {
                        reactions::failed(tx, waiting.id, &subscriber, attempts, None, "this program has no such listener or fact")?;
                        continue;
                    };
                    let reaction = Reaction { event: Arc::new(event), react: subscription.react.clone(), subscriber: subscription.name };
                    reaction.alone(tx, attempts)?;
                }
                Ok(())
            })
            .await
    }
}

impl Batch {
    fn run(&self, tx: &Tx<'_>, mut react: impl FnMut(&Reaction) -> Result<()>) -> Result<()> {
        for reaction in &self.reactions {
            react(reaction)?;
        }
        for (id, failure) in &self.unreadable {
            error!("Fact {id} cannot be read and is parked: {failure}");
            reactions::failed(tx, *id, "(unreadable)", 0, None, failure)?;
        }
        reactions::fanned_out(tx, self.first, self.last)
    }
}

impl Reaction {
    /// Runs one reaction in a savepoint. Its failure is written down, not handed on.
    fn alone(&self, tx: &Tx<'_>, attempts_before: u32) -> Result<()> {
        tx.prepare_cached("savepoint reaction")?.execute([])?;
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.react)(tx, &self.event)))
            .unwrap_or_else(|_| Err(Error::internal("the reaction panicked")));
        if outcome.is_err() {
            tx.prepare_cached("rollback to reaction")?.execute([])?;
        }
        tx.prepare_cached("release reaction")?.execute([])?;
        match outcome {
            Ok(()) if attempts_before == 0 => Ok(()),
            Ok(()) => reactions::done(tx, self.event.id, self.subscriber),
            Err(failure) => self.failed(tx, attempts_before + 1, &failure),
        }
    }

    fn failed(&self, tx: &Tx<'_>, attempts: u32, failure: &Error) -> Result<()> {
        let due_at = RETRY.after(attempts).filter(|_| attempts < TRIES).map(|delay| tx.now.plus(delay));
        if due_at.is_none() {
            error!("{} could not react to fact {} and is parked: {failure}", self.subscriber, self.event.id);
        } else {
            warn!("{} could not react to fact {}, attempt {attempts}: {failure}", self.subscriber, self.event.id);
        }
        reactions::failed(tx, self.event.id, self.subscriber, attempts, due_at, &failure.to_string())
    }
}
