//! Health, readiness and version of the box. Owns no tables.

mod metrics;
mod readiness;
mod routes;

pub use metrics::Figures;
pub use readiness::{Check, Readiness, Report};
pub use routes::routes;
