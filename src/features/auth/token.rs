//! JSON Web Tokens of both kinds. The key's name decides the algorithm, never the token; every claim has one type and one meaning.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Map, Value, json};

use super::rsa_key::RsaKey;
use crate::base::secret::Secret;
use crate::base::{Context, Millis, Result};

/// Name of the key that signs `/api/v1/auth/login` tokens.
const LOGIN_KID: &str = "login";
/// Issuer of those tokens.
const LOGIN_ISSUER: &str = "cxbox-login";
/// Audience of those tokens.
const LOGIN_AUDIENCE: &str = "cxbox-api";
/// Audience of access tokens: the one client there is.
pub(super) const CLIENT: &str = "codeb-admin";
/// Header `typ` of access tokens (RFC 9068), which keeps identity tokens out.
const ACCESS_TYPE: &str = "at+jwt";
/// Life of an OIDC access token.
pub(super) const ACCESS_LIFE: Duration = Duration::from_secs(3600);
/// Life of a login token.
const LOGIN_LIFE: Duration = Duration::from_secs(480 * 60);
/// How far ahead of ours the issuer's clock may be.
const LEEWAY_S: i64 = 30;
/// A token longer than this is none of ours.
const LONGEST: usize = 8 * 1024;

/// Makes and checks tokens.
pub(super) struct Tokens {
    rsa: RsaKey,
    login: hmac::Key,
    issuer: String,
}

/// What a token that holds says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proof {
    /// Id of the user.
    pub(super) user_id: String,
    /// The user's token epoch it was made in.
    pub(super) epoch: i64,
    /// Whether it is an OIDC access token.
    pub(super) is_oidc: bool,
}

impl Tokens {
    pub(super) fn new(rsa: RsaKey, jwt_secret: &Secret, issuer: &str) -> Self {
        Self { rsa, login: hmac::Key::new(hmac::HMAC_SHA256, jwt_secret.expose().as_bytes()), issuer: issuer.to_owned() }
    }

    /// The public keys (RFC 7517).
    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": [self.rsa.jwk()] })
    }

    /// An access token (RS256). `about` are the claims on the user, `sub` and `ver` (the token epoch) among them.
    pub(super) fn access(&self, about: &Map<String, Value>, now: Millis) -> Result<String> {
        let claims = claims(about, &self.issuer, CLIENT, now, ACCESS_LIFE);
        self.rs256(ACCESS_TYPE, &claims)
    }

    /// An identity token (RS256): it says who signed in and opens nothing.
    pub(super) fn identity(&self, about: &Map<String, Value>, now: Millis) -> Result<String> {
        self.rs256("JWT", &claims(about, &self.issuer, CLIENT, now, ACCESS_LIFE))
    }

    /// A login token (HS256). `about` must hold `uid` (the user's id) and `ver` (the token epoch).
    pub(super) fn login(&self, about: &Map<String, Value>, now: Millis) -> Result<String> {
        let claims = claims(about, LOGIN_ISSUER, LOGIN_AUDIENCE, now, LOGIN_LIFE);
        let signed = unsigned(&json!({ "alg": "HS256", "typ": "JWT", "kid": LOGIN_KID }), &claims)?;
        let signature = hmac::sign(&self.login, signed.as_bytes());
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    fn rs256(&self, typ: &str, claims: &Value) -> Result<String> {
        let signed = unsigned(&json!({ "alg": "RS256", "typ": typ, "kid": self.rsa.kid() }), claims)?;
        let signature = self.rsa.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What the token proves, if everything about it holds.
    pub(super) fn verify(&self, token: &str, now: Millis) -> Option<Proof> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header = object(header)?;
        // A `crit` names extensions that must be understood; there are none.
        if header.contains_key("crit") {
            return None;
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        match text("kid")? {
            LOGIN_KID => {
                let holds = text("alg")? == "HS256" && hmac::verify(&self.login, signed.as_bytes(), &signature).is_ok();
                let claims = holds.then(|| object(payload)).flatten()?;
                proof(&claims, "uid", LOGIN_ISSUER, LOGIN_AUDIENCE, false, now)
            }
            kid if kid == self.rsa.kid() => {
                let holds = text("alg")? == "RS256" && text("typ")? == ACCESS_TYPE && self.rsa.verifies(signed.as_bytes(), &signature);
                let claims = holds.then(|| object(payload)).flatten()?;
                proof(&claims, "sub", &self.issuer, CLIENT, true, now)
            }
            _ => None,
        }
    }
}

fn claims(about: &Map<String, Value>, issuer: &str, audience: &str, now: Millis, life: Duration) -> Value {
    let mut claims = about.clone();
    claims.insert("iss".into(), issuer.into());
    claims.insert("aud".into(), audience.into());
    claims.insert("iat".into(), seconds(now).into());
    claims.insert("exp".into(), seconds(now.plus(life)).into());
    Value::Object(claims)
}

fn unsigned(header: &Value, claims: &Value) -> Result<String> {
    let part = |value: &Value| serde_json::to_vec(value).map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes)).context("cannot write a token");
    Ok(format!("{}.{}", part(header)?, part(claims)?))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Checks the claims. Times must be whole numbers and the audience one string: anything else is not a token of ours.
fn proof(claims: &Map<String, Value>, user: &str, issuer: &str, audience: &str, is_oidc: bool, now: Millis) -> Option<Proof> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = seconds(now);
    let epoch = number("ver")?;
    let is_begun = !claims.contains_key("nbf") || number("nbf").is_some_and(|from| from <= now + LEEWAY_S);
    let is_made = number("iat")? <= now + LEEWAY_S;
    let holds = text("iss")? == issuer && text("aud")? == audience && number("exp")? > now && is_made && is_begun;
    let user_id = text(user).filter(|id| !id.is_empty())?.to_owned();
    holds.then_some(Proof { user_id, epoch, is_oidc })
}

fn seconds(at: Millis) -> i64 {
    at.0.div_euclid(1000)
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
