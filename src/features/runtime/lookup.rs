//! What engines and diallers look up: whose number was dialled, and the trunk that shows a number (contract §2.8).

use serde::Serialize;
use utoipa::ToSchema;

use super::service::Runtime;
use crate::base::id::{BotId, CarrierId, DidId};
use crate::base::{Error, Result};
use crate::contract::trunk::Trunk;
use crate::features::carriers::OutboundTrunk;
use crate::platform::db::Conn;

/// Whose number was dialled.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NumberFound {
    /// The bot that answers; null where only routes decide.
    bot_id: Option<BotId>,
    /// The carrier.
    carrier_id: CarrierId,
    /// The number's row.
    did_id: DidId,
}

/// A trunk and how fast calls may leave through it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct TrunkFound {
    /// The trunk as the engine takes it, its password for calls included.
    trunk: Trunk,
    /// The number that is shown.
    from_number: Option<String>,
    /// How fast calls may leave.
    rate_limit: RateLimit,
}

/// How fast calls may leave through a trunk.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RateLimit {
    /// Calls per second.
    cps: f64,
    /// Calls at once after a pause.
    burst: u32,
    /// Calls at the same time.
    channels: u32,
}

impl Runtime {
    /// Whose number this is, or "not found".
    pub(super) async fn find_number(&self, number: String) -> Result<NumberFound> {
        let carriers = self.inner.carriers.clone();
        self.inner
            .db
            .read(move |conn| {
                let did = carriers.find_did(conn, number.trim())?.ok_or_else(|| Error::not_found("no active carrier has this number"))?;
                Ok(NumberFound { bot_id: did.body.bot_id, carrier_id: did.carrier_id, did_id: did.id })
            })
            .await
    }

    /// The trunk that shows a number; the first active one if none is named.
    pub(super) async fn outbound_trunk(&self, from_number: Option<String>) -> Result<TrunkFound> {
        let runtime = self.clone();
        let from = from_number.map(|from| from.trim().to_owned()).filter(|from| !from.is_empty());
        let OutboundTrunk { trunk, from_number, .. } = self.inner.db.read(move |conn| runtime.trunk_for(conn, from.as_deref())).await?;
        let carrier = self.inner.carriers.get(trunk.carrier_id.clone()).await?.body;
        let rate_limit = RateLimit { cps: carrier.outbound_cps, burst: carrier.outbound_burst, channels: carrier.outbound_channels };
        Ok(TrunkFound { trunk, from_number, rate_limit })
    }

    /// The trunk of a call that shows this number: an active carrier must have it for outbound calls, among its numbers or as the one it shows.
    pub(super) fn trunk_for(&self, conn: &Conn, from_number: Option<&str>) -> Result<OutboundTrunk> {
        let none = || Error::not_found("No outbound trunk").code("no_outbound_trunk");
        let carriers = &self.inner.carriers;
        if let Some(number) = from_number.filter(|number| !number.is_empty()) {
            let shows = |trunk: &OutboundTrunk| trunk.from_number.as_deref() == Some(number);
            let is_ours = carriers.carrier_showing(conn, number)?.is_some() || carriers.outbound(conn, None)?.iter().any(shows);
            is_ours.then_some(()).ok_or_else(none)?;
        }
        carriers.outbound(conn, from_number)?.into_iter().next().ok_or_else(none)
    }
}
