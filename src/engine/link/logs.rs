//! Brings what the engine logs about calls to the control plane, which keeps it beside them for some days. Nothing waits for it.

use std::time::Duration;

use http::Method;
use tokio::sync::mpsc;
use tracing::debug;

use super::Control;
use crate::base::Clock;
use crate::contract::log::{EngineLog, LogLine};

/// Lines are gathered for this long.
const GATHER: Duration = Duration::from_secs(1);
/// Most lines of one request.
const MOST: usize = 200;
const WITHIN: Duration = Duration::from_secs(5);

/// Brings lines until there will be no more. What a control plane does not take is only in the log.
pub async fn forward(control: Control, clock: Clock, mut lines: mpsc::Receiver<LogLine>) {
    let mut batch = Vec::new();
    while lines.recv_many(&mut batch, MOST).await > 0 {
        clock.sleep(GATHER).await;
        while batch.len() < MOST {
            let Ok(line) = lines.try_recv() else { break };
            batch.push(line);
        }
        let log = EngineLog { lines: std::mem::take(&mut batch) };
        let request = control.request(Method::POST, "/api/v1/engine/logs").json(&log).map(|request| request.within(WITHIN));
        match request {
            Ok(request) => match control.send(request).await {
                Ok(answer) if answer.is_success() => {}
                Ok(answer) => debug!("The control plane took no log lines: {}", answer.status),
                Err(error) => debug!("The control plane took no log lines: {error}"),
            },
            Err(error) => debug!("Log lines could not be written down: {error}"),
        }
    }
}
