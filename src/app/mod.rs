//! Composition of the control plane: the only place that names every feature.

mod compose;
mod control;
mod describe;
mod engine;
mod jobs;
mod makers;
mod offline;
mod openapi;
mod router;
mod serve;
mod setup;
mod subscriptions;

pub use control::App;
pub use offline::{erase, forget_again};
pub use openapi::openapi_text;
pub use serve::serve;
pub use setup::Setup;
