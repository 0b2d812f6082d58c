//! Tells the control plane how the trunks are: after every change, and from time to time, so that one which restarted learns of it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::sync::Notify;
use tracing::debug;

use super::upkeep::Upkeep;
use crate::base::Result;
use crate::contract::trunk::{TrunkState, TrunkStates};
use crate::engine::link::Control;

/// How often it is told without a change.
const EVERY: Duration = Duration::from_secs(15);
/// The least pause between two reports.
const LEAST_PAUSE: Duration = Duration::from_millis(250);
/// How long the control plane may take.
const WITHIN: Duration = Duration::from_secs(5);

/// Tells it for ever.
pub(super) async fn keep_told(upkeep: Upkeep, changed: Arc<Notify>, states: impl Fn() -> Vec<TrunkState> + Send) {
    let engine = upkeep.random.hex::<8>();
    let mut last_connected = false;
    loop {
        tokio::select! {
            () = changed.notified() => {}
            () = upkeep.clock.sleep(EVERY) => {}
        }
        let is_connected = upkeep.trunks.now().is_connected;
        if is_connected || last_connected {
            let report = TrunkStates { engine: engine.clone(), states: states() };
            if let Err(error) = tell(&upkeep.control, &report).await {
                // The trunks' own fetches say whether there is a control plane; this is told again soon.
                debug!(%error, "The states of the trunks could not be reported");
            }
        }
        last_connected = is_connected;
        upkeep.clock.sleep(LEAST_PAUSE).await;
    }
}

async fn tell(control: &Control, report: &TrunkStates) -> Result<()> {
    let request = control.request(Method::PUT, "/api/v1/engine/trunks/state").json(report)?.within(WITHIN);
    let answered = control.send(request).await?;
    if answered.is_success() { Ok(()) } else { Err(crate::engine::link::refusal(answered).await) }
}
