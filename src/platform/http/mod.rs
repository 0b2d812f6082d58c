//! HTTP at the edge: how errors look, how bodies are read, how requests are accepted and limited.

mod draining;
mod error;
mod extract;
mod listen;

pub use draining::Draining;
pub use error::{ApiError, ApiResult};
pub use extract::{AnyCase, Body};
pub use listen::{Http, Socket};
