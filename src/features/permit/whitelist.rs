//! The whitelist: numbers that somebody has asked for, which the box may dial again.

use serde_json::json;

use super::model::WhitelistEntry;
use super::service::{Permit, number};
use super::store;
use crate::base::Result;
use crate::base::page::Page;
use crate::base::phone::mask;
use crate::platform::access::Actor;
use crate::platform::audit;

impl Permit {
    /// One page of the whitelist, and how many match.
    pub(super) async fn whitelisted(&self, q: Option<String>, page: Page) -> Result<(Vec<WhitelistEntry>, u64)> {
        self.inner.db.read(move |conn| store::whitelist(conn, q.as_deref(), page)).await
    }

    /// Adds a number. One that is there already stays as it is.
    pub(super) async fn add_to_whitelist(&self, actor: &Actor, phone: &str) -> Result<WhitelistEntry> {
        let (phone, actor) = (number(phone)?, actor.clone());
        self.inner
            .db
            .write(move |tx| {
                if store::add_to_whitelist(tx, &phone, &actor.name)? {
                    audit::append(tx, &actor, "whitelist.add", &mask(&phone), &json!({}))?;
                }
                store::whitelist_entry(tx, &phone)
            })
            .await
    }

    /// Takes a number off: planned calls to it are refused from now on.
    pub(super) async fn remove_from_whitelist(&self, actor: &Actor, phone: &str) -> Result<()> {
        let (phone, actor) = (number(phone)?, actor.clone());
        self.inner
            .db
            .write(move |tx| {
                store::remove_from_whitelist(tx, &phone)?;
                audit::append(tx, &actor, "whitelist.remove", &mask(&phone), &json!({}))
            })
            .await
    }
}
