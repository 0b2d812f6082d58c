//! What can be done with carriers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::check::checked;
use super::model::{CarrierBody, CarrierView};
use super::pace::{Limits, Pace};
use super::store::{self, StoredCarrier};
use crate::base::id::CarrierId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Clock, Error, Random, Result};
use crate::contract::trunk::{Trunk, Trunks};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db};

/// The carriers. Cheap to clone.
#[derive(Clone)]
pub struct Carriers {
    db: Db,
    clock: Clock,
    random: Random,
    sealer: Arc<Sealer>,
    /// What left through each of them.
    paces: Arc<Mutex<HashMap<CarrierId, Pace>>>,
}

/// The trunk outbound calls go through, and the number they show.
#[derive(Debug, Clone)]
pub struct OutboundTrunk {
    /// The trunk.
    pub trunk: Trunk,
    /// Caller id to show, where the carrier has one.
    pub from_number: Option<String>,
}

impl Carriers {
    /// Carriers over a database; `sealer` keeps their passwords.
    pub fn new(db: Db, clock: Clock, random: Random, sealer: Arc<Sealer>) -> Self {
        Self { db, clock, random, sealer, paces: Arc::default() }
    }

    /// Makes a carrier. The engine takes its calls within seconds.
    pub async fn create(&self, actor: &Actor, body: CarrierBody) -> Result<CarrierView> {
        let mut body = checked(body)?;
        let (carriers, actor, id) = (self.clone(), actor.clone(), CarrierId::new(&self.random));
        self.db
            .write(move |tx| {
                carriers.seal(&id, &mut body, None)?;
                store::insert(tx, &id, &body)?;
                audit::append(tx, &actor, "carrier.create", id.as_str(), &json!({ "name": body.name, "sip_address": body.sip_address }))?;
                Ok(view(store::get(tx, &id)?))
            })
            .await
    }

    /// Changes a carrier. Calls that run go on.
    pub async fn replace(&self, actor: &Actor, id: CarrierId, body: CarrierBody) -> Result<CarrierView> {
        let mut body = checked(body)?;
        let (carriers, actor) = (self.clone(), actor.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                carriers.seal(&id, &mut body, Some(old.body))?;
                store::update(tx, &id, &body)?;
                audit::append(tx, &actor, "carrier.update", id.as_str(), &json!({ "name": body.name, "sip_address": body.sip_address }))?;
                Ok(view(store::get(tx, &id)?))
            })
            .await
    }

    /// Removes a carrier. Its calls are refused from the next one on.
    pub async fn delete(&self, actor: &Actor, id: CarrierId) -> Result<()> {
        let actor = actor.clone();
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                store::delete(tx, &id)?;
                audit::append(tx, &actor, "carrier.delete", id.as_str(), &json!({ "name": old.body.name }))
            })
            .await
    }

    /// One carrier.
    pub async fn get(&self, id: CarrierId) -> Result<CarrierView> {
        self.db.read(move |conn| Ok(view(store::get(conn, &id)?))).await
    }

    /// One page of carriers, oldest first, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<CarrierView>, u64)> {
        self.db
            .read(move |conn| {
                let (rows, total) = store::list(conn, page)?;
                Ok((rows.into_iter().map(view).collect(), total))
            })
            .await
    }

    /// All active trunks, for an engine.
    pub async fn trunks(&self) -> Result<Trunks> {
        let carriers = self.clone();
        self.db
            .read(move |conn| {
                let trunks = store::active(conn)?.into_iter().map(|row| carriers.trunk(row)).collect::<Result<_>>()?;
                Ok(Trunks { revision: store::revision(conn)?, trunks })
            })
            .await
    }

    /// The trunk outbound calls go through: that of the oldest active carrier. `None` when there is none.
    pub fn outbound(&self, conn: &Conn) -> Result<Option<OutboundTrunk>> {
        let Some(carrier) = store::active(conn)?.into_iter().next() else { return Ok(None) };
        let from_number = carrier.body.from_number.clone();
        Ok(Some(OutboundTrunk { trunk: self.trunk(carrier)?, from_number }))
    }

    /// Lets one call leave through a carrier, at most `patience` from now. `n_live` is how many of its calls are open, this one included.
    ///
    /// # Errors
    /// `Unavailable` (`no_capacity`, with the time to wait) when all its channels are taken or its calls per second are used up for longer.
    pub async fn admit(&self, id: &CarrierId, n_live: u32, patience: Duration) -> Result<()> {
        let wanted = id.clone();
        let carrier = self.db.read(move |conn| store::get(conn, &wanted)).await?.body;
        if n_live > carrier.outbound_channels {
            let full = format!("all {} channels of the carrier {} are in use", carrier.outbound_channels, carrier.name);
            return Err(Error::unavailable(full).code("no_capacity").retry_after(10));
        }
        let limits = Limits { per_second: carrier.outbound_cps, burst: carrier.outbound_burst };
        match self.take_turn(id, limits, patience) {
            Ok(wait) => {
                self.clock.sleep(wait).await;
                Ok(())
            }
            Err(wait) => {
                let after = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
                let fast = format!("the carrier {} takes {} calls per second", carrier.name, carrier.outbound_cps);
                Err(Error::unavailable(fast).code("no_capacity").retry_after(after))
            }
        }
    }

    fn take_turn(&self, id: &CarrierId, limits: Limits, patience: Duration) -> Result<Duration, Duration> {
        let now = self.clock.monotonic();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.entry(id.clone()).or_insert_with(|| Pace::new(now)).take(limits, now, patience)
    }

    fn trunk(&self, mut carrier: StoredCarrier) -> Result<Trunk> {
        for password in carrier.body.passwords_mut().into_iter().flatten() {
            password.0 = self.sealer.open(carrier.id.as_str(), &password.0)?;
        }
        Ok(carrier.body.to_trunk(&carrier.id))
    }

    /// Seals new passwords, keeps stored ones where none was sent, drops those that were sent empty.
    fn seal(&self, id: &CarrierId, body: &mut CarrierBody, old: Option<CarrierBody>) -> Result<()> {
        let mut old = old.unwrap_or_default();
        for (password, stored) in body.passwords_mut().into_iter().zip(old.passwords_mut()) {
            match password {
                None => *password = stored.take(),
                Some(sent) if sent.0.is_empty() => *password = None,
                Some(sent) => sent.0 = self.sealer.seal(id.as_str(), &sent.0)?,
            }
        }
        Ok(())
    }
}

fn view(carrier: StoredCarrier) -> CarrierView {
    let StoredCarrier { id, mut body, created_at, updated_at } = carrier;
    let [has_auth_password, has_inbound_auth_password, has_outbound_auth_password] =
        body.passwords_mut().map(|password| password.take().is_some());
    CarrierView {
        id,
        body,
        has_auth_password,
        has_inbound_auth_password,
        has_outbound_auth_password,
        lk_sync_status: "synced",
        lk_sync_error: None,
        lk_last_synced_at: updated_at,
        created_at,
        updated_at,
    }
}
