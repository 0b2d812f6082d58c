//! Composition of the control plane: the only place that names every feature.

mod compose;
mod engine;
mod jobs;
mod openapi;
mod router;
mod serve;
mod subscriptions;

pub use compose::{App, Setup};
pub use openapi::openapi_text;
pub use serve::serve;
