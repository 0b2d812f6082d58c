//! Read-only connections, one per thread, fed from one bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::tx::Conn;
use crate::base::{Clock, Context, Error, Result};

/// Queries that may wait; when it is full, callers wait in their own task.
const INBOX: usize = 1024;

/// How long a query may take. A reader keeps the log file from being written back, so one without an end would fill the disk.
pub(super) const LONGEST: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine after which the time is looked at: some tenths of a millisecond.
const STEPS: i32 = 20_000;

struct Query {
    /// How long it may take; none for work that nobody waits for.
    longest: Option<Duration>,
    run: Box<dyn FnOnce(&Conn) + Send>,
}

/// The handle that sends queries to the threads.
#[derive(Clone)]
pub(super) struct Readers {
    inbox: mpsc::Sender<Query>,
}

impl Readers {
    pub(super) fn start(path: &Path, n_threads: usize, clock: &Clock) -> Result<Self> {
        let (inbox, queries) = mpsc::channel(INBOX);
        let queries = Arc::new(Mutex::new(queries));
        for n in 0..n_threads {
            let conn = open(path)?;
            let (queries, clock) = (queries.clone(), clock.clone());
            std::thread::Builder::new()
                .name(format!("db-reader-{n}"))
                .spawn(move || serve(conn, &queries, &clock))
                .context("cannot start a database reader")?;
        }
        Ok(Self { inbox })
    }

    /// Runs a query. One that takes longer than `longest` is ended, and fails as `query_too_slow`.
    pub(super) async fn run<T, F>(&self, longest: Option<Duration>, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let gone = || Error::unavailable("the database is closed");
        let run = Box::new(move |conn: &Conn| {
            let outcome =
                catch_unwind(AssertUnwindSafe(|| query(conn))).unwrap_or_else(|_| Err(Error::internal("a database query panicked")));
            // A caller that went away needs no answer.
            let _ = reply.send(outcome);
        });
        self.inbox.send(Query { longest, run }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens reading connections")]
fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).context("cannot open the database for reading")?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

fn serve(mut conn: Connection, queries: &Mutex<mpsc::Receiver<Query>>, clock: &Clock) {
    loop {
        // The lock is held while waiting: one thread waits for the next query, the others for the lock.
        let query = queries.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(Query { longest, run }) = query else { return };
        let (clock, begun) = (clock.clone(), clock.monotonic());
        let is_late = longest.map(|longest| move || clock.monotonic().saturating_duration_since(begun) >= longest);
        if let Err(failure) = conn.progress_handler(STEPS, is_late) {
            warn!("A query runs without a limit of time: {failure}");
        }
        run(&conn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;

    const ENDLESS: &str = "with recursive n (x) as (select 1 union all select x + 1 from n) select count(*) from n";

    fn one_after_the_other(conn: &Conn) -> Result<()> {
        loop {
            count(conn, "with recursive n (x) as (select 1 union all select x + 1 from n limit 100000) select count(*) from n")?;
        }
    }

    fn count(conn: &Conn, sql: &str) -> Result<i64> {
        Ok(conn.query_row(sql, [], |row| row.get(0))?)
    }

    #[expect(clippy::disallowed_methods, reason = "the test looks from outside")]
    fn made(path: &Path) -> Connection {
        let conn = Connection::open(path).expect("made");
        conn.execute_batch("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (x); insert into t values (1);")
            .expect("a table");
        conn
    }

    #[tokio::test]
    async fn a_query_that_does_not_end_is_ended_and_lets_the_log_file_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("main.db");
        let writer = made(&path);
        let readers = Readers::start(&path, 1, &Clock::system()).expect("started");
        let short = Some(Duration::from_millis(200));
        let refused = readers.run(short, |conn| count(conn, ENDLESS)).await.expect_err("ended");
        assert_eq!((refused.kind(), refused.stable_code()), (Kind::Unavailable, "query_too_slow"));
        // One statement after the other is one query, too.
        assert_eq!(readers.run(short, one_after_the_other).await.expect_err("ended").stable_code(), "query_too_slow");
        assert_eq!(readers.run(short, |conn| count(conn, "select count(*) from t")).await.expect("the same thread serves the next"), 1);
        writer.execute("insert into t values (2)", []).expect("written");
        let (busy, left): (i64, i64) =
            writer.query_row("pragma wal_checkpoint(truncate)", [], |row| Ok((row.get(0)?, row.get(1)?))).expect("written back");
        assert_eq!((busy, left), (0, 0), "no reader stands in the way");
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_may_take_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("main.db");
        let _writer = made(&path);
        let clock = Clock::manual(crate::base::Millis(1));
        let readers = Readers::start(&path, 1, &clock).expect("started");
        let moved = clock.clone();
        let slow = move |conn: &Conn| {
            moved.advance(LONGEST);
            count(conn, "with recursive n (x) as (select 1 union all select x + 1 from n limit 1000000) select count(*) from n")
        };
        assert_eq!(readers.run(None, slow.clone()).await.expect("to its end"), 1_000_000);
        assert_eq!(readers.run(Some(LONGEST), slow).await.expect_err("ended").stable_code(), "query_too_slow");
    }
}
