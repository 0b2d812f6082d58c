//! Finds the caller of a request: the internal secret, the local header, a bearer token or key, a CRM's key. The stored row decides.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::request::Parts;

use super::keys::Kind;
use super::service::Auth;
use super::token::{Access, Proof};
use super::users::User;
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::contract::{LOCAL_HEADER, SECRET_HEADER, SECRET_HEADER_ALIAS};
use crate::platform::access::{Actor, Authenticate, Caller, Peer, Role, Via};

/// Header of a CRM's key.
const KEY_HEADER: &str = "X-API-Key";

impl Authenticate for Auth {
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> Pin<Box<dyn Future<Output = Result<Option<Caller>>> + Send + 'a>> {
        Box::pin(self.find_caller(parts))
    }
}

impl Auth {
    async fn find_caller(&self, parts: &Parts) -> Result<Option<Caller>> {
        let peer = parts.extensions.get::<Peer>().copied();
        if let Some(secret) = core_secret(parts)? {
            return if self.identity().core_secret.matches(secret) { Ok(Some(Caller::Engine)) } else { Err(wrong_secret()) };
        }
        if let Some(secret) = only(parts, LOCAL_HEADER)? {
            let is_local = peer == Some(Peer::ControlSocket) && self.identity().core_secret.matches(secret);
            return if is_local { Ok(Some(Caller::Actor(Actor::local("local")))) } else { Err(wrong_secret()) };
        }
        let ip = peer.and_then(Peer::ip);
        if let Some(bearer) = only(parts, AUTHORIZATION.as_str())?.and_then(bearer).or_else(|| socket_token(parts)) {
            let actor = self.bearer_actor(bearer, ip).await?;
            if let Via::ApiKey(_) = actor.via {
                self.check_scopes(bearer, parts).await?;
            }
            return Ok(Some(Caller::Actor(actor)));
        }
        match only(parts, KEY_HEADER)? {
            Some(key) => self.by_crm_key(key).await.map(Some),
            None => Ok(None),
        }
    }

    /// The person behind a bearer token or an `ak_` key.
    pub(super) async fn bearer_actor(&self, bearer: &str, ip: Option<IpAddr>) -> Result<Actor> {
        if bearer.starts_with("ak_") { self.by_key(bearer, ip).await } else { self.by_token(bearer, ip).await }
    }

    async fn by_token(&self, token: &str, ip: Option<IpAddr>) -> Result<Actor> {
        let proof = self.tokens().verify(token, self.clock().now()).ok_or_else(bad_token)?;
        let user = self.standing(&proof).await?.ok_or_else(bad_token)?;
        match &proof.access {
            None => Ok(actor(&user, user.role, Via::Login, ip)),
            Some(access) if access.opens_api => Ok(actor(&user, user.role, Via::Oidc, ip)),
            Some(_) => Err(Error::unauthorized("this token is for another program's use, not for this API")),
        }
    }

    /// Person and claims of an OIDC access token that still holds, whichever client it was given to.
    pub(super) async fn access_of(&self, token: &str) -> Result<Option<(Arc<User>, Access)>> {
        let Some(proof) = self.tokens().verify(token, self.clock().now()) else { return Ok(None) };
        let user = self.standing(&proof).await?;
        Ok(user.zip(proof.access))
    }

    /// The person of a proof as stored now, if the proof still holds: active, same epoch, grant not ended.
    async fn standing(&self, proof: &Proof) -> Result<Option<Arc<User>>> {
        let user = self.users().current(&UserId(proof.user_id.clone())).await?;
        let user = user.filter(|user| user.is_active && user.token_epoch == proof.epoch);
        match &proof.access {
            Some(access) if !self.grants().holds(&access.grant_id).await? => Ok(None),
            _ => Ok(user),
        }
    }

    async fn check_scopes(&self, text: &str, parts: &Parts) -> Result<()> {
        match self.keys().find(text).await? {
            Some(known) => known.key.check_scopes(&parts.method, parts.uri.path()),
            None => Err(bad_key()),
        }
    }

    /// An `ak_` key ranks admin, never more and never above its minter, and dies with the minter's account.
    async fn by_key(&self, text: &str, ip: Option<IpAddr>) -> Result<Actor> {
        let known = self.keys().find(text).await?.filter(|known| known.key.kind == Kind::Ak).ok_or_else(bad_key)?;
        known.key.check(self.clock().now())?;
        let minter = self.users().current(&known.key.minter_id).await?.filter(|user| user.is_active).ok_or_else(bad_key)?;
        self.keys().used(&known);
        Ok(actor(&minter, minter.role.min(Role::Admin), Via::ApiKey(known.key.id.clone()), ip))
    }

    async fn by_crm_key(&self, text: &str) -> Result<Caller> {
        let known = self.keys().find(text).await?.filter(|known| known.key.kind == Kind::Vx).ok_or_else(bad_key)?;
        known.key.check(self.clock().now())?;
        self.keys().used(&known);
        Ok(Caller::Crm { key_id: known.key.id.clone(), bot_ids: known.key.bot_ids.clone() })
    }
}

fn actor(user: &User, role: Role, via: Via, ip: Option<IpAddr>) -> Actor {
    Actor { user_id: user.id.clone(), name: user.name.clone(), email: user.email.clone(), role, via, ip }
}

/// The internal secret under either spelling (decision 8). Two that differ are wrong.
fn core_secret(parts: &Parts) -> Result<Option<&str>> {
    match (only(parts, SECRET_HEADER)?, only(parts, SECRET_HEADER_ALIAS)?) {
        (Some(one), Some(other)) if one != other => Err(wrong_secret()),
        (one, other) => Ok(one.or(other)),
    }
}

/// The one value of a header. Several, or bytes that are no text, are no proof of anything.
fn only<'a>(parts: &'a Parts, name: &str) -> Result<Option<&'a str>> {
    let mut values = parts.headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ if name == AUTHORIZATION.as_str() => Err(bad_token()),
        _ if name == KEY_HEADER => Err(bad_key()),
        _ => Err(wrong_secret()),
    }
}

/// The token of a bearer header; other schemes are none of our business.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The `token` of a WebSocket's address: browsers and telephone platforms can often give no header when they open one.
fn socket_token(parts: &Parts) -> Option<&str> {
    parts.uri.path().strip_prefix("/ws/")?;
    parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token="))
}

fn wrong_secret() -> Error {
    Error::forbidden("the internal secret is wrong")
}

fn bad_token() -> Error {
    Error::unauthorized("this token is not valid")
}

fn bad_key() -> Error {
    Error::unauthorized("this API key is not valid")
}
