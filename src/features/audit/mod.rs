//! Reading the audit trail. It is written by [`platform::audit`](crate::platform::audit), in the transaction of each change.

mod export;
mod routes;

pub use routes::routes;

use crate::base::Result;
use crate::base::page::Page;
use crate::platform::access::{Permission, Role};
use crate::platform::audit::{self, Chain, Entry, Filter};
use crate::platform::db::Db;

/// To read the audit trail.
pub enum ReadAudit {}
impl Permission for ReadAudit {
    const RANK: Role = Role::Admin;
}

/// The audit trail. Cheap to clone.
#[derive(Clone)]
pub struct Audit(Db);

impl Audit {
    /// The trail in this database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    /// A page of the trail, newest first, and how many rows match.
    pub async fn list(&self, filter: Filter, page: Page) -> Result<(Vec<Entry>, u64)> {
        self.0.read(move |conn| audit::list(conn, &filter, page)).await
    }

    /// Whether the trail is whole.
    pub async fn verify(&self) -> Result<Chain> {
        self.0.read_all(audit::verify).await
    }
}
