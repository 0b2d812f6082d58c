//! Builds every handle once and hands out what runs: the router, and the outbox with its listeners and handlers.

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;

use super::{jobs, router, subscriptions};
use crate::base::seal::Sealer;
use crate::base::{Clock, Random, Result};
use crate::features::audit::Audit;
use crate::features::auth::{Auth, Identity};
use crate::features::bots::Bots;
use crate::features::calls::{Calls, CallsSetup};
use crate::features::carriers::Carriers;
use crate::features::numbers::{InboundRoutes, Numbers};
use crate::features::webhooks::{Webhooks, WebhooksSetup};
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;
use crate::platform::db::Db;
use crate::platform::net::{Outbound, OutboundOptions};
use crate::platform::objects::Objects;
use crate::platform::outbox::Outbox;
use crate::platform::secrets::Secrets;

/// What the control plane is built from. Tests pass their own clock and randomness.
pub struct Setup {
    /// The data folder.
    pub data: DataDir,
    /// The configuration.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Secrets of the box.
    pub secrets: Secrets,
    /// The URL under which callers reach this box, without a slash at its end.
    pub base_url: String,
    /// The tenant: host of that URL.
    pub tenant: String,
}

/// One cheap handle per feature.
#[derive(Clone)]
pub(super) struct Handles {
    pub(super) audit: Audit,
    pub(super) auth: Auth,
    pub(super) bots: Bots,
    pub(super) calls: Calls,
    pub(super) carriers: Carriers,
    pub(super) inbound_routes: InboundRoutes,
    pub(super) numbers: Numbers,
    pub(super) tenant: String,
    pub(super) webhooks: Webhooks,
}

/// The control plane, ready to be served.
pub struct App {
    /// The database.
    pub db: Db,
    /// Facts, listeners and jobs; does nothing until it is run or settled.
    pub outbox: Outbox,
    handles: Handles,
}

impl App {
    /// Opens the database and builds every feature.
    pub fn build(setup: Setup) -> Result<Self> {
        let db = Db::open(&setup.data.main_db(), &setup.data.backups(), setup.clock.clone())?;
        let clock = setup.clock.clone();
        let handles = Handles::build(setup, &db)?;
        let outbox = Outbox::new(&db, &clock, subscriptions::all(&handles), jobs::all(&handles));
        Ok(Self { db, outbox, handles })
    }

    /// All routes behind the gate.
    pub fn router(&self) -> Router {
        router::build(&self.handles).0
    }

    /// The description of all routes, from the same registration.
    pub fn openapi(&self) -> OpenApi {
        router::build(&self.handles).1
    }

    /// Logins, for the first admin's way in.
    pub fn auth(&self) -> &Auth {
        &self.handles.auth
    }
}

impl Handles {
    fn build(setup: Setup, db: &Db) -> Result<Self> {
        let Setup { data, config, clock, random, secrets, base_url, tenant } = setup;
        let sealer = Arc::new(Sealer::new(&secrets.master, random.clone())?);
        let outbound = Outbound::new(OutboundOptions::allowing(config.outbound.allow_cidrs)?)?;
        let identity = Identity { base_url: base_url.clone(), tenant: tenant.clone(), jwt_secret: secrets.jwt, core_secret: secrets.core };
        let bots = Bots::new(db.clone(), random.clone(), sealer.clone());
        let calls = CallsSetup {
            db: db.clone(),
            clock: clock.clone(),
            random: random.clone(),
            sealer: sealer.clone(),
            recordings: Objects::disk(data.recordings(), random.clone())?,
            transcripts: data.transcripts(),
            public_base: base_url,
        };
        let webhooks = WebhooksSetup {
            db: db.clone(),
            clock: clock.clone(),
            random: random.clone(),
            sealer: sealer.clone(),
            outbound,
            tenant: tenant.clone(),
        };
        Ok(Self {
            audit: Audit::new(db.clone()),
            auth: Auth::open(&data, identity, db.clone(), clock, random.clone())?,
            carriers: Carriers::new(db.clone(), random.clone(), sealer),
            inbound_routes: InboundRoutes::new(db.clone()),
            numbers: Numbers::new(db.clone(), random, bots.clone()),
            bots,
            calls: Calls::new(calls),
            tenant,
            webhooks: Webhooks::new(webhooks),
        })
    }
}
