//! `logout` (OpenID Connect RP-Initiated Logout): the browser forgets who it is and goes back to the client.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::asked::Asked;
use super::authorize::{fault_page, see_other};
use super::error::OAuthError;
use crate::base::{Context, Result};
use crate::features::auth::clients::{matches_any, with_query};
use crate::features::auth::service::Auth;
use crate::features::auth::token::Hint;

/// The field with which a person confirms.
const CONFIRMED: &str = "confirmed";

/// Signs the browser out. Without an identity token of the person who is signed in, the person is asked first: otherwise any page
/// could sign people out.
pub(super) async fn end_session(auth: Auth, asked: Asked) -> Response {
    match read(&auth, &asked).await {
        Ok(wish) => act(&auth, &asked, wish).await.unwrap_or_else(|error| fault_page(&auth, &error.into())),
        Err(error) => fault_page(&auth, &error),
    }
}

/// What is wished, checked.
struct Wish {
    hint: Option<Hint>,
    return_to: Option<String>,
}

async fn read(auth: &Auth, asked: &Asked) -> Result<Wish, OAuthError> {
    let hint = match asked.one("id_token_hint")? {
        Some(token) => {
            let hint = auth.tokens().hint(token, auth.clock().now());
            Some(hint.ok_or_else(|| OAuthError::request("id_token_hint is not an identity token of this box"))?)
        }
        None => None,
    };
    let named = asked.one("client_id")?;
    if let (Some(hint), Some(named)) = (&hint, named)
        && hint.client_id != named
    {
        return Err(OAuthError::request("client_id and id_token_hint name different clients"));
    }
    let Some(uri) = asked.one("post_logout_redirect_uri")? else { return Ok(Wish { hint, return_to: None }) };
    let Some(id) = hint.as_ref().map(|hint| hint.client_id.as_str()).or(named) else {
        return Err(OAuthError::request("post_logout_redirect_uri needs id_token_hint or client_id"));
    };
    let client = auth.clients().find(id).await?.ok_or_else(|| OAuthError::request("there is no such client"))?;
    if !matches_any(&client.post_logout_redirect_uris, uri) {
        return Err(OAuthError::request("post_logout_redirect_uri is not registered for this client"));
    }
    let values: Vec<(&str, &str)> = asked.one("state")?.map(|state| ("state", state)).into_iter().collect();
    Ok(Wish { hint, return_to: Some(with_query(uri, &values)?) })
}

async fn act(auth: &Auth, asked: &Asked, wish: Wish) -> Result<Response> {
    let session = auth.sessions().of(asked).await?;
    let is_theirs = session.as_ref().is_none_or(|session| wish.hint.as_ref().is_some_and(|hint| hint.user_id == session.user.id.0));
    if !is_theirs && !is_confirmed(auth, asked) {
        return ask(auth, asked);
    }
    let cookie = auth.sessions().end(asked).await?;
    let mut response = match &wish.return_to {
        Some(to) => see_other(to)?,
        None => auth.pages().notice(StatusCode::OK, "Signed out", "This browser has forgotten who you are.")?,
    };
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).context("a cookie cannot be sent")?);
    Ok(response)
}

/// Whether the person pressed the button of the page: its text is known only to this browser and this box.
fn is_confirmed(auth: &Auth, asked: &Asked) -> bool {
    let binding = auth.sessions().known_binding(asked);
    let said = asked.one(CONFIRMED).ok().flatten();
    matches!((binding, said), (Some(binding), Some(said)) if crate::base::secret::Secret::new(binding).matches(said))
}

fn ask(auth: &Auth, asked: &Asked) -> Result<Response> {
    let (binding, cookie) = auth.sessions().binding(asked);
    let kept = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
    let mut fields: Vec<(&str, &str)> = vec![(CONFIRMED, &binding)];
    fields.extend(kept.into_iter().filter_map(|name| Some((name, asked.one(name).ok().flatten()?))));
    let mut response = auth.pages().logout("/oauth2/v1/logout", &fields)?.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).context("a cookie cannot be sent")?);
    }
    Ok(response)
}
