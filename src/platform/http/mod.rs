//! HTTP at the edge: how errors look, how bodies are read, how requests are accepted and limited.

mod error;
mod extract;

pub use error::{ApiError, ApiResult};
pub use extract::{AnyCase, Body};
