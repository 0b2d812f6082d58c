//! What can be done with the numbers of carriers.

use serde_json::json;

use super::did::{DidBody, DidDirection, DidView, checked};
use super::service::Carriers;
use super::{dids_store, store};
use crate::base::id::{BotId, CarrierId, DidId};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Conn;

impl Carriers {
    /// Gives a carrier a number. No carrier may have it, and its bot must exist.
    pub async fn add_did(&self, actor: &Actor, carrier: CarrierId, body: DidBody) -> Result<DidView> {
        let body = checked(body)?;
        let (carriers, actor, id) = (self.clone(), actor.clone(), DidId::new(&self.random));
        self.db
            .write(move |tx| {
                store::get(tx, &carrier)?;
                carriers.bot_exists(tx, body.bot_id.as_ref())?;
                dids_store::insert(tx, &id, &carrier, &body)?;
                audit::append(tx, &actor, "carrier.did.create", id.as_str(), &json!({ "carrier_id": carrier, "number": body.number }))?;
                dids_store::get(tx, &carrier, &id)
            })
            .await
    }

    /// Changes a number of a carrier.
    pub async fn replace_did(&self, actor: &Actor, carrier: CarrierId, id: DidId, body: DidBody) -> Result<DidView> {
        let body = checked(body)?;
        let (carriers, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                dids_store::get(tx, &carrier, &id)?;
                carriers.bot_exists(tx, body.bot_id.as_ref())?;
                dids_store::update(tx, &id, &body)?;
                audit::append(tx, &actor, "carrier.did.update", id.as_str(), &json!({ "carrier_id": carrier, "number": body.number }))?;
                dids_store::get(tx, &carrier, &id)
            })
            .await
    }

    /// Takes a number away from a carrier.
    pub async fn delete_did(&self, actor: &Actor, carrier: CarrierId, id: DidId) -> Result<()> {
        let actor = actor.clone();
        self.db
            .write(move |tx| {
                let old = dids_store::get(tx, &carrier, &id)?;
                dids_store::delete(tx, &id)?;
                audit::append(tx, &actor, "carrier.did.delete", id.as_str(), &json!({ "carrier_id": carrier, "number": old.body.number }))
            })
            .await
    }

    /// One page of the numbers of a carrier, oldest first, and how many it has.
    pub async fn dids(&self, carrier: CarrierId, page: Page) -> Result<(Vec<DidView>, u64)> {
        self.db
            .read(move |conn| {
                store::get(conn, &carrier)?;
                dids_store::list(conn, &carrier, page)
            })
            .await
    }

    /// The number of an active carrier that people reach by dialling this; a plus more or less is the same number.
    pub fn find_did(&self, conn: &Conn, number: &str) -> Result<Option<DidView>> {
        Ok(dids_store::find_active(conn, number)?.filter(|did| did.body.direction != DidDirection::Outbound))
    }

    /// The active carrier whose number this is, where calls may show it.
    pub fn carrier_showing(&self, conn: &Conn, number: &str) -> Result<Option<CarrierId>> {
        let did = dids_store::find_active(conn, number)?.filter(|did| did.body.direction != DidDirection::Inbound);
        Ok(did.map(|did| did.carrier_id))
    }

    fn bot_exists(&self, conn: &Conn, id: Option<&BotId>) -> Result<()> {
        match id {
            Some(id) if !self.bots.exists(conn, id)? => {
                let sentence = format!("there is no bot {id}");
                Err(Error::invalid(format!("bot_id: {sentence}")).field("bot_id", sentence))
            }
            _ => Ok(()),
        }
    }
}
