//! JSON Web Tokens of both kinds. The key's name decides the algorithm, never the token; every claim has one type and one meaning.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Map, Value, json};

use super::key_ring::KeyRing;
use crate::base::secret::Secret;
use crate::base::{Context, Millis, Result};

/// Name of the key that signs `/api/v1/auth/login` tokens.
const LOGIN_KID: &str = "login";
/// Issuer of those tokens.
const LOGIN_ISSUER: &str = "cxbox-login";
/// Audience of those tokens.
const LOGIN_AUDIENCE: &str = "cxbox-api";
/// Audience of access tokens that open this box's own API. Other access tokens name their client and open only `userinfo`.
pub(super) const API_AUDIENCE: &str = "codeb-admin";
/// Header `typ` of access tokens (RFC 9068), which keeps identity tokens out.
const ACCESS_TYPE: &str = "at+jwt";
/// Header `typ` of identity tokens.
const IDENTITY_TYPE: &str = "JWT";
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
    ring: KeyRing,
    login: hmac::Key,
    issuer: String,
}

/// What a token that holds says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proof {
    /// Id of the user.
    pub(super) user_id: String,
    /// The user's token epoch it was made in.
    pub(super) epoch: i64,
    /// What only an OIDC access token says.
    pub(super) access: Option<Access>,
}

/// What an OIDC access token says besides whose it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Access {
    /// The grant it was made from; it dies with it.
    pub(super) grant_id: String,
    /// The client it was given to.
    pub(super) client_id: String,
    /// Whether it opens this box's own API.
    pub(super) opens_api: bool,
    /// Every claim, as signed.
    pub(super) claims: Map<String, Value>,
}

impl Access {
    /// Whether this scope was granted.
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.claims.get("scope").and_then(Value::as_str).is_some_and(|all| all.split(' ').any(|one| one == scope))
    }
}

/// What an identity token says when it comes back as a hint. It may be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    /// Id of the user.
    pub(super) user_id: String,
    /// The client it was made for.
    pub(super) client_id: String,
}

impl Tokens {
    pub(super) fn new(ring: KeyRing, jwt_secret: &Secret, issuer: &str) -> Self {
        Self { ring, login: hmac::Key::new(hmac::HMAC_SHA256, jwt_secret.expose().as_bytes()), issuer: issuer.to_owned() }
    }

    /// The keys of the identity provider.
    pub(super) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// An access token (RS256). `about` are its claims; `sub`, `ver` (the token epoch), `gid` (the grant) and `client_id` among them.
    pub(super) fn access(&self, about: &Map<String, Value>, audience: &str, now: Millis) -> Result<String> {
        self.rs256(ACCESS_TYPE, &claims(about, &self.issuer, audience, now, ACCESS_LIFE))
    }

    /// An identity token (RS256): it tells a client who signed in, and opens nothing.
    pub(super) fn identity(&self, about: &Map<String, Value>, client_id: &str, now: Millis) -> Result<String> {
        self.rs256(IDENTITY_TYPE, &claims(about, &self.issuer, client_id, now, ACCESS_LIFE))
    }

    /// A login token (HS256). `about` must hold `uid` (the user's id) and `ver` (the token epoch).
    pub(super) fn login(&self, about: &Map<String, Value>, now: Millis) -> Result<String> {
        let claims = claims(about, LOGIN_ISSUER, LOGIN_AUDIENCE, now, LOGIN_LIFE);
        let signed = unsigned(&json!({ "alg": "HS256", "typ": "JWT", "kid": LOGIN_KID }), &claims)?;
        let signature = hmac::sign(&self.login, signed.as_bytes());
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    fn rs256(&self, typ: &str, claims: &Value) -> Result<String> {
        let key = self.ring.active();
        let signed = unsigned(&json!({ "alg": "RS256", "typ": typ, "kid": key.public().kid() }), claims)?;
        let signature = key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What the token proves, if everything about it holds.
    pub(super) fn verify(&self, token: &str, now: Millis) -> Option<Proof> {
        let parts = Parts::read(token)?;
        if parts.kid()? != LOGIN_KID {
            let claims = self.rs256_claims(&parts, ACCESS_TYPE, now)?;
            return access_proof(claims, &self.issuer, now);
        }
        let holds = parts.text("alg")? == "HS256" && hmac::verify(&self.login, parts.signed.as_bytes(), &parts.signature).is_ok();
        let claims = holds.then(|| object(parts.payload)).flatten()?;
        let (user_id, epoch) = owner(&claims, "uid", LOGIN_ISSUER, now)?;
        (claims.get("aud")?.as_str()? == LOGIN_AUDIENCE).then_some(Proof { user_id, epoch, access: None })
    }

    /// Whom and which client an identity token of ours names, also after its time.
    pub(super) fn hint(&self, token: &str, now: Millis) -> Option<Hint> {
        let parts = Parts::read(token)?;
        let claims = self.rs256_claims(&parts, IDENTITY_TYPE, now)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        (text("iss")? == self.issuer).then_some(())?;
        Some(Hint { user_id: text("sub")?, client_id: text("aud")? })
    }

    fn rs256_claims(&self, parts: &Parts<'_>, typ: &str, now: Millis) -> Option<Map<String, Value>> {
        let is_shaped = parts.text("alg")? == "RS256" && parts.text("typ")? == typ;
        let holds = is_shaped && self.ring.verifies(parts.kid()?, parts.signed.as_bytes(), &parts.signature, now);
        holds.then(|| object(parts.payload)).flatten()
    }
}

/// A token taken apart, before anything is believed.
struct Parts<'a> {
    header: Map<String, Value>,
    payload: &'a str,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn read(token: &'a str) -> Option<Self> {
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
        Some(Self { header, payload, signed, signature: BASE64_URL_SAFE_NO_PAD.decode(signature).ok()? })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    fn kid(&self) -> Option<&str> {
        self.text("kid")
    }
}

/// What ties an access token to an identity token made with it (OpenID Connect Core 3.1.3.6).
pub(super) fn at_hash(access_token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
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

/// Checks an access token's claims. The audience is one string: the API's, or the client it was given to.
fn access_proof(claims: Map<String, Value>, issuer: &str, now: Millis) -> Option<Proof> {
    let (user_id, epoch) = owner(&claims, "sub", issuer, now)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let (client_id, audience) = (text("client_id")?, text("aud")?);
    let opens_api = audience == API_AUDIENCE;
    if !opens_api && audience != client_id {
        return None;
    }
    let access = Access { grant_id: text("gid")?, client_id, opens_api, claims };
    Some(Proof { user_id, epoch, access: Some(access) })
}

/// Whose token it is, and of which epoch. Times must be whole numbers: anything else is not a token of ours.
fn owner(claims: &Map<String, Value>, user: &str, issuer: &str, now: Millis) -> Option<(String, i64)> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = seconds(now);
    let epoch = number("ver")?;
    let is_begun = !claims.contains_key("nbf") || number("nbf").is_some_and(|from| from <= now + LEEWAY_S);
    let is_made = number("iat")? <= now + LEEWAY_S;
    let holds = text("iss")? == issuer && number("exp")? > now && is_made && is_begun;
    let user_id = text(user).filter(|id| !id.is_empty())?.to_owned();
    holds.then_some((user_id, epoch))
}

/// As the standards count time.
pub(super) fn seconds(at: Millis) -> i64 {
    at.0.div_euclid(1000)
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
