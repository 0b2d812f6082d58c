//! A call whose trunk failed leaves through another carrier, within that one's limits; a call that is handed on has a second leg.

use std::time::Duration;

use super::service::Orders;
use crate::base::id::{CarrierId, SessionId};
use crate::base::{Error, Result};
use crate::features::calls;
use crate::features::permit::{CallWish, Verdict, WishOrigin, refused as not_permitted};
use crate::platform::access::Actor;
use crate::platform::db::Tx;

/// How long the call may wait for its turn at the other carrier.
const PATIENCE: Duration = Duration::from_secs(2);

impl Orders {
    /// Gives a call that is being dialled to another carrier. `Unavailable` when that one has no line or no turn for it now.
    pub(super) async fn carry(&self, session_id: SessionId, carrier_id: CarrierId) -> Result<()> {
        let (call, carrier) = (session_id.clone(), carrier_id.clone());
        let n_live = self
            .setup()
            .db
            .read(move |conn| {
                let known = calls::get(conn, &call)?;
                if known.completed_at.is_some() {
                    return Err(Error::conflict(format!("the call {call} is over")));
                }
                calls::n_live_on(conn, &carrier)
            })
            .await?;
        self.setup().carriers.admit(&carrier_id, n_live.saturating_add(1), PATIENCE).await?;
        self.setup().db.write(move |tx| calls::carried_by(tx, &session_id, &carrier_id)).await
    }

    /// Whether a number may be called for a call that is handed on to it. Counts it towards the caps of the day.
    pub(super) async fn add_leg(&self, session_id: SessionId, phone: String) -> Result<()> {
        let orders = self.clone();
        let ask = move |tx: &Tx<'_>| {
            calls::get(tx, &session_id)?;
            let wish = CallWish { phone: &phone, origin: WishOrigin::Asked, now: tx.now };
            match orders.setup().permit.check(tx, &wish)? {
                Verdict::Allow | Verdict::WaitUntil(_) => {
                    orders.setup().permit.count(tx)?;
                    orders.setup().permit.opened_second(tx, &session_id, &phone)
                }
                Verdict::Refuse { reason, sentence } => Err(not_permitted(reason, &sentence)),
            }
        };
        self.noting(&Actor::system(), self.setup().db.write(ask).await).await
    }

    /// Notes in the audit trail when a cap of the day is why a call was refused.
    pub(super) async fn noting<T>(&self, actor: &Actor, result: Result<T>) -> Result<T> {
        if let Err(refusal) = &result {
            self.setup().permit.note(actor, refusal).await;
        }
        result
    }
}
