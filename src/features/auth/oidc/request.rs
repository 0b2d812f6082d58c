//! What a client asks of `authorize`. Pure: parameters and the registered client in, the request or a refusal out.
//!
//! Until the address to return to is known to be the client's own, a refusal is a page; afterwards it travels back to the client.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::error::OAuthError;
use super::verdict::is_challenge;
use crate::features::auth::clients::{Client, matches_any};

/// Scopes this box grants; others are left out of what is granted.
pub(super) const SCOPES: [&str; 7] = ["openid", "profile", "email", "groups", "phone", "address", "offline_access"];
/// Longest `state`.
const LONGEST_STATE: usize = 2048;
/// Longest `nonce`.
const LONGEST_NONCE: usize = 512;

/// A request that may be answered with a code once somebody has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::features::auth) struct Authorize {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
    /// Whether somebody must sign in anew, even with a session.
    pub(super) must_sign_in: bool,
    /// Whether no page may be shown.
    pub(super) is_silent: bool,
    /// How long ago somebody may have signed in, in seconds.
    pub(super) max_age_s: Option<u64>,
    pub(super) login_hint: Option<String>,
}

/// A refusal that travels back to the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Returned {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) code: &'static str,
    pub(super) sentence: Cow<'static, str>,
}

impl Authorize {
    /// The refusal of this request with this code.
    pub(super) fn refused(&self, code: &'static str, sentence: &'static str) -> Returned {
        Returned { redirect_uri: self.redirect_uri.clone(), state: self.state.clone(), code, sentence: sentence.into() }
    }
}

/// Which client asks, and where it wants the answer. Anything wrong here is shown on a page and never sent anywhere.
pub(super) fn read_client(asked: &Asked) -> Result<&str, OAuthError> {
    asked.needed("client_id")
}

/// The address to return to, if it is the client's own.
pub(super) fn read_address(asked: &Asked, client: &Client) -> Result<String, OAuthError> {
    let uri = asked.needed("redirect_uri")?;
    if matches_any(&client.redirect_uris, uri) {
        Ok(uri.to_owned())
    } else {
        Err(OAuthError::request("redirect_uri is not registered for this client"))
    }
}

/// The rest of the request. What is wrong is told to the client at `redirect_uri`.
pub(super) fn read(asked: &Asked, client: &Client, redirect_uri: String) -> Result<Authorize, Returned> {
    let state = asked.one("state").ok().flatten().filter(|state| state.len() <= LONGEST_STATE).map(str::to_owned);
    let back = |error: OAuthError| Returned {
        redirect_uri: redirect_uri.clone(),
        state: state.clone(),
        code: error.code,
        sentence: error.sentence,
    };
    let request = read_rest(asked).map_err(back)?;
    Ok(Authorize { client_id: client.id.clone(), redirect_uri, state, ..request })
}

fn read_rest(asked: &Asked) -> Result<Authorize, OAuthError> {
    if asked.one("state")?.is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(OAuthError::request("state is too long"));
    }
    refuse_unsupported(asked)?;
    let scope = granted_scope(asked.one("scope")?)?;
    let nonce = asked.one("nonce")?.map(str::to_owned);
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Err(OAuthError::request("nonce is too long"));
    }
    let prompts: Vec<&str> = asked.one("prompt")?.unwrap_or_default().split_whitespace().collect();
    let is_silent = prompts.contains(&"none");
    if is_silent && prompts.len() > 1 {
        return Err(OAuthError::request("prompt none stands alone"));
    }
    let max_age_s = match asked.one("max_age")? {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| OAuthError::request("max_age must be a whole number of seconds"))?),
    };
    Ok(Authorize {
        client_id: String::new(),
        redirect_uri: String::new(),
        scope,
        state: None,
        nonce,
        challenge: challenge(asked)?,
        must_sign_in: prompts.iter().any(|prompt| ["login", "select_account"].contains(prompt)),
        is_silent,
        max_age_s,
        login_hint: asked.one("login_hint")?.map(|hint| hint.chars().take(254).collect()),
    })
}

fn refuse_unsupported(asked: &Asked) -> Result<(), OAuthError> {
    match asked.one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(OAuthError::new("unsupported_response_type", "response_type must be code")),
        None => return Err(OAuthError::request("response_type is missing")),
    }
    if asked.one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(OAuthError::request("response_mode must be query"));
    }
    if asked.one("request")?.is_some() {
        return Err(OAuthError::new("request_not_supported", "request objects are not taken"));
    }
    if asked.one("request_uri")?.is_some() {
        return Err(OAuthError::new("request_uri_not_supported", "request objects are not taken"));
    }
    Ok(())
}

/// PKCE is always needed, and `plain` is no protection.
fn challenge(asked: &Asked) -> Result<String, OAuthError> {
    let Some(challenge) = asked.one("code_challenge")? else {
        return Err(OAuthError::request("code_challenge is missing: PKCE with S256 is needed"));
    };
    if asked.one("code_challenge_method")? != Some("S256") {
        return Err(OAuthError::request("code_challenge_method must be S256"));
    }
    if !is_challenge(challenge) {
        return Err(OAuthError::request("code_challenge is not the S256 of a verifier"));
    }
    Ok(challenge.to_owned())
}

/// What is granted of what was asked; nothing asked is `openid`.
pub(super) fn granted_scope(asked: Option<&str>) -> Result<String, OAuthError> {
    let wanted: Vec<&str> = asked.unwrap_or("openid").split_whitespace().collect();
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| wanted.contains(scope)).collect();
    if granted.is_empty() {
        return Err(OAuthError::new("invalid_scope", "none of these scopes can be granted"));
    }
    Ok(granted.join(" "))
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequest as _;

    use super::*;

    const GOOD: &str = "response_type=code&scope=openid+email&state=s1&nonce=n1&code_challenge_method=S256\
        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    async fn asked(query: &str) -> Asked {
        let request = axum::extract::Request::builder().uri(format!("/oauth2/v1/authorize?{query}")).body(axum::body::Body::empty());
        Asked::from_request(request.unwrap(), &()).await.unwrap()
    }

    #[tokio::test]
    async fn a_whole_request_is_read() {
        let request = read_rest(&asked(&format!("{GOOD}&max_age=60&prompt=login&login_hint=anna")).await).unwrap();
        assert_eq!((request.scope.as_str(), request.nonce.as_deref(), request.max_age_s), ("openid email", Some("n1"), Some(60)));
        assert!(request.must_sign_in && !request.is_silent);
        assert_eq!(request.login_hint.as_deref(), Some("anna"));
        assert!(read_rest(&asked(&format!("{GOOD}&prompt=none")).await).unwrap().is_silent);
    }

    #[tokio::test]
    async fn each_fault_has_its_code() {
        let without = |name: &str| GOOD.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect::<Vec<_>>().join("&");
        let with = |name: &str, value: &str| format!("{}&{name}={value}", without(name));
        let table = [
            (without("response_type"), "invalid_request"),
            (with("response_type", "token"), "unsupported_response_type"),
            (with("response_type", "code+id_token"), "unsupported_response_type"),
            (with("response_type", "none"), "unsupported_response_type"),
            (with("scope", "admin"), "invalid_scope"),
            (without("code_challenge"), "invalid_request"),
            (with("code_challenge", "short"), "invalid_request"),
            (with("code_challenge", &"a".repeat(500)), "invalid_request"),
            (without("code_challenge_method"), "invalid_request"),
            (with("code_challenge_method", "plain"), "invalid_request"),
            (with("code_challenge_method", "s256"), "invalid_request"),
            (with("response_mode", "fragment"), "invalid_request"),
            (with("request", "eyJ"), "request_not_supported"),
            (with("request_uri", "https://evil.example/r"), "request_uri_not_supported"),
            (with("prompt", "none+login"), "invalid_request"),
            (with("max_age", "-1"), "invalid_request"),
            (with("max_age", "soon"), "invalid_request"),
            (with("state", &"a".repeat(3000)), "invalid_request"),
            (with("nonce", &"a".repeat(600)), "invalid_request"),
            (format!("{GOOD}&scope=openid"), "invalid_request"),
            (format!("{GOOD}&nonce=n2"), "invalid_request"),
            (format!("{GOOD}&state=s2"), "invalid_request"),
            (format!("{GOOD}&code_challenge_method=S256"), "invalid_request"),
        ];
        for (query, code) in table {
            assert_eq!(read_rest(&asked(&query).await).unwrap_err().code, code, "{query}");
        }
    }

    #[test]
    fn unknown_scopes_are_left_out() {
        assert_eq!(granted_scope(None).unwrap(), "openid");
        assert_eq!(granted_scope(Some("email admin openid")).unwrap(), "openid email");
        assert!(granted_scope(Some("admin")).is_err());
    }
}
