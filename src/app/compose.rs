//! Builds every handle once, from the bottom slices up.

use crate::base::{Random, Result};
use crate::features::audit::Audit;
use crate::features::auth::Auth;
use crate::features::backups::Backups;
use crate::features::bots::Bots;
use crate::features::browser_calls::BrowserCalls;
use crate::features::calls::Calls;
use crate::features::carriers::Carriers;
use crate::features::console::Console;
use crate::features::crm::Crm;
use crate::features::fleet::Fleet;
use crate::features::knowledge::Knowledge;
use crate::features::mail::Mails;
use crate::features::numbers::{InboundRoutes, Numbers};
use crate::features::ops::Readiness;
use crate::features::outbound::Orders;
use crate::features::permit::{Permit, PermitSetup, Places};
use crate::features::phones::Phones;
use crate::features::privacy::Privacy;
use crate::features::recordings::Recordings;
use crate::features::runtime::Runtime;
use crate::features::settings::Settings;
use crate::features::socket_calls::SocketCalls;
use crate::features::transcripts::{Shares, Transcripts};
use crate::features::webhooks::Webhooks;
use crate::platform::access::Doors;
use crate::platform::bulletin::Bulletin;
use crate::platform::db::{Conn, Db, Trace};
use crate::platform::net::{Outbound, OutboundOptions};
use crate::platform::objects::Objects;
use std::sync::Arc;

use super::makers::{Callees, Kept, Shared};
use super::setup::Setup;

/// One cheap handle per feature.
#[derive(Clone)]
pub(super) struct Handles {
    pub(super) audit: Audit,
    pub(super) auth: Auth,
    pub(super) backups: Backups,
    pub(super) bots: Bots,
    pub(super) browser_calls: BrowserCalls,
    pub(super) socket_calls: SocketCalls,
    pub(super) calls: Calls,
    pub(super) carriers: Carriers,
    pub(super) console: Console,
    pub(super) crm: Crm,
    pub(super) doors: Doors,
    pub(super) fleet: Fleet,
    pub(super) inbound_routes: InboundRoutes,
    pub(super) knowledge: Knowledge,
    pub(super) mails: Mails,
    pub(super) net: Outbound,
    pub(super) numbers: Numbers,
    pub(super) orders: Orders,
    pub(super) phones: Phones,
    pub(super) permit: Permit,
    pub(super) privacy: Privacy,
    pub(super) random: Random,
    pub(super) readiness: Readiness,
    pub(super) recordings: Recordings,
    pub(super) runtime: Runtime,
    pub(super) settings: Settings,
    pub(super) shares: Shares,
    pub(super) tenant: String,
    pub(super) transcripts: Transcripts,
    pub(super) webhooks: Webhooks,
}

impl Handles {
    #[expect(clippy::too_many_lines, reason = "a line or two for each handle, in the order they need each other")]
    pub(super) fn build(setup: Setup, db: &Db) -> Result<Self> {
        let shared = Shared::new(setup, db)?;
        let Setup { config, clock, random, tenant, .. } = &shared.setup;
        let outbound = Outbound::new(OutboundOptions::allowing(config.outbound.allow_cidrs.clone())?)?;
        let bots = Bots::new(db.clone(), random.clone(), shared.sealer.clone());
        let places = Arc::new(Places::built_in()?);
        let settings = shared.settings(&bots, &places)?;
        let fleet = shared.fleet(&settings)?;
        let carriers = shared.carriers(&bots, &fleet, &settings);
        let asked = carriers.clone();
        let homes = move |conn: &Conn| asked.homes(conn);
        let permit = Permit::new(PermitSetup {
            db: db.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
            places: places.clone(),
            sealer: shared.sealer.clone(),
            homes: Arc::new(homes),
        })?;
        let inbound_routes = InboundRoutes::new(db.clone());
        let numbers = shared.numbers(&bots, &settings, &permit);
        let auth = shared.auth(outbound.clone(), &settings)?;
        let phones = shared.phones(&auth);
        let objects = Objects::disk(shared.setup.data.recordings(), shared.setup.random.clone())?;
        let trace = Trace::open(&shared.setup.data.trace_db())?;
        let bulletin = Bulletin::default();
        let knowledge = shared.knowledge(&settings, bulletin.clone())?;
        let calls = shared.calls(&bots, &objects, bulletin, trace.clone());
        let orders = shared.orders(&calls, &bots, &carriers, &fleet, &permit, &settings);
        let recordings = shared.recordings(outbound.clone(), objects, &settings, &calls, &fleet);
        let crm = shared.crm(&calls, &bots, &recordings)?;
        let transcripts = shared.transcripts();
        let kept = Kept { settings: &settings, bots: &bots, calls: &calls, transcripts: &transcripts, orders: &orders, permit: &permit };
        Ok(Self {
            privacy: shared.privacy(trace, &kept),
            audit: Audit::new(db.clone()),
            readiness: Readiness::new(db.clone(), shared.disk(), fleet.clone()),
            runtime: shared.runtime(&Callees {
                bots: &bots,
                numbers: &numbers,
                phones: &phones,
                inbound_routes: &inbound_routes,
                settings: &settings,
                orders: &orders,
                carriers: &carriers,
                crm: &crm,
                knowledge: &knowledge,
                fleet: &fleet,
                places: &places,
            }),
            shares: shared.shares(&settings)?,
            transcripts,
            mails: shared.mails(&settings, outbound.clone())?,
            net: outbound.clone(),
            backups: shared.backups(&settings, &recordings),
            webhooks: shared.webhooks(outbound),
            browser_calls: shared.browser_calls(&numbers, &bots, &fleet, &settings, &calls),
            socket_calls: shared.socket_calls(&bots, &fleet),
            console: Console::new(random.clone(), settings.clone()),
            doors: Doors::new(config.console.networks.clone()),
            random: random.clone(),
            tenant: tenant.clone(),
            auth,
            bots,
            calls,
            carriers,
            crm,
            fleet,
            inbound_routes,
            knowledge,
            numbers,
            permit,
            settings,
            orders,
            phones,
            recordings,
        })
    }
}
