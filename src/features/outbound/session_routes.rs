//! Ends calls by their session: `POST /api/v1/calls/{session_id}/hangup`. It stands here because ending a call may mean ending its order.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::EndCalls;
use super::hang_up::SessionEnd;
use super::service::Orders;
use crate::base::id::SessionId;
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

pub(super) fn routes(orders: Orders) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(hang_up)).with_state(orders)
}

/// What became of the wish to end a call.
#[derive(Serialize, ToSchema)]
struct SessionHungUp {
    session_id: SessionId,
    /// `ordered`: an engine ends it, its result follows; `closed`: no engine held it, it counts as failed now; `over`: it had ended before.
    result: &'static str,
}

/// Ends a call that runs, whatever brought it about. One that is over stays as it is, so a repeat does no harm. An outbound call ends with
/// its order: nothing dials again.
#[utoipa::path(
    post, path = "/api/v1/calls/{session_id}/hangup", tag = "calls", params(("session_id" = String, Path)),
    responses(
        (status = 200, body = SessionHungUp),
        (status = 404, description = "No such call"),
        (status = 502, description = "An engine that may hold the call does not answer: `bridge_unreachable`"),
    )
)]
async fn hang_up(can: Can<EndCalls>, State(orders): State<Orders>, Path(session_id): Path<SessionId>) -> ApiResult<Json<SessionHungUp>> {
    let result = match orders.hang_up_session(can.actor(), session_id.clone()).await? {
        SessionEnd::Ordered => "ordered",
        SessionEnd::Closed => "closed",
        SessionEnd::WasOver => "over",
    };
    Ok(Json(SessionHungUp { session_id, result }))
}
