//! Health, readiness and version of the box, and what its CodeB surface offers. Owns no tables.

mod catalogue;
pub mod doctor;
mod metrics;
mod observe;
mod readiness;
mod routes;

pub use catalogue::{Catalogue, describe};
pub use metrics::{Figures, FiguresSetup};
pub use observe::subscription;
pub use readiness::{Check, Readiness, Report};
pub use routes::{figures_only, routes};
