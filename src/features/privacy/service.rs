//! The handle of this slice.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Clock, Random, Result};
use crate::features::bots::Bots;
use crate::features::calls::Calls;
use crate::features::outbound::Orders;
use crate::features::permit::Permit;
use crate::features::settings::Settings;
use crate::features::transcripts::Transcripts;
use crate::platform::db::{Db, Seen, Trace};

use super::erasures_store;
use super::model::ErasureView;

/// A clock that is set forward by this much is not believed when it comes to removing things.
const A_DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What the slice is built from.
pub struct PrivacySetup {
    /// The database.
    pub db: Db,
    /// Raw events and log lines of calls.
    pub trace: Trace,
    /// The clock.
    pub clock: Clock,
    /// Randomness, for ids.
    pub random: Random,
    /// Makes the marks by which an erased person is known again.
    pub sealer: Arc<Sealer>,
    /// How long what is kept.
    pub settings: Settings,
    /// The bots, for what they say otherwise.
    pub bots: Bots,
    /// The calls.
    pub calls: Calls,
    /// Their transcripts.
    pub transcripts: Transcripts,
    /// The outbound orders.
    pub orders: Orders,
    /// The lists of numbers.
    pub permit: Permit,
    /// Folder of results on their way.
    pub spool: PathBuf,
    /// The ledger of erasures.
    pub ledger: PathBuf,
}

/// Retention and erasure. Cheap to clone.
#[derive(Clone)]
pub struct Privacy {
    pub(super) setup: Arc<PrivacySetup>,
    /// The clock when this began: one that jumps ahead makes nothing older.
    began: Seen,
}

impl Privacy {
    /// The slice over its parts.
    pub fn new(setup: PrivacySetup) -> Self {
        let began = Seen::now(&setup.clock);
        Self { setup: Arc::new(setup), began }
    }

    /// By how much the clock was set forward since the box was started, if that was by a day and more.
    pub(super) fn is_ahead_by(&self) -> Option<std::time::Duration> {
        let by =
            self.began.set_by(Seen::now(&self.setup.clock)).and_then(|by| u64::try_from(by).ok()).map(std::time::Duration::from_millis);
        by.filter(|by| *by >= A_DAY)
    }

    /// The mark of a person.
    pub(super) fn mark(&self, phone: &str) -> String {
        let letters: String = phone.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        self.setup.sealer.fingerprint("person", letters.strip_prefix("00").unwrap_or(&letters))
    }

    /// One page of erasures, newest first, and how many there are.
    pub(super) async fn erasures(&self, page: Page) -> Result<(Vec<ErasureView>, u64)> {
        self.setup.db.read(move |conn| erasures_store::list(conn, page)).await
    }
}
