//! Parts of a call that are not recorded: whoever watches it pauses the recording, such as for a card number, and lets it go on.

use serde_json::json;

use super::service::Recordings;
use crate::base::id::SessionId;
use crate::base::{Error, Result};
use crate::features::calls::CallStatus;
use crate::features::fleet::Told;
use crate::platform::access::Actor;
use crate::platform::audit;

impl Recordings {
    /// Has the engine leave out what is said from now on, or go on. A repeat changes nothing. `NotFound` for no call, `Conflict` for one
    /// that is over, `Upstream` when an engine that may hold it does not answer.
    pub(super) async fn pause(&self, actor: &Actor, session_id: SessionId, is_paused: bool) -> Result<()> {
        let over = || Error::conflict("this call is over");
        if self.inner.setup.calls.get(session_id.clone()).await?.status != CallStatus::Active {
            return Err(over());
        }
        let (actor, target) = (actor.clone(), session_id.clone());
        let word = if is_paused { "recording.pause" } else { "recording.resume" };
        self.db().write(move |tx| audit::append(tx, &actor, word, target.as_str(), &json!({}))).await?;
        match self.inner.setup.fleet.pause_recording(&session_id, is_paused).await {
            Told::Ordered => Ok(()),
            Told::NotRunning => Err(over()),
            Told::Unknown => Err(Error::upstream("an engine that may hold this call does not answer; try again")
                .code("bridge_unreachable")
                .retry_after(5)),
        }
    }
}
