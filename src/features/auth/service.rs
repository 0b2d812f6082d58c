//! The handle of this feature: everything that proves who somebody is.

use std::sync::Arc;

use super::clients::Clients;
use super::foreign::Foreign;
use super::key_ring::KeyRing;
use super::keys::Keys;
use super::limits::Limits;
use super::oidc::{Brand, Grants, Pages, Sessions};
use super::setup::Setup;
use super::token::Tokens;
use super::users::Users;
use crate::base::seal::Sealer;
use crate::base::secret::Secret;
use crate::base::{Clock, Random, Result};
use crate::features::settings::Settings;
use crate::platform::config::ForeignSignIn;
use crate::platform::data_dir::DataDir;
use crate::platform::db::Db;
use crate::platform::net::Outbound;

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

/// What the feature is built from.
pub struct AuthSetup {
    /// The data folder.
    pub data: DataDir,
    /// Names and secrets of the box.
    pub identity: Identity,
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Seals what travels through browsers.
    pub sealer: Arc<Sealer>,
    /// The way to another identity provider.
    pub outbound: Outbound,
    /// That provider.
    pub foreign: ForeignSignIn,
    /// What the operator calls the box.
    pub settings: Settings,
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
    clients: Clients,
    grants: Grants,
    sessions: Sessions,
    pages: Pages,
    foreign: Option<Foreign>,
    sealer: Arc<Sealer>,
    identity: Identity,
    clock: Clock,
    random: Random,
    db: Db,
    rotation: tokio::sync::Mutex<()>,
}

impl Auth {
    /// Opens the feature; makes the RSA key if the folder has none, which takes up to seconds.
    pub fn open(setup: AuthSetup) -> Result<Self> {
        let AuthSetup { data, identity, db, clock, random, sealer, outbound, foreign, settings } = setup;
        let base_url = identity.base_url.as_str();
        let grants = Grants::new(db.clone(), random.clone());
        Ok(Self(Arc::new(Inner {
            users: Users::new(db.clone(), random.clone()),
            keys: Keys::new(db.clone(), clock.clone(), random.clone()),
            tokens: Tokens::new(KeyRing::open(&data, &random)?, &identity.jwt_secret, base_url),
            limits: Limits::new(clock.clone()),
            setup: Setup::new(data.setup_token(), clock.clone(), random.clone()),
            clients: Clients::new(db.clone(), random.clone(), base_url, grants.clone()),
            sessions: Sessions::new(db.clone(), clock.clone(), random.clone(), base_url),
            pages: Pages::new(Arc::new(move || brand_of(&settings)))?,
            foreign: Foreign::open(foreign, base_url, outbound, clock.clone())?,
            rotation: tokio::sync::Mutex::new(()),
            grants,
            sealer,
            identity,
            clock,
            random,
            db,
        })))
    }

    /// The people.
    pub fn users(&self) -> &Users {
        &self.0.users
    }

    /// The API keys.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The clients of the identity provider.
    pub fn clients(&self) -> &Clients {
        &self.0.clients
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

    pub(super) fn grants(&self) -> &Grants {
        &self.0.grants
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(super) fn pages(&self) -> &Pages {
        &self.0.pages
    }

    pub(super) fn foreign(&self) -> Option<&Foreign> {
        self.0.foreign.as_ref()
    }

    pub(super) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    /// Held while the signing key is replaced: one rotation at a time.
    pub(super) fn rotation(&self) -> &tokio::sync::Mutex<()> {
        &self.0.rotation
    }
}

fn brand_of(settings: &Settings) -> Brand {
    let brand = &settings.current().brand;
    Brand {
        name: brand.name.clone(),
        support_email: brand.support_email.clone(),
        logo: brand.logo.clone(),
        logo_origin: brand.picture_origin(),
    }
}
