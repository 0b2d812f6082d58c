//! What a link shows to whoever has it: a page, or JSON when `.json` follows the token.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::SharedTranscript;
use super::service::Shares;
use crate::base::{Context as _, Error, Result};
use crate::platform::access::Peer;
use crate::platform::http::{ApiError, ApiResult};

static ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The routes for everybody.
pub(super) fn routes(shares: Shares) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(view)).with_state(shares)
}

/// Shows a shared transcript: a page for people, or JSON when `.json` follows the token.
#[utoipa::path(
    get, path = "/t/{token}", tag = "shares", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "The transcript", content((String = "text/html"), (SharedTranscript = "application/json"))),
        (status = 404, description = "No such link"),
        (status = 410, description = "The link has expired or was taken back"),
        (status = 429, description = "Too many unknown links from this address"),
    )
)]
async fn view(State(shares): State<Shares>, Path(token): Path<String>, peer: Option<Extension<Peer>>) -> ApiResult<Response> {
    let viewer = peer.and_then(|Extension(peer)| peer.ip());
    let mut response = match token.strip_suffix(".json") {
        Some(token) => Json(SharedTranscript::from(shares.open(token, viewer).await?)).into_response(),
        None => match shares.open(&token, viewer).await {
            Ok(document) => Html(shares.page(&document)?).into_response(),
            Err(refusal) => refused(&shares, refusal)?,
        },
    };
    protect(response.headers_mut(), &shares.policy())?;
    Ok(response)
}

/// The page of a refusal, with the status and the headers of its error.
fn refused(shares: &Shares, refusal: Error) -> Result<Response, ApiError> {
    let page = if refusal.kind() == crate::base::Kind::Internal { None } else { Some(shares.refusal(&refusal)?) };
    let error = ApiError(refusal);
    let Some(page) = page else { return Err(error) };
    let plain = error.into_response();
    let mut response = (plain.status(), Html(page)).into_response();
    if let Some(seconds) = plain.headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.clone());
    }
    Ok(response)
}

/// Nothing but the page itself may run, and no search engine may keep it.
fn protect(headers: &mut HeaderMap, policy: &str) -> Result<()> {
    let policy = HeaderValue::from_str(policy).context("the policy of shared pages cannot be written")?;
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS.clone(), HeaderValue::from_static("noindex, nofollow, noarchive"));
    Ok(())
}
