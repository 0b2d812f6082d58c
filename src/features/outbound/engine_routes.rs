//! What an engine asks while it dials.

use axum::extract::{Path, State};
use http::StatusCode;

use super::service::Orders;
use crate::base::id::SessionId;
use crate::contract::fleet::OtherCarrier;
use crate::platform::access::EngineOnly;
use crate::platform::http::{ApiResult, Body};

/// The trunk a call was ordered for has failed before anything rang: asks for a line on another carrier. 503: it has none now.
#[utoipa::path(
    post, path = "/api/v1/engine/calls/{session_id}/carrier", tag = "engine", params(("session_id" = String, Path)),
    request_body = OtherCarrier, responses((status = 204))
)]
pub(super) async fn other_carrier(
    _engine: EngineOnly,
    State(orders): State<Orders>,
    Path(session_id): Path<SessionId>,
    Body(body): Body<OtherCarrier>,
) -> ApiResult<StatusCode> {
    orders.carry(session_id, body.carrier_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
