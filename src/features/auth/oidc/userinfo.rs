//! `userinfo`: what the bearer of an access token may know about the person behind it, as stored now.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::asked::Asked;
use super::claims;
use super::error::{OAuthError, unstored};
use crate::features::auth::service::Auth;

/// The claims, by the token's scopes (OpenID Connect Core 5.3).
pub(super) async fn userinfo(auth: Auth, asked: Asked) -> Response {
    match try_userinfo(&auth, &asked).await {
        Ok(claims) => unstored(Json(claims).into_response()),
        Err(error) => error.into_response(),
    }
}

async fn try_userinfo(auth: &Auth, asked: &Asked) -> Result<Value, OAuthError> {
    let in_form = asked.one("access_token")?;
    let token = match (asked.bearer(), in_form) {
        (Some(_), Some(_)) => return Err(OAuthError::request("the token is given in two ways")),
        (token, in_form) => token.or(in_form).ok_or_else(|| OAuthError::token(false))?,
    };
    let (user, access) = auth.access_of(token).await?.ok_or_else(|| OAuthError::token(true))?;
    if !access.has_scope("openid") {
        return Err(OAuthError::scope());
    }
    let scope = access.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    Ok(Value::Object(claims::of_person(&user, &auth.identity().tenant, scope)))
}
