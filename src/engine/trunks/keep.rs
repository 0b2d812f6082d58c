//! Which trunks are tended: those of the list as it is now. One task each; what is removed is signed off and forgotten.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::report;
use super::tend::{Asking, Tended};
use super::upkeep::{Checked, Upkeep};
use crate::base::id::CarrierId;
use crate::base::{Error, Result};
use crate::contract::trunk::TrunkState;
use crate::engine::link::trunks::Known;

/// Questions that may wait for one trunk; more are refused.
const MOST_ASKING: usize = 16;
/// How long one may wait for the answer of a trunk.
const CHECK_WITHIN: Duration = Duration::from_secs(9);

struct Slot {
    tended: Tended,
    asking: mpsc::Sender<Asking>,
    _task: AbortOnDropHandle<()>,
}

/// Keeps all trunks. Cheap to clone; ends with the last handle.
#[derive(Clone)]
pub struct TrunkKeeper {
    inner: Arc<Inner>,
    _tasks: Arc<[AbortOnDropHandle<()>; 2]>,
}

struct Inner {
    upkeep: Upkeep,
    slots: Mutex<BTreeMap<CarrierId, Slot>>,
    changed: Arc<Notify>,
    /// Revision of the list the slots are made from; [`CLOSED`] once all are signed off.
    revision: AtomicU64,
}

/// No list has this revision.
const CLOSED: u64 = u64::MAX;

impl TrunkKeeper {
    /// Starts to tend the trunks.
    pub fn start(upkeep: Upkeep) -> Self {
        let inner = Arc::new(Inner { upkeep, slots: Mutex::default(), changed: Arc::default(), revision: AtomicU64::new(0) });
        let following = AbortOnDropHandle::new(tokio::spawn(follow(inner.clone())));
        let telling = report::keep_told(inner.upkeep.clone(), inner.changed.clone(), {
            let inner = inner.clone();
            move || inner.states()
        });
        let telling = AbortOnDropHandle::new(tokio::spawn(telling));
        Self { inner, _tasks: Arc::new([following, telling]) }
    }

    /// Asks a trunk now. `NotFound` when it is not in the list, `Upstream` when it takes too long to find out.
    pub async fn check(&self, carrier: &CarrierId) -> Result<Checked> {
        let asking = self.asking(carrier).await.ok_or_else(|| Error::not_found(format!("the engine has no active trunk {carrier}")))?;
        let (reply, answer) = oneshot::channel();
        let busy = || Error::unavailable("the trunk is being checked already");
        asking.try_send(reply).map_err(|_| busy())?;
        tokio::select! {
            answer = answer => answer.map_err(|_| Error::conflict("the trunk was changed meanwhile")),
            () = self.inner.upkeep.clock.sleep(CHECK_WITHIN) => Err(busy()),
        }
    }

    /// Where questions about a trunk go, as the control plane knows it now: it may be a moment old, or have changed a moment ago.
    async fn asking(&self, carrier: &CarrierId) -> Option<mpsc::Sender<Asking>> {
        self.inner.follow_now(&self.inner.upkeep.trunks.fresh().await);
        self.inner.slots().get(carrier).map(|slot| slot.asking.clone())
    }

    /// Takes all registrations back: calls are to go elsewhere from now on.
    pub async fn sign_off(&self) {
        let slots = {
            let mut slots = self.inner.slots();
            self.inner.revision.store(CLOSED, Ordering::Relaxed);
            std::mem::take(&mut *slots)
        };
        let tended: Vec<Tended> = slots.into_values().map(|slot| slot.tended).collect();
        join_all(tended.iter().map(|tended| tended.sign_off(&self.inner.upkeep))).await;
    }
}

async fn follow(inner: Arc<Inner>) {
    let mut known = inner.upkeep.trunks.subscribe();
    loop {
        let now = known.borrow_and_update().clone();
        inner.follow_now(&now);
        if known.changed().await.is_err() {
            return;
        }
    }
}

impl Inner {
    /// Starts what is new or changed, stops what is gone.
    fn follow_now(self: &Arc<Self>, known: &Known) {
        let mut slots = self.slots();
        let before = self.revision.load(Ordering::Relaxed);
        if before == CLOSED {
            return;
        }
        self.revision.store(known.revision, Ordering::Relaxed);
        let gone: Vec<CarrierId> = slots.keys().filter(|carrier| known.trunk(carrier).is_none()).cloned().collect();
        for carrier in gone {
            if let Some(slot) = slots.remove(&carrier) {
                self.part_with(slot, true);
            }
        }
        for trunk in known.trunks.iter() {
            match slots.get(&trunk.carrier_id) {
                Some(slot) if *slot.tended.trunk == *trunk => slot.tended.health().confirmed(known.revision),
                _ => {
                    let call_id = format!("{}@cxbox", self.upkeep.random.hex::<12>());
                    let slot = self.tend(Tended::new(trunk.clone(), known.revision, call_id));
                    if let Some(old) = slots.insert(trunk.carrier_id.clone(), slot) {
                        self.part_with(old, false);
                    }
                }
            }
        }
        if before != known.revision {
            self.changed.notify_one();
        }
    }

    fn tend(&self, tended: Tended) -> Slot {
        let (asking, asked) = mpsc::channel(MOST_ASKING);
        let task = tended.clone().run(self.upkeep.clone(), asked, self.changed.clone());
        Slot { tended, asking, _task: AbortOnDropHandle::new(tokio::spawn(Box::pin(task))) }
    }

    /// Takes the registration of a trunk back that is gone, or that is another one now.
    fn part_with(self: &Arc<Self>, slot: Slot, is_gone: bool) {
        let inner = self.clone();
        tokio::spawn(async move {
            let is_elsewhere = || {
                let slots = inner.slots();
                let now = slots.get(&slot.tended.trunk.carrier_id).map(|now| now.tended.trunk.clone());
                now.is_none_or(|now| {
                    now.sip_address != slot.tended.trunk.sip_address
                        || now.outbound_auth_username != slot.tended.trunk.outbound_auth_username
                        || now.register_seconds.is_none()
                })
            };
            if is_elsewhere() {
                slot.tended.sign_off(&inner.upkeep).await;
            }
            if is_gone {
                inner.upkeep.sip.forget(&slot.tended.trunk.carrier_id);
            }
        });
    }

    fn states(&self) -> Vec<TrunkState> {
        let now = self.upkeep.clock.now();
        self.slots().values().map(|slot| slot.tended.health().state(now)).collect()
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<CarrierId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
