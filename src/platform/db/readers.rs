//! Read-only connections, one per thread, fed from one bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use super::tx::Conn;
use crate::base::{Context, Error, Result};

/// Queries that may wait; when it is full, callers wait in their own task.
const INBOX: usize = 1024;

type Query = Box<dyn FnOnce(&Conn) + Send>;

/// The handle that sends queries to the threads.
#[derive(Clone)]
pub(super) struct Readers {
    inbox: mpsc::Sender<Query>,
}

impl Readers {
    pub(super) fn start(path: &Path, n_threads: usize) -> Result<Self> {
        let (inbox, queries) = mpsc::channel(INBOX);
        let queries = Arc::new(Mutex::new(queries));
        for n in 0..n_threads {
            let conn = open(path)?;
            let queries = queries.clone();
            std::thread::Builder::new()
                .name(format!("db-reader-{n}"))
                .spawn(move || serve(&conn, &queries))
                .context("cannot start a database reader")?;
        }
        Ok(Self { inbox })
    }

    pub(super) async fn run<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let gone = || Error::unavailable("the database is closed");
        let query: Query = Box::new(move |conn| {
            let outcome =
                catch_unwind(AssertUnwindSafe(|| query(conn))).unwrap_or_else(|_| Err(Error::internal("a database query panicked")));
            // A caller that went away needs no answer.
            let _ = reply.send(outcome);
        });
        self.inbox.send(query).await.map_err(|_| gone())?;
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

fn serve(conn: &Connection, queries: &Mutex<mpsc::Receiver<Query>>) {
    loop {
        // The lock is held while waiting: one thread waits for the next query, the others for the lock.
        let query = queries.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match query {
            Some(query) => query(conn),
            None => return,
        }
    }
}
