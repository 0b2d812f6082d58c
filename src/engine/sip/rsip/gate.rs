//! Who is heard: peers of running calls, and sources the engine knows. Everyone else is dropped before anything is read.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::id::CarrierId;

use super::super::Admission;
use super::desk::Desk;
use super::flood::Flood;

/// How long a peer is heard after its last call: late repeats want an answer (64 × T1).
const LINGER: Duration = Duration::from_secs(32);

/// The gate in front of all sockets.
pub(super) struct Gate {
    admission: Arc<dyn Admission>,
    pub(super) desk: Desk,
    started: Instant,
    doors: Mutex<Doors>,
}

#[derive(Default)]
struct Doors {
    /// Peers with calls: how many, and when the last one ended.
    peers: HashMap<IpAddr, (usize, Instant)>,
    strangers: Flood,
}

/// Keeps the gate open for the peer of a call.
pub(super) struct PeerGuard {
    gate: Arc<Gate>,
    peer: IpAddr,
}

impl Gate {
    pub(super) fn new(admission: Arc<dyn Admission>, desk: Desk) -> Self {
        Self { admission, desk, started: Instant::now(), doors: Mutex::default() }
    }

    /// Time since the gate was made.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether a packet or connection from this address is to be read.
    pub(super) async fn admits(&self, source: IpAddr) -> bool {
        if self.has_call_with(source) {
            return true;
        }
        if self.is_trusted(source) {
            return true;
        }
        if !self.doors().strangers.is_tolerable(source, self.now()) {
            return false;
        }
        self.admission.is_phone_network(source) || self.carrier_of(source).await.is_some()
    }

    /// Whether this address is a carrier's, or that of a telephone which is registered. Others are strangers, who learn nothing of us.
    pub(super) fn is_trusted(&self, source: IpAddr) -> bool {
        self.admission.is_known(source) || self.desk.is_registered_on(source)
    }

    /// Who may send what.
    pub(super) fn admission(&self) -> &dyn Admission {
        &*self.admission
    }

    /// The carrier this address belongs to.
    pub(super) async fn carrier_of(&self, source: IpAddr) -> Option<CarrierId> {
        self.admission.carrier_of(source).await
    }

    /// Hears this peer until the guard is dropped, and a little longer.
    pub(super) fn hold(self: &Arc<Self>, peer: IpAddr) -> PeerGuard {
        let mut doors = self.doors();
        let now = Instant::now();
        doors.peers.retain(|_, (n, until)| *n > 0 || *until > now);
        doors.peers.entry(peer).or_insert((0, now)).0 += 1;
        PeerGuard { gate: self.clone(), peer }
    }

    fn has_call_with(&self, source: IpAddr) -> bool {
        self.doors().peers.get(&source).is_some_and(|(n, until)| *n > 0 || *until > Instant::now())
    }

    fn doors(&self) -> MutexGuard<'_, Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PeerGuard {
    fn drop(&mut self) {
        if let Some((n, until)) = self.gate.doors().peers.get_mut(&self.peer) {
            *n = n.saturating_sub(1);
            *until = Instant::now() + LINGER;
        }
    }
}
