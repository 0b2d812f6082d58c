//! The identity provider: the password grant under its three addresses (contract 4.20), its keys, and what it says about itself.

use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form, Json};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::Auth;
use super::sign_in::{Granted, SCOPES};
use super::sign_in_routes::address;
use super::token::CLIENT;
use crate::base::secret::Secret;
use crate::base::{Error, Kind};
use crate::platform::access::Peer;
use crate::platform::http::{ApiError, ApiResult};

/// Routes of the identity provider.
pub(super) fn routes(auth: Auth) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(jwks))
        .routes(routes!(discovery))
        .routes(routes!(token))
        .routes(routes!(token_by_path))
        .routes(routes!(read_by_action, token_by_action))
        .with_state(auth)
}

/// The form of a token request.
#[derive(Deserialize, ToSchema)]
struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    username: Option<String>,
    #[schema(value_type = Option<String>)]
    password: Option<Secret>,
    scope: Option<String>,
}

/// `?action=` of the older addresses.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Action {
    action: Option<String>,
}

type FormOrNot = Result<Form<TokenRequest>, FormRejection>;

/// The public keys that verify this box's tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "oidc", responses((status = 200, body = Value)))]
async fn jwks(State(auth): State<Auth>) -> Json<Value> {
    Json(auth.tokens().jwks())
}

/// What this identity provider can do (OpenID Connect Discovery).
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "oidc", responses((status = 200, body = Value)))]
async fn discovery(State(auth): State<Auth>) -> Json<Value> {
    Json(describe(&auth.identity().base_url))
}

/// Gives an access token for a name and a password (RFC 6749, section 4.3).
#[utoipa::path(post, path = "/oauth2/v1/token", tag = "oidc",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = Value), (status = 400, body = Value)))]
async fn token(State(auth): State<Auth>, peer: Option<Extension<Peer>>, form: FormOrNot) -> Response {
    answer(give(&auth, peer, form).await)
}

/// The same under the address of the CodeB platform.
#[utoipa::path(post, path = "/oidc.ashx/{name}", tag = "oidc", params(("name" = String, Path, description = "`token`")),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = Value), (status = 400, body = Value)))]
async fn token_by_path(
    State(auth): State<Auth>,
    Path(name): Path<String>,
    peer: Option<Extension<Peer>>,
    form: FormOrNot,
) -> ApiResult<Response> {
    if name != "token" {
        return Err(no_such(&name));
    }
    Ok(answer(give(&auth, peer, form).await))
}

/// The same under the older address of the CodeB platform.
#[utoipa::path(post, path = "/oidc.ashx", tag = "oidc", params(Action),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = Value), (status = 400, body = Value)))]
async fn token_by_action(
    State(auth): State<Auth>,
    Query(query): Query<Action>,
    peer: Option<Extension<Peer>>,
    form: FormOrNot,
) -> ApiResult<Response> {
    match query.action.as_deref() {
        Some("token") => Ok(answer(give(&auth, peer, form).await)),
        other => Err(no_such(other.unwrap_or_default())),
    }
}

/// Discovery and keys under the older address.
#[utoipa::path(get, path = "/oidc.ashx", tag = "oidc", params(Action), responses((status = 200, body = Value)))]
async fn read_by_action(State(auth): State<Auth>, Query(query): Query<Action>) -> ApiResult<Json<Value>> {
    match query.action.as_deref() {
        Some("discovery") => Ok(Json(describe(&auth.identity().base_url))),
        Some("jwks") => Ok(Json(auth.tokens().jwks())),
        other => Err(no_such(other.unwrap_or_default())),
    }
}

fn no_such(name: &str) -> ApiError {
    Error::not_found(format!("the identity provider has no endpoint {name:?}")).into()
}

fn describe(base: &str) -> Value {
    json!({
        "issuer": base,
        "token_endpoint": format!("{base}/oauth2/v1/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "grant_types_supported": ["password"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": SCOPES,
        "token_endpoint_auth_methods_supported": ["none"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "name", "preferred_username", "email", "role", "cxb_role", "tenant"],
    })
}

async fn give(auth: &Auth, peer: Option<Extension<Peer>>, form: FormOrNot) -> Result<Granted, OAuthError> {
    let Ok(Form(form)) = form else { return Err(oauth("invalid_request", "the body must be one form, each field at most once")) };
    match form.client_id.as_deref() {
        Some(CLIENT) => {}
        Some(_) => return Err(OAuthError { status: StatusCode::UNAUTHORIZED, ..oauth("invalid_client", "there is no such client") }),
        None => return Err(oauth("invalid_request", "client_id is missing")),
    }
    match form.grant_type.as_deref() {
        Some("password") => {}
        Some(_) => return Err(oauth("unsupported_grant_type", "the grant is `password`")),
        None => return Err(oauth("invalid_request", "grant_type is missing")),
    }
    let (Some(username), Some(password)) = (form.username, form.password) else {
        return Err(oauth("invalid_request", "username and password are needed"));
    };
    Ok(auth.grant(&username, password, form.scope.as_deref(), address(peer)).await?)
}

/// A refusal in the form of RFC 6749, section 5.2.
struct OAuthError {
    status: StatusCode,
    code: &'static str,
    sentence: String,
    retry_after_s: Option<u32>,
}

fn oauth(code: &'static str, sentence: &str) -> OAuthError {
    OAuthError { status: StatusCode::BAD_REQUEST, code, sentence: sentence.to_owned(), retry_after_s: None }
}

impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        let retry_after_s = error.retry_after_seconds();
        match error.kind() {
            Kind::Unauthorized => oauth("invalid_grant", "Invalid credentials"),
            Kind::TooMany => Self { status: StatusCode::TOO_MANY_REQUESTS, retry_after_s, ..oauth("too_many_requests", error.message()) },
            Kind::Unavailable => {
                Self { status: StatusCode::SERVICE_UNAVAILABLE, retry_after_s, ..oauth("temporarily_unavailable", error.message()) }
            }
            _ => {
                tracing::error!("A token could not be given: {error}");
                Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..oauth("server_error", "internal error") }
            }
        }
    }
}

fn answer(outcome: Result<Granted, OAuthError>) -> Response {
    let mut response = match outcome {
        Ok(granted) => {
            let mut body = json!({
                "access_token": granted.access_token,
                "token_type": "Bearer",
                "expires_in": granted.expires_in_s,
                "scope": granted.scope,
            });
            if let Some(id_token) = granted.id_token {
                body["id_token"] = id_token.into();
            }
            Json(body).into_response()
        }
        Err(refusal) => {
            let body = json!({ "error": refusal.code, "error_description": refusal.sentence });
            let mut response = (refusal.status, Json(body)).into_response();
            if let Some(seconds) = refusal.retry_after_s {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
