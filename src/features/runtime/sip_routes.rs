//! `/api/v1/sip`: CRMs have calls placed; engines look numbers and trunks up.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dialout::{Dialler, DialoutBody, DialoutReply};
use super::lookup::{NumberFound, TrunkFound};
use super::service::Runtime;
use crate::platform::access::{EngineOnly, known_caller};
use crate::platform::http::{ApiError, ApiResult, Body};

/// The routes below `/api/v1/sip`.
pub(super) fn routes(runtime: Runtime) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(dial_out)).routes(routes!(look_up)).routes(routes!(outbound_trunk)).with_state(runtime)
}

impl<S: Send + Sync> FromRequestParts<S> for Dialler {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Ok(Self::of(known_caller(parts)?)?)
    }
}

/// Places a call now, for a CRM with its `X-API-Key` or for an admin. What an engine refuses has the engine's own status and sentence.
#[utoipa::path(
    post, path = "/api/v1/sip/dialout", tag = "sip", request_body = DialoutBody,
    responses(
        (status = 200, description = "An engine dials", body = DialoutReply),
        (status = 401, description = "No key, no token, or one that does not exist"),
        (status = 403, description = "The key is switched off, has expired or is for other bots; the person is no admin"),
        (status = 404, description = "No such bot, it takes no calls, or no carrier has the number to show"),
        (status = 422, description = "The body does not fit, or the number may not be called (`call_not_permitted`)"),
        (status = 503, description = "Outside the bot's hours or the calling window, or no engine has room; `error` says which"),
    )
)]
async fn dial_out(dialler: Dialler, State(runtime): State<Runtime>, Body(body): Body<DialoutBody>) -> Result<Json<DialoutReply>, Response> {
    runtime.dial_out(&dialler, body).await.map(Json).map_err(|error| {
        let passed_on = error.peer_status().and_then(|status| StatusCode::from_u16(status).ok());
        let mut response = ApiError(error).into_response();
        if let Some(status) = passed_on.filter(|status| status.is_client_error() || status.is_server_error()) {
            *response.status_mut() = status;
        }
        response
    })
}

/// Which number is looked up.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NumberQuery {
    /// The number that was dialled.
    number: Option<String>,
}

/// Which trunk is looked up.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TrunkQuery {
    /// The number to show; the first active carrier if absent.
    from_number: Option<String>,
}

/// Whose number was dialled.
#[utoipa::path(
    get, path = "/api/v1/sip/lookup", tag = "engine", params(NumberQuery),
    responses(
        (status = 200, body = NumberFound), (status = 403, description = "Wrong or missing internal secret"),
        (status = 404, description = "No active carrier has this number")
    )
)]
async fn look_up(_: EngineOnly, State(runtime): State<Runtime>, Query(query): Query<NumberQuery>) -> ApiResult<Json<NumberFound>> {
    Ok(Json(runtime.find_number(query.number.unwrap_or_default()).await?))
}

/// The trunk a call leaves through, and how fast calls may.
#[utoipa::path(
    get, path = "/api/v1/sip/outbound-trunk", tag = "engine", params(TrunkQuery),
    responses(
        (status = 200, body = TrunkFound), (status = 403, description = "Wrong or missing internal secret"),
        (status = 404, description = "No carrier has the number, or none is active")
    )
)]
async fn outbound_trunk(_: EngineOnly, State(runtime): State<Runtime>, Query(query): Query<TrunkQuery>) -> ApiResult<Json<TrunkFound>> {
    Ok(Json(runtime.outbound_trunk(query.from_number).await?))
}
