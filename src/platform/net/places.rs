//! How many connections may be open: per lane (a host, or what the request names) and in all, so that one slow peer cannot take them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::{Failure, NetError};

/// Connections of one lane.
const PER_LANE: usize = 2;
/// Connections in all: more than all webhooks together may have.
const IN_ALL: usize = 256;
/// Lanes remembered before idle ones are forgotten.
const MOST_LANES: usize = 1024;

/// The places of guarded connections.
pub(super) struct Places {
    all: Arc<Semaphore>,
    lanes: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(IN_ALL)), lanes: Mutex::new(HashMap::new()) }
    }

    /// A place for one connection of a lane. Fails with [`Failure::Busy`] when none comes free in time.
    pub(super) async fn take(&self, lane: &str, wait: Duration) -> Result<Vec<OwnedSemaphorePermit>, NetError> {
        let of_lane = self.of(lane);
        // The lane's place first: whoever waits for a slow peer must not hold one of the common places.
        let both = async {
            let lane = of_lane.acquire_owned().await.ok()?;
            let all = self.all.clone().acquire_owned().await.ok()?;
            Some(vec![lane, all])
        };
        tokio::time::timeout(wait, both)
            .await
            .ok()
            .flatten()
            .ok_or_else(|| NetError::new(Failure::Busy, "all connections to that peer are in use"))
    }

    fn of(&self, lane: &str) -> Arc<Semaphore> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() > MOST_LANES {
            lanes.retain(|_, places| Arc::strong_count(places) > 1);
        }
        lanes.entry(lane.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(PER_LANE))).clone()
    }
}
