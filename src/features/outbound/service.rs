//! The handle of this slice.

use std::sync::Arc;

use super::ask::refused;
use super::idempotency::AtWork;
use super::machine::Status;
use super::model::OrderRecord;
use super::prompts::Prompts;
use super::{list_store, store};
use crate::base::id::CallId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Clock, Random, Result};
use crate::features::bots::Bots;
use crate::features::calls::Calls;
use crate::features::carriers::Carriers;
use crate::features::fleet::Fleet;
use crate::features::permit::Permit;
use crate::features::settings::Settings;
use crate::platform::data_dir::DataDir;
use crate::platform::db::Db;
use crate::platform::space::Disk;

/// What the slice is built from.
pub struct OrdersSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for keys of calls.
    pub random: Random,
    /// Seals the keys that callers bring.
    pub sealer: Arc<Sealer>,
    /// The calls.
    pub calls: Calls,
    /// The bots.
    pub bots: Bots,
    /// The carriers.
    pub carriers: Carriers,
    /// The engines.
    pub fleet: Fleet,
    /// Who may be called, and when.
    pub permit: Permit,
    /// The data folder, for stored prompts.
    pub data: DataDir,
    /// Its disk: nothing is placed when little room is left.
    pub disk: Disk,
    /// The settings, for what a call does not say.
    pub settings: Settings,
    /// The URL under which callers reach this box, without a slash at its end.
    pub base_url: String,
    /// The tenant: host of that URL.
    pub tenant: String,
}

/// Outbound orders. Cheap to clone.
#[derive(Clone)]
pub struct Orders {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) setup: OrdersSetup,
    pub(super) prompts: Prompts,
    pub(super) at_work: AtWork,
}

impl Orders {
    /// Orders over their parts.
    pub fn new(setup: OrdersSetup) -> Self {
        let prompts = Prompts::new(setup.data.prompts());
        Self { inner: Arc::new(Inner { setup, prompts, at_work: AtWork::default() }) }
    }

    pub(super) fn setup(&self) -> &OrdersSetup {
        &self.inner.setup
    }

    pub(super) fn prompts(&self) -> &Prompts {
        &self.inner.prompts
    }

    /// The tenant of all calls.
    pub(super) fn tenant(&self) -> &str {
        &self.setup().tenant
    }

    /// Fills a new box with the prompts it comes with. Does nothing on one that ever had a bot.
    pub async fn seed(&self) -> Result<()> {
        let bots = self.setup().bots.clone();
        let is_new = self.setup().db.read(move |conn| bots.is_empty(conn)).await?;
        if is_new { self.prompts().seed() } else { Ok(()) }
    }

    /// One page of orders, newest first, and how many match. `statuses` is a list with commas.
    pub(super) async fn list(&self, statuses: Option<&str>, page: Page) -> Result<(Vec<OrderRecord>, u64)> {
        let mut wanted: Vec<Status> = Vec::new();
        for word in statuses.into_iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
            let status = Status::parse(word).ok_or_else(|| refused("status", format!("has no value '{word}'")))?;
            if !wanted.contains(&status) {
                wanted.push(status);
            }
        }
        self.setup().db.read(move |conn| Ok((list_store::list(conn, &wanted, page)?, list_store::count(conn, &wanted)?))).await
    }

    /// One order.
    pub(super) async fn get(&self, id: CallId) -> Result<OrderRecord> {
        self.setup().db.read(move |conn| Ok(store::get(conn, &id)?.record)).await
    }
}
