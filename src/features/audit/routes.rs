//! `/api/v1/audit`: who did what, and whether anybody touched the trail.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Audit, ReadAudit};
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::audit::{Chain, Entry, Filter};
use crate::platform::http::ApiResult;

/// Routes of the audit trail.
pub fn routes(audit: Audit) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify)).with_state(audit)
}

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only this action, such as `user.create`.
    action: Option<String>,
    /// Only what was done to this id.
    target: Option<String>,
    /// Rows to return: 1 to 500, 50 if absent or unreadable.
    limit: Option<String>,
    /// Rows to skip: 0 if absent or unreadable.
    offset: Option<String>,
}

/// The trail, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Wanted), responses((status = 200, body = Listing<Entry>)))]
async fn list(_can: Can<ReadAudit>, State(audit): State<Audit>, Query(wanted): Query<Wanted>) -> ApiResult<Json<Listing<Entry>>> {
    let page = Page::from(&PageQuery { limit: wanted.limit, offset: wanted.offset });
    let filter = Filter { action: wanted.action, target: wanted.target };
    let (data, total) = audit.list(filter.clone(), page).await?;
    let filters = [("action", filter.action.as_deref()), ("target", filter.target.as_deref())];
    Ok(Json(Listing::new(data, total, page, "/api/v1/audit", &filters)))
}

/// Recomputes the chain of hashes from the first row on.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit", responses((status = 200, body = Chain)))]
async fn verify(_can: Can<ReadAudit>, State(audit): State<Audit>) -> ApiResult<Json<Chain>> {
    Ok(Json(audit.verify().await?))
}
