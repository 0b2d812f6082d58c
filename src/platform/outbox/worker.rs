//! Runs due jobs. (First version: the outbox's owner fills it in.)

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::jobs::Job;

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
pub struct Worker;
