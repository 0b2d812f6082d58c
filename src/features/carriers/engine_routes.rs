//! What an engine asks about carriers.

use axum::Json;
use axum::extract::State;

use super::service::Carriers;
use crate::contract::trunk::Trunks;
use crate::platform::access::EngineOnly;
use crate::platform::http::ApiResult;

/// All active trunks, oldest first. Engines ask every few seconds; it is also how one learns that the control plane lives.
#[utoipa::path(get, path = "/api/v1/engine/trunks", tag = "engine", responses((status = 200, body = Trunks)))]
pub(super) async fn trunks(_engine: EngineOnly, State(carriers): State<Carriers>) -> ApiResult<Json<Trunks>> {
    Ok(Json(carriers.trunks().await?))
}
