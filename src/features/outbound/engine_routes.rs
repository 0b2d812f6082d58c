//! What an engine asks while it dials and while a call runs.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;

use super::service::Orders;
use crate::base::id::SessionId;
use crate::contract::callback::{Callback, CallbackAsk};
use crate::contract::fleet::{OtherCarrier, SecondLeg};
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

/// The other end of a call wants to be called back: an outbound call is planned. Asking again plans it anew.
#[utoipa::path(
    post, path = "/api/v1/engine/calls/{session_id}/callback", tag = "engine", params(("session_id" = String, Path)),
    request_body = CallbackAsk,
    responses(
        (status = 200, body = Callback),
        (status = 404, description = "No such call"),
        (status = 409, description = "The bot of the call takes no such wishes"),
        (status = 422, description = "The time cannot be read, is in the past or too far away, or the number may not be called: `call_not_permitted`"),
    )
)]
pub(super) async fn call_back(
    _engine: EngineOnly,
    State(orders): State<Orders>,
    Path(session_id): Path<SessionId>,
    Body(ask): Body<CallbackAsk>,
) -> ApiResult<Json<Callback>> {
    Ok(Json(orders.call_back(session_id, ask).await?))
}

/// A call is to be handed on to a number that is called first: asks whether it may be. The calling window does not count: whom a bot hands
/// calls on to was declared by the operator.
#[utoipa::path(
    post, path = "/api/v1/engine/calls/{session_id}/leg", tag = "engine", params(("session_id" = String, Path)), request_body = SecondLeg,
    responses(
        (status = 204),
        (status = 404, description = "No such call"),
        (status = 422, description = "The number may not be called: `call_not_permitted`"),
    )
)]
pub(super) async fn leg(
    _engine: EngineOnly,
    State(orders): State<Orders>,
    Path(session_id): Path<SessionId>,
    Body(body): Body<SecondLeg>,
) -> ApiResult<StatusCode> {
    orders.add_leg(session_id, body.phone).await?;
    Ok(StatusCode::NO_CONTENT)
}
