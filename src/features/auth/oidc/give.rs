//! Tokens out of a grant: the answer of `token`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::claims;
use super::error::unstored;
use super::grants::Given;
use crate::base::Result;
use crate::features::auth::clients::Client;
use crate::features::auth::service::Auth;
use crate::features::auth::token::{ACCESS_LIFE, at_hash, seconds};

/// The answer of RFC 6749, section 5.1, with an identity token if `openid` was granted.
pub(super) fn give(auth: &Auth, client: &Client, given: Given) -> Result<Response> {
    let now = auth.clock().now();
    let tenant = &auth.identity().tenant;
    let mut about = claims::of_access(&given.user, tenant);
    about.insert("client_id".into(), client.id.clone().into());
    about.insert("scope".into(), given.scope.clone().into());
    about.insert("gid".into(), given.grant.id.clone().into());
    about.insert("jti".into(), auth.random().hex::<12>().into());
    about.insert("auth_time".into(), seconds(given.grant.signed_in_at).into());
    let access_token = auth.tokens().access(&about, client.audience(), now)?;
    let mut body = json!({ "token_type": "Bearer", "expires_in": ACCESS_LIFE.as_secs(), "scope": given.scope });
    if given.scope.split(' ').any(|scope| scope == "openid") {
        let mut person = claims::of_person(&given.user, tenant, &given.scope);
        person.insert("auth_time".into(), seconds(given.grant.signed_in_at).into());
        person.insert("at_hash".into(), at_hash(&access_token).into());
        if let Some(nonce) = given.nonce {
            person.insert("nonce".into(), nonce.into());
        }
        body["id_token"] = auth.tokens().identity(&person, &client.id, now)?.into();
    }
    if let Some(refresh_token) = given.refresh_token {
        body["refresh_token"] = refresh_token.into();
    }
    body["access_token"] = Value::from(access_token);
    Ok(unstored(Json(body).into_response()))
}
