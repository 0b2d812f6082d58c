//! How many connections may be open: per host and in all, so that one slow receiver cannot take them all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::{Failure, NetError};

/// Connections to one host and port.
const PER_HOST: usize = 2;
/// Connections in all.
const IN_ALL: usize = 64;
/// Hosts remembered before idle ones are forgotten.
const MOST_HOSTS: usize = 1024;

/// The places of guarded connections.
pub(super) struct Places {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(IN_ALL)), hosts: Mutex::new(HashMap::new()) }
    }

    /// A place for one connection to `host`. Fails with [`Failure::Busy`] when none comes free in time.
    pub(super) async fn take(&self, host: &str, wait: Duration) -> Result<Vec<OwnedSemaphorePermit>, NetError> {
        let of_host = self.of(host);
        // The host's place first: whoever waits for a slow host must not hold one of the common places.
        let both = async {
            let host = of_host.acquire_owned().await.ok()?;
            let all = self.all.clone().acquire_owned().await.ok()?;
            Some(vec![host, all])
        };
        tokio::time::timeout(wait, both)
            .await
            .ok()
            .flatten()
            .ok_or_else(|| NetError::new(Failure::Busy, "all connections to that host are in use"))
    }

    fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > MOST_HOSTS {
            hosts.retain(|_, places| Arc::strong_count(places) > 1);
        }
        hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(PER_HOST))).clone()
    }
}
