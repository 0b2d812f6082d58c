//! The handle of this feature: everything that proves who somebody is.

use std::sync::Arc;

use super::keys::Keys;
use super::limits::Limits;
use super::rsa_key::RsaKey;
use super::setup::Setup;
use super::token::Tokens;
use super::users::Users;
use crate::base::secret::Secret;
use crate::base::{Clock, Random, Result};
use crate::platform::data_dir::DataDir;
use crate::platform::db::Db;

/// What this box is called and what it signs with.
pub struct Identity {
    /// The URL callers reach it under, without a slash at its end; the issuer of its tokens.
    pub base_url: String,
    /// The tenant: host of that URL.
    pub tenant: String,
    /// Signs the tokens of `/api/v1/auth/login`.
    pub jwt_secret: Secret,
    /// The internal secret.
    pub core_secret: Secret,
}

/// Logins, tokens and keys. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    users: Users,
    keys: Keys,
    tokens: Tokens,
    limits: Limits,
    setup: Setup,
    identity: Identity,
    clock: Clock,
}

impl Auth {
    /// Opens the feature; makes the RSA key if the folder has none, which takes up to seconds.
    pub fn open(dir: &DataDir, identity: Identity, db: Db, clock: Clock, random: Random) -> Result<Self> {
        let users = Users::new(db.clone(), random.clone());
        let keys = Keys::new(db, clock.clone(), random.clone());
        let tokens = Tokens::new(RsaKey::open(dir, &random)?, &identity.jwt_secret, &identity.base_url);
        let limits = Limits::new(clock.clone());
        let setup = Setup::new(dir.setup_token(), clock.clone(), random);
        Ok(Self(Arc::new(Inner { users, keys, tokens, limits, setup, identity, clock })))
    }

    /// The people.
    pub fn users(&self) -> &Users {
        &self.0.users
    }

    /// The API keys.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Readies the first admin's way in: the setup token if nobody was made yet, else nothing. Call once per start, and show the token
    /// on a terminal only.
    pub async fn begin_setup(&self) -> Result<Option<Secret>> {
        self.0.setup.begin(self.0.users.is_empty().await?)
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.0.setup
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
