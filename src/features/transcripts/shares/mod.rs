//! Shares: links under which whoever has them reads one transcript, until they end or are taken back.

mod model;
mod page;
mod public_routes;
mod routes;
mod service;
mod store;

use utoipa_axum::router::OpenApiRouter;

pub use model::{NewShare, ShareMade, ShareView};
pub use service::{Shares, SharesSetup, share_event};

/// The routes for admins and for everybody.
pub(super) fn routes(shares: Shares) -> OpenApiRouter {
    routes::routes(shares.clone()).merge(public_routes::routes(shares))
}
