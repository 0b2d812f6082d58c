//! What the engine's registrar fetches and reports.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use super::service::Phones;
use crate::contract::phone::{PhoneBook, Registrations};
use crate::platform::access::EngineOnly;
use crate::platform::http::{ApiResult, Body};

/// The SIP accounts, the networks phones are heard from, and the registrations that were reported last.
#[utoipa::path(get, path = "/api/v1/engine/phones", tag = "engine", responses((status = 200, body = PhoneBook)))]
pub(super) async fn book(_engine: EngineOnly, State(phones): State<Phones>) -> ApiResult<Json<PhoneBook>> {
    Ok(Json(phones.book().await?))
}

/// Where all telephones are now. Replaces what was reported before.
#[utoipa::path(
    put, path = "/api/v1/engine/registrations", tag = "engine", request_body = Registrations, responses((status = 204))
)]
pub(super) async fn report(_engine: EngineOnly, State(phones): State<Phones>, Body(all): Body<Registrations>) -> ApiResult<StatusCode> {
    phones.report(all).await?;
    Ok(StatusCode::NO_CONTENT)
}
