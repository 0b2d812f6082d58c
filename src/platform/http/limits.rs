//! How much one client, and all clients together, may take.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Limits of the listeners.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections altogether.
    pub connections: usize,
    /// Open connections of one address that is not loopback.
    pub connections_per_ip: usize,
    /// Longest wait for a request's head, and for the first byte on a new or idle connection.
    pub head_within: Duration,
    /// From this age of a body on, it must have come at [`Limits::body_rate`].
    pub body_grace: Duration,
    /// Least bytes per second of a body that is older than that.
    pub body_rate: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_ip: 64,
            head_within: Duration::from_secs(10),
            body_grace: Duration::from_secs(10),
            body_rate: 1024,
        }
    }
}

/// Counts open connections.
#[derive(Clone)]
pub(super) struct Counter {
    limits: Limits,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_ip: HashMap<IpAddr, usize>,
}

impl Counter {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// A place for one connection, or none. Loopback clients are this machine's own and count only altogether.
    pub(super) fn place(&self, ip: IpAddr) -> Option<Place> {
        let ip = ip.to_canonical();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.limits.connections {
            return None;
        }
        if !ip.is_loopback() {
            let of_ip = open.by_ip.entry(ip).or_default();
            if *of_ip >= self.limits.connections_per_ip {
                return None;
            }
            *of_ip += 1;
        }
        open.all += 1;
        Some(Place { open: self.open.clone(), ip })
    }
}

/// The place of one connection, given back on drop.
pub(super) struct Place {
    open: Arc<Mutex<Open>>,
    ip: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(of_ip) = open.by_ip.get_mut(&self.ip) {
            *of_ip -= 1;
            if *of_ip == 0 {
                open.by_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_places_and_no_more_until_one_is_free() {
        let counter = Counter::new(Limits { connections: 3, connections_per_ip: 2, ..Limits::default() });
        let [one, other, own] = ["192.0.2.1", "192.0.2.2", "127.0.0.1"].map(|ip| ip.parse::<IpAddr>().expect("an address"));
        let first = counter.place(one).expect("a place");
        let _second = counter.place(one).expect("a place");
        assert!(counter.place(one).is_none(), "two of three places, but both of this address");
        let _third = counter.place(other).expect("a place");
        assert!(counter.place(own).is_none(), "none is left, not even for loopback");
        drop(first);
        assert!(counter.place(own).is_some());
        assert!(counter.open.lock().expect("open").by_ip.len() == 2);
    }
}
