//! Which client speaks to `token`, `introspect` and `revoke`, and whether it proves it.

use super::asked::Asked;
use super::error::OAuthError;
use crate::features::auth::clients::Client;
use crate::features::auth::service::Auth;

/// The account that failed proofs of clients count for, besides the address.
const COUNTED_AS: &str = "? client";

/// The client of the request: a public one by its name alone, a confidential one by its secret in the header or in the form, not both.
pub(super) async fn client_of(auth: &Auth, asked: &Asked) -> Result<Client, OAuthError> {
    let in_form = (asked.one("client_id")?, asked.one("client_secret")?);
    let (id, secret) = match (asked.basic(), in_form) {
        (None, (Some(id), secret)) => (id.to_owned(), secret.map(str::to_owned)),
        (None, (None, _)) => return Err(OAuthError::request("client_id is missing")),
        (Some(_), (_, Some(_))) => return Err(OAuthError::request("the client proves itself in two ways")),
        (Some(None), _) => return Err(OAuthError::client()),
        (Some(Some((id, _))), (Some(other), None)) if id != other => return Err(OAuthError::request("client_id and the header differ")),
        (Some(Some((id, secret))), _) => (id, Some(secret).filter(|secret| !secret.is_empty())),
    };
    let client = auth.clients().find(&id).await?.ok_or_else(OAuthError::client)?;
    match secret {
        None if client.is_confidential() => Err(OAuthError::client()),
        None => Ok(client),
        Some(secret) if client.has_secret(&secret) => Ok(client),
        Some(_) => {
            auth.limits().count(asked.ip, COUNTED_AS);
            Err(OAuthError::client())
        }
    }
}
