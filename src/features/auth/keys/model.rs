//! Keys: their shapes, how one is made, and when one holds.

use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scope::{self, Scope};
use crate::base::id::{ApiKeyId, BotId, UserId};
use crate::base::{Error, Millis, Random, Result};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `ak_`: reaches what an admin reaches, on both surfaces, as a bearer token.
    Ak,
    /// `vx_`: only starts calls for a CRM, in the header `X-API-Key`.
    #[default]
    Vx,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ak => "ak",
            Self::Vx => "vx",
        }
    }

    /// A new key: `ak_` and 32 hexadecimal digits (seed 002), or `vx_` and 24 random bytes in URL-safe base64.
    pub(super) fn make(self, random: &Random) -> String {
        match self {
            Self::Ak => format!("ak_{}", random.hex::<16>()),
            Self::Vx => format!("vx_{}", random.url_safe::<24>()),
        }
    }
}

/// A key as stored. The key itself is not.
#[derive(Debug, Clone)]
pub(in crate::features::auth) struct Key {
    pub(in crate::features::auth) id: ApiKeyId,
    pub(super) name: String,
    pub(in crate::features::auth) kind: Kind,
    pub(super) prefix: String,
    pub(super) hash: String,
    pub(in crate::features::auth) bot_ids: Vec<BotId>,
    pub(super) scopes: Vec<Scope>,
    pub(super) is_active: bool,
    pub(super) expires_at: Option<Millis>,
    pub(super) last_used_at: Option<Millis>,
    pub(in crate::features::auth) minter_id: UserId,
    pub(super) created_by: String,
    pub(super) created_at: Millis,
    pub(super) updated_at: Millis,
}

impl Key {
    /// Refuses a request that its scopes do not cover.
    pub(in crate::features::auth) fn check_scopes(&self, method: &Method, path: &str) -> Result<()> {
        scope::check(&self.scopes, method, path)
    }

    /// Whether it may be used now. What fails is 401 for a key that stands for a person, 403 for one of a CRM.
    pub(in crate::features::auth) fn check(&self, now: Millis) -> Result<()> {
        let why = if !self.is_active {
            "this API key is not active"
        } else if self.expires_at.is_some_and(|at| !at.is_moment()) {
            "the expiry of this API key cannot be read"
        } else if self.expires_at.is_some_and(|at| at <= now) {
            "this API key has expired"
        } else {
            return Ok(());
        };
        Err(match self.kind {
            Kind::Ak => Error::unauthorized(why),
            Kind::Vx => Error::forbidden(why),
        })
    }
}

/// A key as shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// The row.
    pub id: ApiKeyId,
    /// What it is for, in the minter's words.
    pub name: String,
    /// `ak` or `vx`.
    pub kind: Kind,
    /// The first seven characters of the key.
    pub key_prefix: String,
    /// Bots a `vx` key may dial with; empty means all.
    pub bot_ids: Vec<BotId>,
    /// What an `ak` key may do; empty means all that its kind may.
    pub scopes: Vec<Scope>,
    /// Whether it may be used.
    pub is_active: bool,
    /// When it ends by itself; null means never.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Millis>,
    /// When it was last used.
    #[schema(value_type = Option<String>)]
    pub last_used_at: Option<Millis>,
    /// Who minted it.
    pub created_by: String,
    /// When it was minted.
    #[schema(value_type = String)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub updated_at: Millis,
}

impl From<Key> for KeyView {
    fn from(key: Key) -> Self {
        let Key { id, name, kind, prefix, bot_ids, scopes, is_active, expires_at, last_used_at, .. } = key;
        let (created_by, created_at, updated_at) = (key.created_by, key.created_at, key.updated_at);
        Self {
            id,
            name,
            kind,
            key_prefix: prefix,
            bot_ids,
            scopes,
            is_active,
            expires_at,
            last_used_at,
            created_by,
            created_at,
            updated_at,
        }
    }
}

/// Answer of `POST /api/v1/api-keys`: the only time the key is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct MintedKey {
    /// The key itself.
    pub key: String,
    /// Its row.
    #[serde(flatten)]
    pub view: KeyView,
}

/// Body of `POST /api/v1/api-keys`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// `ak` or `vx`; `vx` if absent.
    #[serde(default)]
    pub kind: Kind,
    /// Bots a `vx` key may dial with; empty means all.
    #[serde(default)]
    pub bot_ids: Vec<BotId>,
    /// What an `ak` key may do; all that its kind may if absent or empty.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// When it ends by itself; never if absent.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Millis>,
}

/// Body of `PATCH /api/v1/api-keys/{id}`. Absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// New name.
    pub name: Option<String>,
    /// False: refused from the next request on.
    pub is_active: Option<bool>,
    /// Bots a `vx` key may dial with.
    pub bot_ids: Option<Vec<BotId>>,
    /// What an `ak` key may do; empty means all that its kind may.
    pub scopes: Option<Vec<Scope>>,
    /// When it ends by itself; null means never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Option<Millis>>,
}

/// Tells an absent field (`None`) from a null (`Some(None)`).
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Millis>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Scopes are for keys that stand for a person.
pub(super) fn check_scopes_fit(kind: Kind, scopes: &[Scope]) -> Result<()> {
    if kind == Kind::Ak || scopes.is_empty() {
        return Ok(());
    }
    let sentence = "only ak keys have scopes";
    Err(Error::invalid(sentence).field("scopes", sentence))
}

/// A name in the shape it is stored in.
pub(super) fn tidy_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        let sentence = "a name has 1 to 100 printable characters";
        return Err(Error::invalid(sentence).field("name", sentence));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_lengths_their_users_expect() {
        let random = Random::system();
        let (ak, vx) = (Kind::Ak.make(&random), Kind::Vx.make(&random));
        assert!(ak.len() == 35 && ak[3..].bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()), "{ak}");
        assert!(vx.len() == 35 && vx.starts_with("vx_"), "{vx}");
        assert_ne!(vx, Kind::Vx.make(&random));
    }

    #[test]
    fn a_change_tells_null_from_absent() {
        let change: KeyChange = serde_json::from_str(r#"{"expires_at": null}"#).unwrap();
        assert_eq!(change.expires_at, Some(None));
        assert_eq!(serde_json::from_str::<KeyChange>("{}").unwrap().expires_at, None);
    }
}
