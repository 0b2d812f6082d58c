//! `introspect` (RFC 7662) and `revoke` (RFC 7009): what a token is, and the end of one.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::asked::Asked;
use super::client_auth::client_of;
use super::error::{OAuthError, unstored};
use crate::base::Kind;
use crate::features::auth::service::Auth;
use crate::features::auth::token::seconds;
use crate::platform::access::Role;

/// Says whether a token holds and what it is. Asked by a confidential client with its secret, or by an admin with a bearer token.
pub(super) async fn introspect(auth: Auth, asked: Asked) -> Response {
    match try_introspect(&auth, &asked).await {
        Ok(about) => unstored(Json(about.unwrap_or_else(|| json!({ "active": false }))).into_response()),
        Err(error) => error.into_response(),
    }
}

async fn try_introspect(auth: &Auth, asked: &Asked) -> Result<Option<Value>, OAuthError> {
    auth.limits().check_address(asked.ip)?;
    may_introspect(auth, asked).await?;
    let token = asked.needed("token")?;
    if let Some((user, access)) = auth.access_of(token).await? {
        let mut about = access.claims;
        about.remove("ver");
        about.remove("gid");
        about.insert("active".into(), true.into());
        about.insert("token_type".into(), "Bearer".into());
        about.insert("username".into(), user.name.clone().into());
        return Ok(Some(Value::Object(about)));
    }
    let found = auth.grants().of_refresh(token, auth.clock().now()).await?;
    Ok(found.map(|(grant, until)| {
        json!({
            "active": true, "token_type": "refresh_token", "client_id": grant.client_id, "scope": grant.scope, "sub": grant.user_id,
            "exp": seconds(until), "iss": auth.identity().base_url, "auth_time": seconds(grant.signed_in_at),
        })
    }))
}

async fn may_introspect(auth: &Auth, asked: &Asked) -> Result<(), OAuthError> {
    if let Some(token) = asked.bearer() {
        return match auth.bearer_actor(token, asked.ip).await {
            Ok(actor) if actor.role >= Role::Admin => Ok(()),
            Ok(_) => Err(OAuthError::token(true)),
            Err(error) if error.kind() == Kind::Unauthorized || error.kind() == Kind::Forbidden => Err(OAuthError::token(true)),
            Err(error) => Err(error.into()),
        };
    }
    let client = client_of(auth, asked).await?;
    if client.is_confidential() { Ok(()) } else { Err(OAuthError::client()) }
}

/// Ends a token, and with it everything that was made from the same grant. What is no token of ours is ended already: 200 too.
pub(super) async fn revoke(auth: Auth, asked: Asked) -> Response {
    match try_revoke(&auth, &asked).await {
        Ok(()) => unstored(StatusCode::OK.into_response()),
        Err(error) => error.into_response(),
    }
}

async fn try_revoke(auth: &Auth, asked: &Asked) -> Result<(), OAuthError> {
    auth.limits().check_address(asked.ip)?;
    let client = client_of(auth, asked).await?;
    let token = asked.needed("token")?;
    let (grant_id, owner) = match auth.tokens().verify(token, auth.clock().now()).and_then(|proof| proof.access) {
        Some(access) => (access.grant_id, access.client_id),
        None => match auth.grants().owner_of_refresh(token).await? {
            Some(grant) => (grant.id, grant.client_id),
            None => return Ok(()),
        },
    };
    if owner != client.id {
        return Err(OAuthError::grant("this token was given to another client"));
    }
    Ok(auth.grants().end(grant_id).await?)
}
