//! SQLite as this program uses it: one writer thread that commits in groups, read-only connections beside it.

mod backup;
mod drift;
mod error;
mod migrate;
mod readers;
mod scrub;
mod sql;
#[cfg(test)]
mod tests;
mod trace;
mod tx;
mod writer;

use std::path::{Path, PathBuf};

use tokio::sync::watch;

use crate::base::{Clock, Result};

pub use backup::{CopyKind, Inspection, copy_file, edit_file, inspect, read_file};
pub use drift::{OnClockSet, Seen};
pub use error::OnConstraint;
pub use migrate::newest as newest_schema;
pub use sql::{from_json, to_json};
pub use trace::{Trace, TraceLine};
pub use tx::{Conn, Tx};

/// The database. Cheap to clone; the last clone's drop ends the threads.
#[derive(Clone)]
pub struct Db {
    writer: writer::Writer,
    readers: readers::Readers,
    outbox: watch::Sender<()>,
    on_clock_set: drift::Listener,
    path: PathBuf,
}

impl Db {
    /// Opens (or makes) the database, migrates it and starts its threads. A backup is written to `backups` before the first migration
    /// of an existing file.
    pub fn open(path: &Path, backups: &Path, clock: Clock) -> Result<Self> {
        migrate::run(path, backups, &clock)?;
        let (outbox, _) = watch::channel(());
        let on_clock_set = drift::Listener::default();
        Ok(Self {
            readers: readers::Readers::start(path, 4, &clock)?,
            writer: writer::Writer::start(path, clock, outbox.clone(), on_clock_set.clone())?,
            outbox,
            on_clock_set,
            path: path.to_owned(),
        })
    }

    /// Runs a use case in one transaction. When this returns `Ok`, the change is on disk and synced. When the closure fails or panics,
    /// nothing of it is kept; other use cases of the same group are not touched.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.writer.run(change).await
    }

    /// Runs a query on a read-only connection. One that takes longer than five seconds is ended and fails as `query_too_slow`.
    pub async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> Result<T> + Send + 'static,
    {
        self.readers.run(Some(readers::LONGEST), query).await
    }

    /// The same without a limit of time, for work that must look at everything.
    pub async fn read_all<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> Result<T> + Send + 'static,
    {
        self.readers.run(None, query).await
    }

    /// Copies the database to a file as it is at one moment, while writers go on, and checks the copy. Nothing is at `to` when it fails.
    pub async fn backup(&self, to: &Path, kind: CopyKind) -> Result<()> {
        backup::copy(self.path.clone(), to.to_owned(), kind).await
    }

    /// Takes what was removed out of the database's log file too. Waits for readers that are at work.
    pub async fn scrub(&self) -> Result<()> {
        scrub::scrub(self.path.clone()).await
    }

    /// Has somebody told when the wall clock was set, before the first change under the new time. The first who asks is told.
    pub fn on_clock_set(&self, listener: OnClockSet) {
        // Whoever asked before does the same work.
        let _ = self.on_clock_set.set(listener);
    }

    /// Changes after a commit that appended facts or enqueued jobs. A hint without data: a timer finds the same work.
    pub fn outbox_wake(&self) -> watch::Receiver<()> {
        self.outbox.subscribe()
    }
}
