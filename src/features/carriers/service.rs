//! What can be done with carriers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::check::checked;
use super::choose;
use super::model::{CarrierBody, CarrierView, SyncStatus, TrunkView};
use super::pace::{Limits, Pace};
use super::states::{Known, States};
use super::store::{self, StoredCarrier};
use crate::base::id::CarrierId;
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::{Clock, Error, Random, Result};
use crate::contract::trunk::{Reach, Trunk, Trunks};
use crate::features::bots::Bots;
use crate::features::fleet::Fleet;
use crate::features::settings::Settings;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Db};

/// What the carriers are built from.
pub struct CarriersSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for keys of rows.
    pub random: Random,
    /// Keeps passwords.
    pub sealer: Arc<Sealer>,
    /// Whom a carrier's numbers may name.
    pub bots: Bots,
    /// The engines, to have a trunk tried.
    pub fleet: Fleet,
    /// Where the box is reached from outside.
    pub settings: Settings,
}

/// The carriers. Cheap to clone.
#[derive(Clone)]
pub struct Carriers {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) random: Random,
    sealer: Arc<Sealer>,
    /// Whom a carrier's numbers may name.
    pub(super) bots: Bots,
    /// The engines, to have a trunk tried.
    pub(super) fleet: Fleet,
    /// Where the box is reached from outside.
    settings: Settings,
    /// How the trunks are.
    pub(super) states: Arc<States>,
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
    /// Country its calls are meant for, where the carrier names one.
    pub destination_country: Option<String>,
}

/// What says which country's numbers a carrier is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// The country it names, in capital letters.
    Country(String),
    /// The number it shows.
    Number(String),
}

impl Carriers {
    /// Carriers over a database.
    pub fn new(setup: CarriersSetup) -> Self {
        let CarriersSetup { db, clock, random, sealer, bots, fleet, settings } = setup;
        Self { db, clock, random, sealer, bots, fleet, settings, states: Arc::default(), paces: Arc::default() }
    }

    /// Makes a carrier. The engine takes its calls within seconds.
    pub async fn create(&self, actor: &Actor, body: CarrierBody) -> Result<CarrierView> {
        let mut body = checked(body)?;
        let (carriers, actor, id) = (self.clone(), actor.clone(), CarrierId::new(&self.random));
        let wanted = id.clone();
        let (stored, revision) = self
            .db
            .write(move |tx| {
                carriers.seal(&id, &mut body, None)?;
                let revision = store::insert(tx, &id, &body)?;
                audit::append(tx, &actor, "carrier.create", id.as_str(), &json!({ "name": body.name, "sip_address": body.sip_address }))?;
                Ok((store::get(tx, &id)?, revision))
            })
            .await?;
        self.states.changed(&wanted, revision);
        Ok(self.view(stored))
    }

    /// Changes a carrier. Calls that run go on.
    pub async fn replace(&self, actor: &Actor, id: CarrierId, body: CarrierBody) -> Result<CarrierView> {
        let mut body = checked(body)?;
        let (carriers, actor, wanted) = (self.clone(), actor.clone(), id.clone());
        let (stored, revision) = self
            .db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                carriers.seal(&id, &mut body, Some(old.body))?;
                let revision = store::update(tx, &id, &body)?;
                audit::append(tx, &actor, "carrier.update", id.as_str(), &json!({ "name": body.name, "sip_address": body.sip_address }))?;
                Ok((store::get(tx, &id)?, revision))
            })
            .await?;
        self.states.changed(&wanted, revision);
        Ok(self.view(stored))
    }

    /// Removes a carrier. Its calls are refused from the next one on.
    pub async fn delete(&self, actor: &Actor, id: CarrierId) -> Result<()> {
        let (actor, gone) = (actor.clone(), id.clone());
        self.db
            .write(move |tx| {
                let old = store::get(tx, &id)?;
                store::delete(tx, &id)?;
                audit::append(tx, &actor, "carrier.delete", id.as_str(), &json!({ "name": old.body.name }))
            })
            .await?;
        self.states.forget(&gone);
        Ok(())
    }

    /// One carrier.
    pub async fn get(&self, id: CarrierId) -> Result<CarrierView> {
        Ok(self.view(self.db.read(move |conn| store::get(conn, &id)).await?))
    }

    /// One page of carriers, oldest first, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<CarrierView>, u64)> {
        let (rows, total) = self.db.read(move |conn| store::list(conn, page)).await?;
        Ok((rows.into_iter().map(|row| self.view(row)).collect(), total))
    }

    /// All active trunks, for an engine.
    pub async fn trunks(&self) -> Result<Trunks> {
        let carriers = self.clone();
        let sip = self.settings.current().sip.clone();
        let reach = Some(sip.external_address)
            .filter(|address| !address.is_empty())
            .map(|external_address| Reach { external_address, local_networks: sip.local_networks });
        self.db
            .read(move |conn| {
                let trunks = store::active(conn)?.into_iter().map(|row| carriers.trunk(row)).collect::<Result<_>>()?;
                Ok(Trunks { revision: store::revision(conn)?, trunks, reach })
            })
            .await
    }

    /// The trunks outbound calls go through, the first choice first; the others are for when it fails. A call that shows a number is for
    /// the carrier which has it among its numbers or as its `from_number`; otherwise the oldest active one comes first.
    pub fn outbound(&self, conn: &Conn, from_number: Option<&str>) -> Result<Vec<OutboundTrunk>> {
        let shown = from_number.filter(|number| !number.is_empty());
        let owner = shown.map(|number| self.carrier_showing(conn, number)).transpose()?.flatten();
        let carriers = store::active(conn)?;
        let is_down = |id: &CarrierId| self.states.of(id, &self.clock).status == SyncStatus::Error;
        let candidates: Vec<_> =
            carriers.iter().map(|carrier| choose::Candidate::of(&carrier.id, &carrier.body, is_down(&carrier.id))).collect();
        let order = choose::in_order(&candidates, owner.as_ref(), shown);
        let chosen = order.into_iter().filter_map(|(at, from)| carriers.get(at).cloned().map(|carrier| (carrier, from)));
        let way = |(carrier, from_number): (StoredCarrier, Option<String>)| {
            let destination_country = carrier.body.destination_country.clone();
            Ok(OutboundTrunk { trunk: self.trunk(carrier)?, from_number, destination_country })
        };
        chosen.map(way).collect()
    }

    /// What the active carriers say about the countries they are meant for; one that says nothing is not among them.
    pub fn homes(&self, conn: &Conn) -> Result<Vec<Home>> {
        let homes = |body: CarrierBody| {
            let named =
                body.destination_country.filter(|country| !country.is_empty()).map(|country| Home::Country(country.to_ascii_uppercase()));
            let shown = body.from_number.filter(|number| !number.is_empty()).map(Home::Number);
            named.into_iter().chain(shown)
        };
        Ok(store::active(conn)?.into_iter().flat_map(|carrier| homes(carrier.body)).collect())
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
        if body.register && body.outbound_login().1.is_none() {
            let sentence = "is needed to register";
            return Err(Error::invalid(format!("outbound_auth_password: {sentence}")).field("outbound_auth_password", sentence));
        }
        Ok(())
    }

    fn view(&self, carrier: StoredCarrier) -> CarrierView {
        let StoredCarrier { id, mut body, created_at, updated_at } = carrier;
        let [has_auth_password, has_inbound_auth_password, has_outbound_auth_password] =
            body.passwords_mut().map(|password| password.take().is_some());
        let known = if body.is_active { self.states.of(&id, &self.clock) } else { Known::default() };
        CarrierView {
            id,
            body,
            has_auth_password,
            has_inbound_auth_password,
            has_outbound_auth_password,
            lk_sync_status: known.status,
            lk_sync_error: known.error,
            lk_last_synced_at: known.synced_at,
            trunk: known.state.map(TrunkView::from),
            created_at,
            updated_at,
        }
    }
}
