//! How the trunks are, as engines last said. Kept in memory: engines say it again every few seconds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::model::SyncStatus;
use crate::base::id::CarrierId;
use crate::base::{Clock, Millis};
use crate::contract::trunk::{TrunkState, TrunkStates, TrunkStatus};

/// How long the word of an engine counts.
const FRESH_FOR: Duration = Duration::from_secs(60);
/// Most engines that are listened to.
const MOST_ENGINES: usize = 128;

/// What is known of all trunks.
#[derive(Debug, Default)]
pub(super) struct States(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// What each engine said last, and when by the ticks of the clock.
    by_engine: BTreeMap<String, (BTreeMap<CarrierId, TrunkState>, Millis)>,
    /// From which revision on a carrier is as it is now.
    since: HashMap<CarrierId, u64>,
    synced_at: HashMap<CarrierId, Millis>,
    /// Why the last order to try it came to nothing.
    failed: HashMap<CarrierId, String>,
}

/// What is known of one trunk.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    pub(super) status: SyncStatus,
    pub(super) error: Option<String>,
    pub(super) synced_at: Option<Millis>,
    /// The best of the engines' views.
    pub(super) state: Option<TrunkState>,
}

impl States {
    /// A carrier was changed: what engines said of it counts no more.
    pub(super) fn changed(&self, carrier: &CarrierId, revision: u64) {
        let mut inner = self.lock();
        inner.since.insert(carrier.clone(), revision);
        inner.failed.remove(carrier);
    }

    /// A carrier is gone.
    pub(super) fn forget(&self, carrier: &CarrierId) {
        let mut inner = self.lock();
        inner.since.remove(carrier);
        inner.synced_at.remove(carrier);
        inner.failed.remove(carrier);
    }

    /// Takes note of what an engine says of all its trunks.
    pub(super) fn told(&self, report: TrunkStates, clock: &Clock) {
        let mut inner = self.lock();
        let (now, ticks) = (clock.now(), clock.ticks());
        inner.by_engine.retain(|_, (_, at)| ticks.since(*at) < FRESH_FOR);
        if inner.by_engine.len() >= MOST_ENGINES && !inner.by_engine.contains_key(&report.engine) {
            return;
        }
        let states: BTreeMap<CarrierId, TrunkState> = report.states.into_iter().map(|state| (state.carrier_id.clone(), state)).collect();
        for (carrier, state) in &states {
            inner.note(carrier, state, now);
        }
        inner.by_engine.insert(report.engine, (states, ticks));
    }

    /// Takes note of one trunk that an engine was asked about; its next report repeats it.
    pub(super) fn asked(&self, engine: &str, state: TrunkState, clock: &Clock) {
        let mut inner = self.lock();
        let (now, ticks) = (clock.now(), clock.ticks());
        let carrier = state.carrier_id.clone();
        inner.note(&carrier, &state, now);
        let of_engine = inner.by_engine.entry(engine.to_owned()).or_insert_with(|| (BTreeMap::new(), ticks));
        of_engine.0.insert(carrier, state);
        of_engine.1 = ticks;
    }

    /// No engine could try it; why.
    pub(super) fn could_not_try(&self, carrier: &CarrierId, why: String) {
        self.lock().failed.insert(carrier.clone(), why);
    }

    /// What is known of a trunk at this moment.
    pub(super) fn of(&self, carrier: &CarrierId, clock: &Clock) -> Known {
        let inner = self.lock();
        let ticks = clock.ticks();
        let since = inner.since.get(carrier).copied().unwrap_or(0);
        let fresh = inner.by_engine.values().filter(|(_, at)| ticks.since(*at) < FRESH_FOR);
        let views = fresh.filter_map(|(states, _)| states.get(carrier)).filter(|state| state.revision >= since);
        let best = views.min_by_key(|state| rank(state.status));
        let synced_at = inner.synced_at.get(carrier).copied();
        let Some(best) = best else {
            let error = inner.failed.get(carrier).cloned();
            let status = if error.is_some() { SyncStatus::Error } else { SyncStatus::Pending };
            return Known { status, error, synced_at, state: None };
        };
        let status = match best.status {
            TrunkStatus::Up => SyncStatus::Synced,
            TrunkStatus::Pending => SyncStatus::Pending,
            TrunkStatus::Down => SyncStatus::Error,
        };
        Known { status, error: best.why.clone(), synced_at, state: Some(best.clone()) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn note(&mut self, carrier: &CarrierId, state: &TrunkState, now: Millis) {
        if state.revision >= self.since.get(carrier).copied().unwrap_or(0) {
            self.failed.remove(carrier);
            if state.status == TrunkStatus::Up {
                self.synced_at.insert(carrier.clone(), now);
            }
        }
    }
}

/// A trunk that works for one engine works.
fn rank(status: TrunkStatus) -> u8 {
    match status {
        TrunkStatus::Up => 0,
        TrunkStatus::Pending => 1,
        TrunkStatus::Down => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(status: TrunkStatus, revision: u64) -> TrunkState {
        TrunkState {
            carrier_id: "tr_1".into(),
            revision,
            status,
            why: (status == TrunkStatus::Down).then(|| "silence".to_owned()),
            registration: None,
            ping: None,
            round_trip_ms: None,
            n_missed: 0,
            answered_at_ms: None,
            seen_as: None,
            sent_as: None,
        }
    }

    #[test]
    fn it_works_if_it_works_for_one_engine_and_old_words_do_not_count() {
        let (states, id, clock) = (States::default(), CarrierId::from("tr_1"), Clock::manual(Millis(1_000_000)));
        let now = clock.now();
        let status = || states.of(&id, &clock).status;
        let tell = |engine: &str, told, revision| {
            states.told(TrunkStates { engine: engine.to_owned(), states: vec![state(told, revision)] }, &clock);
        };
        assert_eq!(status(), SyncStatus::Pending);
        states.could_not_try(&id, "no engine".to_owned());
        assert_eq!((status(), states.of(&id, &clock).error.as_deref()), (SyncStatus::Error, Some("no engine")));
        tell("a", TrunkStatus::Down, 1);
        assert_eq!((status(), states.of(&id, &clock).error.as_deref()), (SyncStatus::Error, Some("silence")));
        tell("b", TrunkStatus::Up, 1);
        assert_eq!((status(), states.of(&id, &clock).synced_at), (SyncStatus::Synced, Some(now)));
        states.changed(&id, 2);
        assert_eq!((status(), states.of(&id, &clock).synced_at), (SyncStatus::Pending, Some(now)), "said of the carrier as it was");
        tell("a", TrunkStatus::Up, 2);
        assert_eq!(status(), SyncStatus::Synced);
        clock.set(now.minus(Duration::from_secs(86_400)));
        assert_eq!(status(), SyncStatus::Synced, "a clock that is set makes no word older or newer");
        clock.advance(FRESH_FOR);
        assert_eq!(status(), SyncStatus::Pending, "an engine that is silent says nothing");
        states.told(TrunkStates { engine: "a".to_owned(), states: Vec::new() }, &clock);
        assert_eq!(status(), SyncStatus::Pending, "a report names all trunks the engine knows");
        states.asked("a", state(TrunkStatus::Down, 2), &clock);
        assert_eq!(status(), SyncStatus::Error);
    }
}
