//! Tidying that belongs to no request and no job: done now and then, a handful of rows at a time.

use std::sync::Arc;

use crate::base::Result;
use crate::platform::db::Tx;

/// Takes a handful of rows and says how many that were.
pub type Tidy = Arc<dyn Fn(&Tx<'_>) -> Result<usize> + Send + Sync>;

/// Removes what is no longer kept. `run` takes a handful of rows and says how many that were; it is called again until there are none,
/// each time in a transaction of its own, so that other writers wait only briefly.
#[derive(Clone)]
pub struct Chore {
    /// Stable name for the log, such as `webhooks.log`.
    pub name: &'static str,
    /// What it does.
    pub run: Tidy,
}

/// Works through a backlog: takes at most so many rows of it and says how many it took.
pub type Catch = Arc<dyn Fn(&Tx<'_>, usize) -> Result<usize> + Send + Sync>;

/// Upkeep of what follows from stored rows, such as an index: a little in each round while facts come in, more when they do not. Whoever
/// adds to the backlog wakes the outbox.
#[derive(Clone)]
pub struct Upkeep {
    /// Stable name for the log, such as `calls.list`.
    pub name: &'static str,
    /// What it does.
    pub run: Catch,
}
