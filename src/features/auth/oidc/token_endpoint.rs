//! `token`: a code, a refresh token or a password becomes tokens. Failures count against the login limits, whatever was tried.

use axum::response::{IntoResponse, Response};

use super::asked::Asked;
use super::client_auth::client_of;
use super::error::OAuthError;
use super::give::give;
use super::grants::{Given, Turned};
use super::request::granted_scope;
use super::verdict::Redemption;
use crate::base::secret::Secret;
use crate::features::auth::clients::Client;
use crate::features::auth::service::Auth;

/// What it takes, for discovery.
pub(super) const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "password"];
/// The account that guessed codes and refresh tokens count for, besides the address.
const COUNTED_AS: &str = "? token";

/// Gives tokens, or refuses in the words of RFC 6749.
pub(super) async fn token(auth: Auth, asked: Asked) -> Response {
    match try_token(&auth, &asked).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn try_token(auth: &Auth, asked: &Asked) -> Result<Response, OAuthError> {
    let grant_type = asked.needed("grant_type")?;
    if !GRANTS.contains(&grant_type) {
        return Err(OAuthError::new("unsupported_grant_type", "the grant is authorization_code, refresh_token or password"));
    }
    auth.limits().check_address(asked.ip)?;
    let client = client_of(auth, asked).await?;
    let given = match grant_type {
        "password" => by_password(auth, asked, &client).await?,
        "refresh_token" => {
            let token = asked.needed("refresh_token")?;
            turned(auth, asked, auth.grants().rotate(token, &client.id, asked.one("scope")?).await?)?
        }
        _ => {
            let said = Redemption {
                client_id: client.id.clone(),
                redirect_uri: asked.one("redirect_uri")?.unwrap_or_default().to_owned(),
                verifier: asked.one("code_verifier")?.unwrap_or_default().to_owned(),
            };
            turned(auth, asked, auth.grants().redeem(asked.needed("code")?, said).await?)?
        }
    };
    Ok(give(auth, &client, given)?)
}

/// The password grant is for the built-in client only (seed 002): no other program should see a person's password.
async fn by_password(auth: &Auth, asked: &Asked, client: &Client) -> Result<Given, OAuthError> {
    if !client.is_built_in() {
        return Err(OAuthError::new("unauthorized_client", "the password grant is for the client codeb-admin"));
    }
    let scope = granted_scope(asked.one("scope")?)?;
    let (Some(username), Some(password)) = (asked.one("username")?, asked.one("password")?) else {
        return Err(OAuthError::request("username and password are needed"));
    };
    let user = auth.check_password(username, Secret::new(password), asked.ip).await?;
    Ok(auth.grants().begin_at_once(user, &client.id, &scope).await?)
}

/// One sentence for all that does not hold; only what was never given counts as a guess.
fn turned(auth: &Auth, asked: &Asked, turned: Turned) -> Result<Given, OAuthError> {
    match turned {
        Turned::Given(given) => return Ok(*given),
        Turned::TooMuch => return Err(OAuthError::new("invalid_scope", "more scopes were asked for than were granted")),
        Turned::Unknown => auth.limits().count(asked.ip, COUNTED_AS),
        Turned::Refused | Turned::Revoked => {}
    }
    Err(OAuthError::grant("it is not valid, has been used or is over, or was given to another client"))
}
