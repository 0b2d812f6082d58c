//! The handle of this slice.

use std::sync::Arc;

use crate::base::{Clock, Random};
use crate::features::bots::Bots;
use crate::features::carriers::Carriers;
use crate::features::crm::Crm;
use crate::features::fleet::Fleet;
use crate::features::knowledge::Knowledge;
use crate::features::numbers::{InboundRoutes, Numbers};
use crate::features::outbound::Orders;
use crate::features::permit::Places;
use crate::features::phones::Phones;
use crate::features::settings::Settings;
use crate::platform::db::Db;

/// What the slice is built from.
pub struct RuntimeSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for keys of calls.
    pub random: Random,
    /// The bots.
    pub bots: Bots,
    /// The carriers, for the bots of their numbers.
    pub carriers: Carriers,
    /// The virtual numbers.
    pub numbers: Numbers,
    /// The telephones of people.
    pub phones: Phones,
    /// The inbound routes.
    pub inbound_routes: InboundRoutes,
    /// The settings, which a new box gets its first of.
    pub settings: Settings,
    /// The knowledge bases that bots answer from.
    pub knowledge: Knowledge,
    /// The outbound orders, whose attempts ask for a config.
    pub orders: Orders,
    /// The CRMs, which are asked about a call.
    pub crm: Crm,
    /// The engines, which answer in writing.
    pub fleet: Fleet,
    /// Which country a number is in, and what local numbers stand for there.
    pub places: Arc<Places>,
    /// The URL under which callers reach this box, without a slash at its end.
    pub base_url: String,
}

/// Configs and inbound decisions. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(super) inner: Arc<RuntimeSetup>,
}

impl Runtime {
    /// The slice over its parts.
    pub fn new(setup: RuntimeSetup) -> Self {
        Self { inner: Arc::new(setup) }
    }
}
