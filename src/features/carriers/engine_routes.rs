//! What an engine asks about carriers.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use super::service::Carriers;
use crate::contract::trunk::{TrunkStates, Trunks};
use crate::platform::access::EngineOnly;
use crate::platform::http::{ApiResult, Body};

/// All active trunks, oldest first. Engines ask every few seconds; it is also how one learns that the control plane lives.
#[utoipa::path(get, path = "/api/v1/engine/trunks", tag = "engine", responses((status = 200, body = Trunks)))]
pub(super) async fn trunks(_engine: EngineOnly, State(carriers): State<Carriers>) -> ApiResult<Json<Trunks>> {
    Ok(Json(carriers.trunks().await?))
}

/// How the trunks are, as one engine sees them: all of them, after every change and every few seconds.
#[utoipa::path(put, path = "/api/v1/engine/trunks/state", tag = "engine", request_body = TrunkStates, responses((status = 204)))]
pub(super) async fn states(_engine: EngineOnly, State(carriers): State<Carriers>, Body(report): Body<TrunkStates>) -> StatusCode {
    carriers.told(report);
    StatusCode::NO_CONTENT
}
