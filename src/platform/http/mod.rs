//! HTTP at the edge: how errors look, how bodies are read, how requests are accepted and limited.

mod draining;
mod edge;
mod error;
mod extract;
mod limits;
mod listen;
mod paced;

pub use draining::Draining;
pub use edge::edge;
pub use error::{ApiError, ApiResult, ErrorBody, FieldProblem};
pub use extract::{AnyCase, Body};
pub use limits::Limits;
pub use listen::{Http, Socket};
