//! The task of one trunk: OPTIONS and REGISTER at their times, and at once when somebody asks.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{info, warn};

use super::health::Health;
use super::upkeep::{Checked, Upkeep};
use crate::base::{Error, Result};
use crate::contract::trunk::{Trunk, TrunkStatus};
use crate::engine::sip::{Answered, RegisterAt, SEQ_STEP};

/// Far enough away to mean never.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// What the task and its owner share.
#[derive(Clone)]
pub(super) struct Tended {
    pub(super) trunk: Arc<Trunk>,
    pub(super) health: Arc<Mutex<Health>>,
    /// Call-ID and next CSeq of our registration.
    signing: Arc<Mutex<(String, u32)>>,
}

/// Somebody who wants to know at once.
pub(super) type Asking = oneshot::Sender<Checked>;

impl Tended {
    pub(super) fn new(trunk: Trunk, revision: u64, call_id: String) -> Self {
        let health = Health::new(&trunk, revision);
        Self { trunk: Arc::new(trunk), health: Arc::new(Mutex::new(health)), signing: Arc::new(Mutex::new((call_id, 1))) }
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request of our registration.
    pub(super) fn registration(&self, seconds: u32) -> RegisterAt {
        let mut signing = self.signing.lock().unwrap_or_else(PoisonError::into_inner);
        let (call_id, seq) = signing.clone();
        signing.1 = signing.1.wrapping_add(SEQ_STEP);
        RegisterAt { trunk: Trunk::clone(&self.trunk), call_id, seq, seconds }
    }

    /// Tends the trunk until the task is dropped. `changed` is told after every answer.
    pub(super) async fn run(self, upkeep: Upkeep, mut asked: mpsc::Receiver<Asking>, changed: Arc<Notify>) {
        let pause = match self.trunk.options_seconds {
            0 => NEVER,
            seconds => Duration::from_secs(seconds.into()),
        };
        let start = upkeep.clock.monotonic();
        let (mut ping_at, mut register_at) = (start, start);
        if pause == NEVER {
            ping_at += NEVER;
        }
        let mut waiting: Vec<Asking> = Vec::new();
        loop {
            let now = upkeep.clock.monotonic();
            let (pings, registers) = (
                ping_at <= now || !waiting.is_empty(),
                self.trunk.register_seconds.is_some() && (register_at <= now || !waiting.is_empty()),
            );
            let found = upkeep.sip.find(&self.trunk).await;
            let peer = found.as_ref().ok().map(|address| address.ip());
            if let Some(ip) = peer {
                upkeep.trunks.found_at(&self.trunk.carrier_id, ip);
            }
            let (pinged, registered) = tokio::join!(self.ping(&upkeep, pings), self.register(&upkeep, registers));
            let after = upkeep.clock.monotonic();
            if pings {
                ping_at = after + pause;
            }
            if let Some(pause) = self.note(&upkeep, pinged, registered) {
                register_at = after + pause.min(NEVER);
            }
            changed.notify_one();
            self.answer(&upkeep, &mut waiting, peer);
            let next = [Some(ping_at), self.trunk.register_seconds.map(|_| register_at)].into_iter().flatten().min().unwrap_or(ping_at);
            if !wait(&upkeep, next, &mut asked, &mut waiting).await {
                return;
            }
        }
    }

    async fn ping(&self, upkeep: &Upkeep, is_due: bool) -> Option<Result<Answered>> {
        if is_due { Some(upkeep.sip.ping(Trunk::clone(&self.trunk)).await) } else { None }
    }

    async fn register(&self, upkeep: &Upkeep, is_due: bool) -> Option<Result<Answered>> {
        if !is_due {
            return None;
        }
        let seconds = self.health().seconds();
        Some(upkeep.sip.register(self.registration(seconds)).await)
    }

    /// Takes note of the answers; the pause before the next REGISTER comes back if there was one.
    fn note(&self, upkeep: &Upkeep, pinged: Option<Result<Answered>>, registered: Option<Result<Answered>>) -> Option<Duration> {
        let now = upkeep.clock.now();
        let mut health = self.health();
        let before = health.state(now).status;
        if let Some(came) = pinged {
            health.pinged(&came, now);
        }
        let pause = registered.map(|came| health.registered(&came, now));
        let state = health.state(now);
        drop(health);
        if state.status != before {
            let name = &self.trunk.name;
            match (state.status, state.why) {
                (TrunkStatus::Down, why) => warn!("The trunk {name} is down: {}", why.unwrap_or_default()),
                (TrunkStatus::Up, _) => info!("The trunk {name} is up"),
                (TrunkStatus::Pending, _) => info!("The trunk {name} has to register anew"),
            }
        }
        pause
    }

    fn answer(&self, upkeep: &Upkeep, waiting: &mut Vec<Asking>, peer: Option<IpAddr>) {
        let state = self.health().state(upkeep.clock.now());
        for asking in waiting.drain(..) {
            // Whoever asked may have gone.
            drop(asking.send(Checked { state: state.clone(), peer }));
        }
    }

    /// Takes our registration back, if there may be one.
    pub(super) async fn sign_off(&self, upkeep: &Upkeep) {
        if !self.health().is_registered() {
            return;
        }
        if let Err(error) = upkeep.sip.register(self.registration(0)).await {
            let error: Error = error;
            info!(%error, "A registration could not be taken back");
        }
    }
}

/// Waits until a moment, or until somebody asks; false when the owner is gone.
async fn wait(upkeep: &Upkeep, until: Instant, asked: &mut mpsc::Receiver<Asking>, waiting: &mut Vec<Asking>) -> bool {
    let pause = until.saturating_duration_since(upkeep.clock.monotonic());
    tokio::select! {
        () = upkeep.clock.sleep(pause) => true,
        asking = asked.recv() => {
            let Some(asking) = asking else { return false };
            waiting.push(asking);
            while let Ok(another) = asked.try_recv() {
                waiting.push(another);
            }
            true
        }
    }
}
