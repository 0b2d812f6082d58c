//! Health, readiness and version of the box. Owns no tables.

mod readiness;
mod routes;

pub use readiness::{Check, Readiness, Report};
pub use routes::routes;
