//! Proof of permission as an extractor: a handler that names it in its signature cannot forget the check.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::caller::{Actor, Caller, Role, Via};
use super::gate::Refusal;
use crate::base::Error;
use crate::platform::http::ApiError;

/// A named permission. Features declare theirs in `mod.rs` as empty enums.
pub trait Permission: Send + Sync + 'static {
    /// The lowest rank that has it.
    const RANK: Role;
    /// Whether an `ak_` key (which ranks admin) may use it.
    const KEYS: bool = true;
}

/// Proof that the caller has permission `P`.
pub struct Can<P> {
    actor: Actor,
    permission: PhantomData<P>,
}

impl<P> Can<P> {
    /// Who it is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl<P: Permission, S: Send + Sync> FromRequestParts<S> for Can<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let actor = match known_caller(parts)? {
            Caller::Actor(actor) => actor.clone(),
            Caller::Engine | Caller::Crm { .. } => {
                return Err(Error::forbidden("this route is for people, not for keys of machines").into());
            }
        };
        if actor.role < P::RANK {
            return Err(Error::forbidden(format!("this needs the role {}", P::RANK.as_str())).into());
        }
        if !P::KEYS && matches!(actor.via, Via::ApiKey(_)) {
            return Err(Error::forbidden("an API key may not do this").into());
        }
        Ok(Self { actor, permission: PhantomData })
    }
}

/// Whoever sent the request, for a route that takes more than one kind of caller. 401 for nobody; the gate's refusal for a proof that does not hold.
pub fn known_caller(parts: &Parts) -> Result<&Caller, Error> {
    match (parts.extensions.get::<Caller>(), parts.extensions.get::<Refusal>()) {
        (Some(caller), _) => Ok(caller),
        (None, Some(refusal)) => Err(refusal.to_error()),
        (None, None) => Err(Error::unauthorized("a valid bearer token is needed")),
    }
}

/// Proof that the caller is an engine with the internal secret.
pub struct EngineOnly;

impl<S: Send + Sync> FromRequestParts<S> for EngineOnly {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Engine) => Ok(Self),
            _ => Err(Error::forbidden("this route needs the internal secret").into()),
        }
    }
}
