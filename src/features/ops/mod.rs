//! Health, readiness and version of the box. Owns no tables.

mod routes;

pub use routes::routes;
