//! The one thread that writes. It takes waiting use cases, runs each in a savepoint, commits and syncs once for all, then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::error;

use super::drift::{self, Listener, Seen};
use super::tx::Tx;
use crate::base::{Clock, Context, Error, Kind, Result};

/// Use cases that may wait; when it is full, callers wait in their own task.
const INBOX: usize = 1024;
/// Most use cases in one commit.
const GROUP: usize = 256;

/// The handle that sends use cases to the thread.
#[derive(Clone)]
pub(super) struct Writer {
    inbox: mpsc::Sender<Box<dyn Job>>,
}

/// A use case on its way: run inside the group, answered after the commit.
trait Job: Send {
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Rollback>;
    /// What it failed with, for the others of its group.
    fn failure(&self) -> Option<&Error>;
    fn answer(self: Box<Self>, committed: Result<(), &Error>);
}

/// The use case failed; its savepoint is undone. The error waits in the job for the answer.
struct Rollback;

struct UseCase<T, F> {
    change: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for UseCase<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Rollback> {
        let Some(change) = self.change.take() else { return Err(Rollback) };
        let outcome = catch_unwind(AssertUnwindSafe(|| change(tx)))
            .unwrap_or_else(|_| Err(Error::internal("a database change panicked; nothing of it was kept")));
        let failed = outcome.is_err();
        self.outcome = Some(outcome);
        if failed { Err(Rollback) } else { Ok(()) }
    }

    fn failure(&self) -> Option<&Error> {
        self.outcome.as_ref().and_then(|outcome| outcome.as_ref().err())
    }

    fn answer(self: Box<Self>, committed: Result<(), &Error>) {
        let outcome = self.outcome.unwrap_or_else(|| Err(Error::internal("a database change did not run")));
        let outcome = match (outcome, committed) {
            (Ok(_), Err(error)) => Err(Error::new(error.kind(), error.message().to_owned())),
            (outcome, _) => outcome,
        };
        // A caller that went away needs no answer.
        let _ = self.reply.send(outcome);
    }
}

impl Writer {
    pub(super) fn start(path: &Path, clock: Clock, outbox: watch::Sender<()>, on_clock_set: Listener) -> Result<Self> {
        let conn = open(path)?;
        let (inbox, jobs) = mpsc::channel(INBOX);
        std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(move || serve(&conn, jobs, &Time { clock, on_clock_set }, &outbox))
            .context("cannot start the database writer")?;
        Ok(Self { inbox })
    }

    pub(super) async fn run<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let gone = || Error::unavailable("the database is closed");
        self.inbox.send(Box::new(UseCase { change: Some(change), outcome: None, reply })).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens the writing connection")]
fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).context("cannot open the database")?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // What is removed is overwritten: keys, numbers and words of people must not stay readable in free pages.
    conn.pragma_update(None, "secure_delete", true)?;
    conn.pragma_update(None, "journal_size_limit", 32 * 1024 * 1024)?;
    // Session keys are random: the leaves of their index stay in memory, and one checkpoint serves many commits that touch the same ones.
    conn.pragma_update(None, "cache_size", -16 * 1024)?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.set_prepared_statement_cache_capacity(256);
    Ok(conn)
}

/// The clock, and who hears that it was set.
struct Time {
    clock: Clock,
    on_clock_set: Listener,
}

fn serve(conn: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>, time: &Time, outbox: &watch::Sender<()>) {
    let mut seen = Seen::now(&time.clock);
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        let committed = commit_group(conn, &mut group, &mut jobs, time, seen);
        if let Err(error) = &committed {
            error!("A database commit failed: {error}");
            // Nothing of the group may stay open.
            let _ = conn.execute_batch("rollback");
        }
        let committed = committed.map(|(wakes, now)| {
            seen = now;
            wakes
        });
        let wakes = matches!(committed, Ok(true));
        for job in group {
            job.answer(committed.as_ref().map(|_| ()));
        }
        if wakes {
            outbox.send_replace(());
        }
    }
}

/// Runs the group and whatever arrives meanwhile, then commits. Says whether the outbox has new work, and what time it was at the beginning.
fn commit_group(
    conn: &Connection,
    group: &mut Vec<Box<dyn Job>>,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    time: &Time,
    seen: Seen,
) -> Result<(bool, Seen)> {
    let clock = &time.clock;
    conn.prepare_cached("begin immediate")?.execute([])?;
    let seen = drift::tell(&Tx::new(conn, clock.now()), seen, clock, &time.on_clock_set);
    let mut wakes = false;
    let mut next = 0;
    while next < group.len() {
        wakes |= run_one(conn, &mut group[next], clock)?;
        next += 1;
        if group.len() < GROUP
            && let Ok(job) = jobs.try_recv()
        {
            group.push(job);
        }
    }
    let began = clock.monotonic();
    conn.prepare_cached("commit")?.execute([])?;
    metrics::histogram!("cxbox_db_commit_seconds").record(clock.monotonic().saturating_duration_since(began));
    Ok((wakes, seen))
}

fn run_one(conn: &Connection, job: &mut Box<dyn Job>, clock: &Clock) -> Result<bool> {
    conn.prepare_cached("savepoint use_case")?.execute([])?;
    let tx = Tx::new(conn, clock.now());
    let kept = job.run(&tx).is_ok();
    if conn.is_autocommit() {
        // SQLite itself gave up the whole transaction, as it does when the disk is full: all of the group have to hear it.
        let failure = job.failure().map(|failure| (failure.kind(), failure.message().to_owned()));
        let (kind, message) = failure.unwrap_or((Kind::Internal, "a database change ended the transaction".to_owned()));
        return Err(Error::new(kind, message));
    }
    if !kept {
        conn.prepare_cached("rollback to use_case")?.execute([])?;
    }
    conn.prepare_cached("release use_case")?.execute([])?;
    Ok(kept && tx.wants_wake())
}
