//! Composition of the control plane: the only place that names every feature.

mod compose;
mod jobs;
mod router;
mod serve;
mod subscriptions;

pub use compose::{App, Setup};
pub use serve::serve;
