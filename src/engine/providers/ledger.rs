//! What the providers of one call did: each attempt that failed, who took whose place, and how much of each was used.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

/// Failed attempts that are kept until they are told; more of them say nothing new.
const MOST_WAITING: usize = 64;

/// Something that went wrong with a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incident {
    /// One attempt failed. What follows may be another one, another provider, or a sentence to the caller.
    Failed {
        /// `stt`, `llm` or `tts`.
        slot: &'static str,
        /// The provider's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// It is passed over for the rest of the call.
    Replaced {
        /// `stt`, `llm` or `tts`.
        slot: &'static str,
        /// The provider's name.
        name: String,
        /// The name of the one that takes its place.
        by: String,
        /// Why.
        reason: String,
    },
}

impl Incident {
    /// The call's event: its name and its details.
    pub fn event(self) -> (&'static str, Map<String, Value>) {
        let (name, entries) = match self {
            Self::Failed { slot, name, reason } => {
                ("provider_fault", vec![("provider", slot.to_owned()), ("name", name), ("reason", reason)])
            }
            Self::Replaced { slot, name, by, reason } => {
                ("provider_replaced", vec![("provider", slot.to_owned()), ("name", name), ("by", by), ("reason", reason)])
            }
        };
        (name, entries.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect())
    }
}

/// How much of one provider was used.
#[derive(Debug, Clone, PartialEq)]
struct Used {
    slot: &'static str,
    name: String,
    model: Option<String>,
    n_requests: u64,
    amount: Amount,
}

/// What a service is paid for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// Seconds of sound that were listened to.
    Seconds(f64),
    /// Characters that were spoken.
    Characters(u64),
}

/// The ledger of one call. Cheap to clone; all clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    incidents: Vec<Incident>,
    used: Vec<Used>,
}

impl Ledger {
    /// What went wrong since the last time.
    pub fn incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut self.inner().incidents)
    }

    /// How much was used so far, as entries of `usage_metrics`: one for each provider and model.
    pub fn usage(&self) -> Vec<Value> {
        self.inner().used.iter().map(entry).collect()
    }

    pub(super) fn note(&self, incident: Incident) {
        let mut inner = self.inner();
        if inner.incidents.len() < MOST_WAITING || matches!(incident, Incident::Replaced { .. }) {
            inner.incidents.push(incident);
        }
    }

    /// A provider did one piece of work.
    pub(super) fn count(&self, slot: &'static str, name: &str, model: Option<&str>, amount: Amount) {
        let mut inner = self.inner();
        let is_it = |used: &&mut Used| used.slot == slot && used.name == name && used.model.as_deref() == model;
        match inner.used.iter_mut().find(is_it) {
            Some(used) => {
                used.n_requests += 1;
                used.amount = used.amount.and(amount);
            }
            None => inner.used.push(Used { slot, name: name.to_owned(), model: model.map(str::to_owned), n_requests: 1, amount }),
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Amount {
    fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::Seconds(so_far), Self::Seconds(more)) => Self::Seconds(so_far + more),
            (Self::Characters(so_far), Self::Characters(more)) => Self::Characters(so_far + more),
            // A slot is paid in one way only.
            (so_far, _) => so_far,
        }
    }
}

fn entry(used: &Used) -> Value {
    let mut entry = json!({ "type": used.slot, "provider": used.name, "model": used.model, "requests": used.n_requests });
    match used.amount {
        Amount::Seconds(seconds) => entry["audio_seconds"] = ((seconds * 100.0).round() / 100.0).into(),
        Amount::Characters(n) => entry["characters"] = n.into(),
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_summed_up_for_each_provider_and_model() {
        let ledger = Ledger::default();
        ledger.count("stt", "openai", Some("small"), Amount::Seconds(1.254));
        ledger.count("stt", "openai", Some("small"), Amount::Seconds(2.0));
        ledger.count("tts", "openai", None, Amount::Characters(11));
        ledger.count("tts", "flite", None, Amount::Characters(4));
        assert_eq!(
            ledger.usage(),
            [
                json!({ "type": "stt", "provider": "openai", "model": "small", "requests": 2, "audio_seconds": 3.25 }),
                json!({ "type": "tts", "provider": "openai", "model": null, "requests": 1, "characters": 11 }),
                json!({ "type": "tts", "provider": "flite", "model": null, "requests": 1, "characters": 4 }),
            ]
        );
    }

    #[test]
    fn incidents_are_told_once_and_a_storm_of_them_does_not_grow() {
        let ledger = Ledger::default();
        for _ in 0..1000 {
            ledger.note(Incident::Failed { slot: "stt", name: "a".to_owned(), reason: "x".to_owned() });
        }
        ledger.note(Incident::Replaced { slot: "stt", name: "a".to_owned(), by: "b".to_owned(), reason: "x".to_owned() });
        let told = ledger.incidents();
        assert_eq!((told.len(), told[0].clone().event().0), (MOST_WAITING + 1, "provider_fault"));
        let (name, detail) = told[MOST_WAITING].clone().event();
        assert_eq!((name, &detail["by"], &detail["provider"]), ("provider_replaced", &json!("b"), &json!("stt")));
        assert!(ledger.incidents().is_empty());
    }
}
