//! The control plane: every handle, and what runs over them: the router, and the outbox with its listeners and handlers.

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing::error;
use utoipa::openapi::OpenApi;

use super::compose::Handles;
use super::setup::Setup;
use super::{jobs, router, subscriptions};
use crate::base::Result;
use crate::features::auth::Auth;
use crate::features::fleet::Fleet;
use crate::features::ops::doctor::{Doctor, DoctorSetup};
use crate::features::ops::{self, Figures, FiguresSetup};
use crate::features::privacy::Privacy;
use crate::platform::config::TlsMode;
use crate::platform::db::Db;
use crate::platform::outbox::{Outbox, Work};
use crate::platform::space::Disk;

/// The control plane, ready to be served.
pub struct App {
    /// The database.
    pub db: Db,
    /// Facts, listeners and jobs; does nothing until it is run or settled.
    pub outbox: Outbox,
    figures: Figures,
    doctor: Doctor,
    handles: Handles,
}

impl App {
    /// Opens the database and builds every feature.
    pub fn build(setup: Setup) -> Result<Self> {
        let db = Db::open(&setup.data.main_db(), &setup.data.backups(), setup.clock.clone())?;
        let (clock, data) = (setup.clock.clone(), setup.data.clone());
        let has_tls = setup.config.server.tls == TlsMode::Local;
        let has_listener = setup.config.metrics.bind.is_some();
        let disk = Disk::of(data.root(), setup.config.server.reserve());
        let (config, random) = (setup.config.clone(), setup.random.clone());
        let handles = Handles::build(setup, &db)?;
        let work = Work {
            subscriptions: subscriptions::all(&handles),
            handlers: jobs::all(&handles),
            chores: jobs::chores(&handles),
            upkeep: jobs::upkeep(),
        };
        let outbox = Outbox::new(&db, &clock, work);
        let doctor = Doctor::new(DoctorSetup {
            data: data.clone(),
            config,
            clock: clock.clone(),
            random,
            readiness: handles.readiness.clone(),
            outbox: outbox.clone(),
            backups: handles.backups.clone(),
            recordings: handles.recordings.clone(),
            settings: handles.settings.clone(),
            net: handles.net.clone(),
            bots: handles.bots.clone(),
            carriers: handles.carriers.clone(),
            fleet: handles.fleet.clone(),
        });
        let figures = Figures::new(FiguresSetup {
            clock,
            data,
            disk,
            fleet: handles.fleet.clone(),
            outbox: outbox.clone(),
            backups: handles.backups.clone(),
            permit: handles.permit.clone(),
            has_tls,
            has_listener,
        });
        Ok(Self { db, outbox, figures, doctor, handles })
    }

    /// Adds what the process counts to `/metrics`.
    #[must_use]
    pub fn with_counted(self, counted: PrometheusHandle) -> Self {
        Self { figures: self.figures.with_counted(counted), ..self }
    }

    /// All routes behind the gate.
    pub fn router(&self) -> Router {
        self.built().0
    }

    fn built(&self) -> (Router, OpenApi) {
        router::build(&self.handles, self.figures.clone(), self.doctor.clone())
    }

    /// The routes of a listener that gives figures and nothing else.
    pub fn figures_router(&self) -> Router {
        ops::figures_only(self.figures.clone())
    }

    /// The description of all routes, from the same registration.
    pub fn openapi(&self) -> OpenApi {
        self.built().1
    }

    /// Fills a new box with what it comes with, and takes the stored settings into force; a database that came back forgets again whom the
    /// box has forgotten. Call once per start, before anything runs.
    pub async fn seed(&self) -> Result<()> {
        self.handles.orders.seed().await?;
        self.handles.runtime.seed().await?;
        self.handles.settings.load().await?;
        self.handles.knowledge.open().await?;
        if let Err(failure) = self.handles.privacy.forget_again().await {
            // A full disk must not keep the box from showing what it has.
            error!("Whom the box has forgotten could not be forgotten again in this database; the next start tries it anew: {failure}");
        }
        Ok(())
    }

    /// The engines, for whoever keeps them running.
    pub fn fleet(&self) -> &Fleet {
        &self.handles.fleet
    }

    /// Erasure, for the command line.
    pub fn privacy(&self) -> &Privacy {
        &self.handles.privacy
    }

    /// Logins, for the first admin's way in.
    pub fn auth(&self) -> &Auth {
        &self.handles.auth
    }
}
