//! Facts, listeners and jobs: what happened is written with the change, what follows from it survives any crash.
//!
//! `events` holds facts; the [`Dispatcher`] makes one reaction per fact and [`Subscription`]; a reaction writes rows and may
//! enqueue jobs; the [`Worker`] runs jobs against the outside world until they succeed or are parked.

mod dispatcher;
mod events;
mod jobs;
mod worker;

pub use dispatcher::{Dispatcher, Subscription};
pub use events::{Event, append};
pub use jobs::{Job, NewJob, enqueue};
pub use worker::{Handler, Outcome, Worker};
