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
use crate::platform::db::{Db, Trace};

use super::erasures_store;
use super::model::ErasureView;

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
}

/// Retention and erasure. Cheap to clone.
#[derive(Clone)]
pub struct Privacy {
    pub(super) setup: Arc<PrivacySetup>,
}

impl Privacy {
    /// The slice over its parts.
    pub fn new(setup: PrivacySetup) -> Self {
        Self { setup: Arc::new(setup) }
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
