//! The calls that run here: how many there may be, and how one of them is reached.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use crate::base::id::SessionId;
use crate::base::{Error, Result};

/// What a running call can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// An operator ends it.
    HangUp,
    /// The engine stops.
    Stop,
    /// The recording goes on, or leaves out what comes.
    Record(bool),
}

/// The register of running calls. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    most: usize,
    n_seats: watch::Sender<usize>,
    is_draining: AtomicBool,
    calls: Mutex<HashMap<SessionId, mpsc::Sender<Order>>>,
}

impl Live {
    /// A register with this many seats.
    pub fn new(most: usize) -> Self {
        let (n_seats, _) = watch::channel(0);
        Self { inner: Arc::new(Inner { most, n_seats, is_draining: AtomicBool::new(false), calls: Mutex::default() }) }
    }

    /// A seat for one more call. `Unavailable` while draining, `TooMany` when all are taken.
    pub fn admit(&self) -> Result<Seat> {
        if self.is_draining() {
            return Err(Error::unavailable("the engine takes no more calls"));
        }
        let taken = self.inner.n_seats.send_if_modified(|n| {
            let is_free = *n < self.inner.most;
            *n += usize::from(is_free);
            is_free
        });
        if taken { Ok(Seat { live: self.clone(), session_id: None }) } else { Err(Error::too_many("all lines of the engine are in use")) }
    }

    /// Seats taken.
    pub fn n(&self) -> usize {
        *self.inner.n_seats.borrow()
    }

    /// Seats there are.
    pub fn most(&self) -> usize {
        self.inner.most
    }

    /// Takes no more calls from now on.
    pub fn drain(&self) {
        self.inner.is_draining.store(true, Ordering::SeqCst);
    }

    /// Whether no more calls are taken.
    pub fn is_draining(&self) -> bool {
        self.inner.is_draining.load(Ordering::SeqCst)
    }

    /// Waits until no call runs.
    pub async fn empty(&self) {
        let mut n_seats = self.inner.n_seats.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = n_seats.wait_for(|n| *n == 0).await;
    }

    /// Waits until a call runs.
    pub async fn busy(&self) {
        let mut n_seats = self.inner.n_seats.subscribe();
        let _ = n_seats.wait_for(|n| *n > 0).await;
    }

    /// Tells one call something. `NotFound` when it does not run here.
    pub fn tell(&self, id: &SessionId, order: Order) -> Result<()> {
        let call = self.calls().get(id).cloned().ok_or_else(|| Error::not_found("no such call runs here"))?;
        // A call that has orders waiting is ending already.
        let _ = call.try_send(order);
        Ok(())
    }

    /// Tells all calls something.
    pub fn tell_all(&self, order: Order) {
        for call in self.calls().values() {
            let _ = call.try_send(order);
        }
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, mpsc::Sender<Order>>> {
        self.inner.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one call; given back when it is dropped.
pub struct Seat {
    live: Live,
    session_id: Option<SessionId>,
}

impl Seat {
    /// Names the call, so that it can be reached. `Conflict` when a call of that name runs already.
    pub fn take(&mut self, id: &SessionId) -> Result<mpsc::Receiver<Order>> {
        let (sender, orders) = mpsc::channel(2);
        let mut calls = self.live.calls();
        if calls.contains_key(id) {
            return Err(Error::conflict("this call runs already"));
        }
        calls.insert(id.clone(), sender);
        drop(calls);
        self.session_id = Some(id.clone());
        Ok(orders)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(id) = &self.session_id {
            self.live.calls().remove(id);
        }
        self.live.inner.n_seats.send_modify(|n| *n -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;

    #[test]
    fn seats_are_limited_and_given_back() {
        let live = Live::new(1);
        let mut seat = live.admit().expect("a seat");
        assert_eq!(live.admit().err().map(|e| e.kind()), Some(Kind::TooMany));
        let mut orders = seat.take(&"s".into()).expect("named");
        live.tell(&"s".into(), Order::HangUp).expect("told");
        assert_eq!(orders.try_recv(), Ok(Order::HangUp));
        drop(seat);
        assert!(live.tell(&"s".into(), Order::HangUp).is_err());
        live.drain();
        assert_eq!((live.n(), live.admit().err().map(|e| e.kind())), (0, Some(Kind::Unavailable)));
    }
}
