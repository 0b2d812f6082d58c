//! A call whose trunk failed leaves through another carrier, within that one's limits.

use std::time::Duration;

use super::service::Orders;
use crate::base::id::{CarrierId, SessionId};
use crate::base::{Error, Result};
use crate::features::calls;

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
}
