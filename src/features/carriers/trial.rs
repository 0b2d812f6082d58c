//! Trying a trunk now: what `sync` and `check` do, and what engines report by themselves.

use super::model::CarrierView;
use super::service::Carriers;
use super::store;
use super::verdict::{CheckedView, judge, not_asked};
use crate::base::id::CarrierId;
use crate::base::{Error, Result};
use crate::contract::trunk::{TrunkCheck, TrunkStates};

/// What every engine found.
type Found = Vec<(String, Result<TrunkCheck>)>;

impl Carriers {
    /// Has every engine register at the carrier and ask it anew, and says how it is then.
    pub async fn sync(&self, id: CarrierId) -> Result<CarrierView> {
        self.tried(&id).await?;
        self.get(id).await
    }

    /// The same with a verdict in words.
    pub async fn check(&self, id: CarrierId) -> Result<Vec<CheckedView>> {
        let transport = self.get(id.clone()).await?.body.transport;
        let found = self.tried(&id).await?;
        let seen = found.into_iter().map(|(engine, checked)| match checked {
            Ok(check) => judge(engine, check, transport),
            Err(error) => not_asked(engine, error.message()),
        });
        Ok(seen.collect())
    }

    async fn tried(&self, id: &CarrierId) -> Result<Found> {
        let wanted = id.clone();
        let carrier = self.db.read(move |conn| store::get(conn, &wanted)).await?;
        if !carrier.body.is_active {
            return Err(Error::conflict("the carrier is not active: engines do not know it").code("carrier_inactive"));
        }
        let found = self.fleet.check_trunk(id).await;
        for (engine, checked) in &found {
            if let Ok(check) = checked {
                self.states.asked(engine, check.state.clone(), &self.clock);
            }
        }
        if let Some((_, Err(error))) = found.iter().find(|(_, checked)| checked.is_err())
            && found.iter().all(|(_, checked)| checked.is_err())
        {
            self.states.could_not_try(id, error.message().to_owned());
        }
        Ok(found)
    }

    /// Takes note of what an engine says of its trunks.
    pub(super) fn told(&self, report: TrunkStates) {
        self.states.told(report, &self.clock);
    }
}
