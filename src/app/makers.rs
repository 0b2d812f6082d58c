//! What each feature is built from.

use crate::base::seal::Sealer;
use crate::base::{Error, Result};
use crate::features::auth::{Auth, AuthSetup, Identity};
use crate::features::backups::{Backups, BackupsSetup};
use crate::features::bots::Bots;
use crate::features::browser_calls::{BrowserCalls, BrowserCallsSetup};
use crate::features::calls::{Calls, CallsSetup};
use crate::features::carriers::{Carriers, CarriersSetup};
use crate::features::crm::{self, Crm, CrmSetup};
use crate::features::fleet::{Fleet, FleetSetup};
use crate::features::knowledge::{Knowledge, KnowledgeSetup};
use crate::features::mail::{Mails, MailsSetup};
use crate::features::numbers::{InboundRoutes, Numbers, NumbersSetup};
use crate::features::outbound::{Orders, OrdersSetup};
use crate::features::permit::{Permit, Places};
use crate::features::phones::{Phones, PhonesSetup};
use crate::features::privacy::{Privacy, PrivacySetup};
use crate::features::recordings::{Recordings, RecordingsSetup};
use crate::features::runtime::{Runtime, RuntimeSetup};
use crate::features::settings::{Check, Section, Settings, SettingsSetup};
use crate::features::socket_calls::{SocketCalls, SocketCallsSetup};
use crate::features::transcripts::{Shares, SharesSetup, Transcripts, TranscriptsSetup};
use crate::features::webhooks::{Webhooks, WebhooksSetup};
use crate::platform::bulletin::Bulletin;
use crate::platform::db::{Db, Trace};
use crate::platform::mail::Mailer;
use crate::platform::net::{Outbound, OutboundOptions};
use crate::platform::objects::Objects;
use crate::platform::space::Disk;
use crate::platform::tls;
use std::sync::Arc;

use super::setup::Setup;

/// Most bytes of a document that is fetched: what the setting may be at most, and a little more, so that the setting's own sentence is said.
const MOST_DOCUMENT: usize = 101 * 1024 * 1024;

/// What decides about a call as it begins.
pub(super) struct Callees<'a> {
    pub(super) bots: &'a Bots,
    pub(super) numbers: &'a Numbers,
    pub(super) phones: &'a Phones,
    pub(super) inbound_routes: &'a InboundRoutes,
    pub(super) settings: &'a Settings,
    pub(super) orders: &'a Orders,
    pub(super) carriers: &'a Carriers,
    pub(super) crm: &'a Crm,
    pub(super) knowledge: &'a Knowledge,
    pub(super) fleet: &'a Fleet,
    pub(super) places: &'a Arc<Places>,
}

/// What most features are built from.
pub(super) struct Shared {
    pub(super) setup: Setup,
    pub(super) db: Db,
    pub(super) sealer: Arc<Sealer>,
}

impl Shared {
    pub(super) fn new(setup: Setup, db: &Db) -> Result<Self> {
        let sealer = Arc::new(Sealer::new(&setup.secrets.master, setup.random.clone())?);
        Ok(Self { setup, db: db.clone(), sealer })
    }

    pub(super) fn disk(&self) -> Disk {
        Disk::of(self.setup.data.root(), self.setup.config.server.reserve())
    }

    pub(super) fn settings(&self, bots: &Bots, places: &Arc<Places>) -> Result<Settings> {
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

    pub(super) fn fleet(&self, settings: &Settings) -> Result<Fleet> {
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

    pub(super) fn auth(&self, outbound: Outbound, settings: &Settings) -> Result<Auth> {
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

    pub(super) fn knowledge(&self, settings: &Settings, bulletin: Bulletin) -> Result<Knowledge> {
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

    pub(super) fn privacy(&self, trace: Trace, of: &Kept<'_>) -> Privacy {
        Privacy::new(PrivacySetup {
            db: self.db.clone(),
            trace,
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            settings: of.settings.clone(),
            bots: of.bots.clone(),
            calls: of.calls.clone(),
            transcripts: of.transcripts.clone(),
            orders: of.orders.clone(),
            permit: of.permit.clone(),
            spool: self.setup.data.spool(),
            ledger: self.setup.data.erasures(),
        })
    }

    pub(super) fn calls(&self, bots: &Bots, objects: &Objects, bulletin: Bulletin, trace: Trace) -> Calls {
        Calls::new(CallsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            sealer: self.sealer.clone(),
            recordings: objects.clone(),
            trace,
            bots: bots.clone(),
            public_base: self.setup.base_url.clone(),
            bulletin,
        })
    }

    pub(super) fn recordings(&self, net: Outbound, objects: Objects, settings: &Settings, calls: &Calls, fleet: &Fleet) -> Recordings {
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

    pub(super) fn backups(&self, settings: &Settings, recordings: &Recordings) -> Backups {
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

    pub(super) fn numbers(&self, bots: &Bots, settings: &Settings, permit: &Permit) -> Numbers {
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

    pub(super) fn phones(&self, auth: &Auth) -> Phones {
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

    pub(super) fn orders(
        &self,
        calls: &Calls,
        bots: &Bots,
        carriers: &Carriers,
        fleet: &Fleet,
        permit: &Permit,
        settings: &Settings,
    ) -> Orders {
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

    pub(super) fn carriers(&self, bots: &Bots, fleet: &Fleet, settings: &Settings) -> Carriers {
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

    pub(super) fn runtime(&self, of: &Callees<'_>) -> Runtime {
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
            fleet: of.fleet.clone(),
            places: of.places.clone(),
            base_url: self.setup.base_url.clone(),
        })
    }

    pub(super) fn browser_calls(&self, numbers: &Numbers, bots: &Bots, fleet: &Fleet, settings: &Settings, calls: &Calls) -> BrowserCalls {
        BrowserCalls::new(BrowserCallsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            numbers: numbers.clone(),
            bots: bots.clone(),
            fleet: fleet.clone(),
            settings: settings.clone(),
            calls: calls.clone(),
        })
    }

    pub(super) fn socket_calls(&self, bots: &Bots, fleet: &Fleet) -> SocketCalls {
        let (db, random) = (self.db.clone(), self.setup.random.clone());
        SocketCalls::new(SocketCallsSetup { db, random, bots: bots.clone(), fleet: fleet.clone() })
    }

    pub(super) fn crm(&self, calls: &Calls, bots: &Bots, recordings: &Recordings) -> Result<Crm> {
        // Connections of its own: webhooks and CRMs do not wait for each other.
        let options =
            OutboundOptions { body_cap: crm::MOST_ANSWER, ..OutboundOptions::allowing(self.setup.config.outbound.allow_cidrs.clone())? };
        Ok(Crm::new(CrmSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            calls: calls.clone(),
            bots: bots.clone(),
            recordings: recordings.clone(),
            outbound: Outbound::new(options)?,
        }))
    }

    pub(super) fn transcripts(&self) -> Transcripts {
        Transcripts::new(TranscriptsSetup { db: self.db.clone(), folder: self.setup.data.transcripts(), tenant: self.setup.tenant.clone() })
    }

    pub(super) fn shares(&self, settings: &Settings) -> Result<Shares> {
        Shares::new(SharesSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            folder: self.setup.data.transcripts(),
            settings: settings.clone(),
            base_url: self.setup.base_url.clone(),
        })
    }

    pub(super) fn mails(&self, settings: &Settings, net: Outbound) -> Result<Mails> {
        Mails::new(MailsSetup {
            db: self.db.clone(),
            clock: self.setup.clock.clone(),
            random: self.setup.random.clone(),
            settings: settings.clone(),
            mailer: Mailer::new(net),
        })
    }

    pub(super) fn webhooks(&self, outbound: Outbound) -> Webhooks {
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

/// What keeps something of people who call.
pub(super) struct Kept<'a> {
    pub(super) settings: &'a Settings,
    pub(super) bots: &'a Bots,
    pub(super) calls: &'a Calls,
    pub(super) transcripts: &'a Transcripts,
    pub(super) orders: &'a Orders,
    pub(super) permit: &'a Permit,
}
