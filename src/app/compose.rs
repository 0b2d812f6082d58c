//! Builds every handle once, from the bottom slices up.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::seal::Sealer;
use crate::base::{Clock, Error, Random, Result};
use crate::features::audit::Audit;
use crate::features::auth::{Auth, AuthSetup, Identity};
use crate::features::backups::{Backups, BackupsSetup};
use crate::features::bots::Bots;
use crate::features::calls::{Calls, CallsSetup};
use crate::features::carriers::{Carriers, CarriersSetup};
use crate::features::console::Console;
use crate::features::crm::{self, Crm, CrmSetup};
use crate::features::fleet::{Fleet, FleetSetup};
use crate::features::knowledge::{Knowledge, KnowledgeSetup};
use crate::features::mail::{Mails, MailsSetup};
use crate::features::numbers::{InboundRoutes, Numbers, NumbersSetup};
use crate::features::ops::Readiness;
use crate::features::outbound::{Orders, OrdersSetup};
use crate::features::permit::{Permit, PermitSetup, Places};
use crate::features::phones::{Phones, PhonesSetup};
use crate::features::recordings::{Recordings, RecordingsSetup};
use crate::features::runtime::{Runtime, RuntimeSetup};
use crate::features::settings::{Check, Section, Settings, SettingsSetup};
use crate::features::transcripts::{Shares, SharesSetup, Transcripts, TranscriptsSetup};
use crate::features::webhooks::{Webhooks, WebhooksSetup};
use crate::platform::bulletin::Bulletin;
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;
use crate::platform::db::Db;
use crate::platform::mail::Mailer;
use crate::platform::net::{Outbound, OutboundOptions};
use crate::platform::objects::Objects;
use crate::platform::secrets::Secrets;
use crate::platform::space::Disk;
use crate::platform::tls;

/// Most bytes of a document that is fetched: what the setting may be at most, and a little more, so that the setting's own sentence is said.
const MOST_DOCUMENT: usize = 101 * 1024 * 1024;

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
    /// This program's own file: children of it read documents.
    pub program: PathBuf,
}

/// One cheap handle per feature.
#[derive(Clone)]
pub(super) struct Handles {
    pub(super) audit: Audit,
    pub(super) auth: Auth,
    pub(super) backups: Backups,
    pub(super) bots: Bots,
    pub(super) calls: Calls,
    pub(super) carriers: Carriers,
    pub(super) console: Console,
    pub(super) crm: Crm,
    pub(super) fleet: Fleet,
    pub(super) inbound_routes: InboundRoutes,
    pub(super) knowledge: Knowledge,
    pub(super) mails: Mails,
    pub(super) net: Outbound,
    pub(super) numbers: Numbers,
    pub(super) orders: Orders,
    pub(super) phones: Phones,
    pub(super) permit: Permit,
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
    pub(super) fn build(setup: Setup, db: &Db) -> Result<Self> {
        let shared = Shared::new(setup, db)?;
        let Setup { config, clock, random, tenant, .. } = &shared.setup;
        let outbound = Outbound::new(OutboundOptions::allowing(config.outbound.allow_cidrs.clone())?)?;
        let bots = Bots::new(db.clone(), random.clone(), shared.sealer.clone());
        let places = Arc::new(Places::built_in()?);
        let settings = shared.settings(&bots, &places)?;
        let permit = Permit::new(PermitSetup {
            db: db.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
            places,
            sealer: shared.sealer.clone(),
        })?;
        let fleet = shared.fleet(&settings)?;
        let carriers = shared.carriers(&bots, &fleet, &settings);
        let inbound_routes = InboundRoutes::new(db.clone());
        let numbers = shared.numbers(&bots, &settings, &permit);
        let auth = shared.auth(outbound.clone(), &settings)?;
        let phones = shared.phones(&auth);
        let objects = Objects::disk(shared.setup.data.recordings(), shared.setup.random.clone())?;
        let calls = shared.calls(&bots, &objects);
        let crm = shared.crm(&calls, &bots)?;
        let orders = shared.orders(&calls, &bots, &carriers, &fleet, &permit, &settings);
        let recordings = shared.recordings(outbound.clone(), objects, &settings, &calls, &fleet);
        Ok(Self {
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
            }),
            shares: shared.shares(&settings)?,
            transcripts: shared.transcripts(),
            mails: shared.mails(&settings, outbound.clone())?,
            net: outbound.clone(),
            backups: shared.backups(&settings, &recordings),
            webhooks: shared.webhooks(outbound),
            console: Console::new(random.clone()),
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

/// What decides about a call as it begins.
struct Callees<'a> {
    bots: &'a Bots,
    numbers: &'a Numbers,
    phones: &'a Phones,
    inbound_routes: &'a InboundRoutes,
    settings: &'a Settings,
    orders: &'a Orders,
    carriers: &'a Carriers,
    crm: &'a Crm,
    knowledge: &'a Knowledge,
}

/// What most features are built from.
struct Shared {
    setup: Setup,
    db: Db,
    sealer: Arc<Sealer>,
}

impl Shared {
    fn new(setup: Setup, db: &Db) -> Result<Self> {
        let sealer = Arc::new(Sealer::new(&setup.secrets.master, setup.random.clone())?);
        Ok(Self { setup, db: db.clone(), sealer })
    }

    fn disk(&self) -> Disk {
        Disk::of(self.setup.data.root(), self.setup.config.server.reserve())
    }

    fn settings(&self, bots: &Bots, places: &Arc<Places>) -> Result<Settings> {
        let (bots, places) = (bots.clone(), places.clone());
        let names_a_bot = Check {
            section: Section::Outbound,
            key: "default_bot_id",
            rule: Arc::new(move |conn, doc| {
                let id = doc.outbound.default_bot_id.as_str();
                match id.is_empty() || bots.find_published(conn, &id.into())?.is_some() {
                    true => Ok(()),
                    false => Err(Error::invalid("default_bot_id: names no bot").field("default_bot_id", "names no bot")),
                }
            }),
        };
        let names_countries =
            Check { section: Section::Outbound, key: "allowed_countries", rule: Arc::new(move |_, doc| places.check(doc)) };
        Settings::new(SettingsSetup {
            db: self.db.clone(),
            sealer: self.sealer.clone(),
            keys: self.setup.config.live.clone(),
            checks: vec![names_a_bot, names_countries],
        })
    }

    fn fleet(&self, settings: &Settings) -> Result<Fleet> {
        // Engines on other machines have certificates of the box's own CA.
        let options = OutboundOptions {
            extra_ca: Some(tls::ca_file(&self.setup.data, &self.setup.clock)?),
            ..OutboundOptions::allowing(Vec::<String>::new())?
        };
        Ok(Fleet::new(FleetSetup {
            engine_socket: self.setup.data.engine_socket(),
            secret: self.setup.secrets.core.clone(),
            net: Outbound::new(options)?,
            random: self.setup.random.clone(),
            settings: settings.clone(),
            clock: self.setup.clock.clone(),
        }))
    }

    fn auth(&self, outbound: Outbound, settings: &Settings) -> Result<Auth> {
        let Setup { data, config, clock, random, secrets, base_url, tenant, .. } = &self.setup;
        Auth::open(AuthSetup {
            data: data.clone(),
            identity: Identity {
                base_url: base_url.clone(),
                tenant: tenant.clone(),
                jwt_secret: secrets.jwt.clone(),
                core_secret: secrets.core.clone(),
            },
            db: self.db.clone(),
            clock: clock.clone(),
            random: random.clone(),
            sealer: self.sealer.clone(),
            outbound,
            foreign: config.foreign_sign_in.clone(),
            settings: settings.clone(),
        })
    }

    fn knowledge(&self, settings: &Settings, bulletin: Bulletin) -> Result<Knowledge> {
        let Setup { data, config, clock, random, program, .. } = &self.setup;
        let options = OutboundOptions { body_cap: MOST_DOCUMENT, ..OutboundOptions::allowing(config.outbound.allow_cidrs.clone())? };
        Knowledge::new(KnowledgeSetup {
            db: self.db.clone(),
            clock: clock.clone(),
            random: random.clone(),
            sealer: self.sealer.clone(),
            settings: settings.clone(),
            net: Outbound::new(options)?,
            folder: data.knowledge(),
            search: data.search(),
            disk: self.disk(),
            program: program.clone(),
            bulletin,
        })
    }

    fn calls(&self, bots: &Bots, objects: &Objects, bulletin: Bulletin) -> Calls {
        Calls::new(CallsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            recordings: objects.clone(),
            bots: bots.clone(),
            public_base: self.setup.base_url.clone(),
            bulletin,
        })
    }

    fn recordings(&self, net: Outbound, objects: Objects, settings: &Settings, calls: &Calls, fleet: &Fleet) -> Recordings {
        Recordings::new(RecordingsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            sealer: self.sealer.clone(),
            objects,
            disk: self.disk(),
            net,
            settings: settings.clone(),
            calls: calls.clone(),
            fleet: fleet.clone(),
        })
    }

    fn backups(&self, settings: &Settings, recordings: &Recordings) -> Backups {
        Backups::new(BackupsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            data: self.setup.data.clone(),
            config: self.setup.config.file.clone(),
            master: self.setup.secrets.master,
            sealer: self.sealer.clone(),
            settings: settings.clone(),
            recordings: recordings.clone(),
        })
    }

    fn numbers(&self, bots: &Bots, settings: &Settings, permit: &Permit) -> Numbers {
        Numbers::new(NumbersSetup {
            db: self.db.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            bots: bots.clone(),
            settings: settings.clone(),
            permit: permit.clone(),
            reveals_secrets: self.setup.config.numbers.reveal_secrets,
        })
    }

    fn phones(&self, auth: &Auth) -> Phones {
        Phones::new(PhonesSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            users: auth.users().clone(),
            realm: self.setup.tenant.clone(),
            allowed_networks: self.setup.config.phones.allowed_networks.clone(),
        })
    }

    fn orders(&self, calls: &Calls, bots: &Bots, carriers: &Carriers, fleet: &Fleet, permit: &Permit, settings: &Settings) -> Orders {
        Orders::new(OrdersSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            calls: calls.clone(),
            bots: bots.clone(),
            carriers: carriers.clone(),
            fleet: fleet.clone(),
            data: self.setup.data.clone(),
            disk: self.disk(),
            permit: permit.clone(),
            settings: settings.clone(),
            base_url: self.setup.base_url.clone(),
            tenant: self.setup.tenant.clone(),
        })
    }

    fn carriers(&self, bots: &Bots, fleet: &Fleet, settings: &Settings) -> Carriers {
        Carriers::new(CarriersSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            bots: bots.clone(),
            fleet: fleet.clone(),
            settings: settings.clone(),
        })
    }

    fn runtime(&self, of: &Callees<'_>) -> Runtime {
        Runtime::new(RuntimeSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            bots: of.bots.clone(),
            numbers: of.numbers.clone(),
            phones: of.phones.clone(),
            inbound_routes: of.inbound_routes.clone(),
            settings: of.settings.clone(),
            orders: of.orders.clone(),
            carriers: of.carriers.clone(),
            crm: of.crm.clone(),
            knowledge: of.knowledge.clone(),
            base_url: self.setup.base_url.clone(),
        })
    }

    fn crm(&self, calls: &Calls, bots: &Bots) -> Result<Crm> {
        // Connections of its own: webhooks and CRMs do not wait for each other.
        let options =
            OutboundOptions { body_cap: crm::MOST_ANSWER, ..OutboundOptions::allowing(self.setup.config.outbound.allow_cidrs.clone())? };
        Ok(Crm::new(CrmSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            calls: calls.clone(),
            bots: bots.clone(),
            outbound: Outbound::new(options)?,
        }))
    }

    fn transcripts(&self) -> Transcripts {
        Transcripts::new(TranscriptsSetup { db: self.db.clone(), folder: self.setup.data.transcripts(), tenant: self.setup.tenant.clone() })
    }

    fn shares(&self, settings: &Settings) -> Result<Shares> {
        Shares::new(SharesSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            folder: self.setup.data.transcripts(),
            settings: settings.clone(),
            base_url: self.setup.base_url.clone(),
        })
    }

    fn mails(&self, settings: &Settings, net: Outbound) -> Result<Mails> {
        Mails::new(MailsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            settings: settings.clone(),
            mailer: Mailer::new(net),
        })
    }

    fn webhooks(&self, outbound: Outbound) -> Webhooks {
        Webhooks::new(WebhooksSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            outbound,
            tenant: self.setup.tenant.clone(),
        })
    }
}
