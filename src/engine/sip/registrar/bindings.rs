//! Where the telephones of each account are. Bounded: an account has a few, the oldest makes room.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::base::Millis;
use crate::contract::phone::Registration;

/// Shortest time a registration may be asked for; shorter ones are refused.
pub(in crate::engine::sip) const SHORTEST: Duration = Duration::from_secs(60);
/// Longest time one is given.
pub(in crate::engine::sip) const LONGEST: Duration = Duration::from_secs(3600);
/// Telephones of one account.
const MOST_CONTACTS: usize = 5;

/// The registrations, by address of record.
#[derive(Debug, Default)]
pub(in crate::engine::sip) struct Bindings {
    by_aor: BTreeMap<String, Vec<Registration>>,
}

impl Bindings {
    /// Notes one telephone; the same contact again is the same telephone. With too many, the one that was heard of least recently goes.
    pub(in crate::engine::sip) fn put(&mut self, new: Registration, now: Millis) {
        let known = self.by_aor.entry(new.aor.to_ascii_lowercase()).or_default();
        known.retain(|known| known.contact != new.contact && known.expires_at > now);
        if known.len() >= MOST_CONTACTS {
            known.sort_by_key(|known| known.registered_at);
            known.remove(0);
        }
        known.push(new);
    }

    /// Forgets one telephone.
    pub(in crate::engine::sip) fn remove(&mut self, aor: &str, contact: &str) {
        if let Some(known) = self.by_aor.get_mut(&aor.to_ascii_lowercase()) {
            known.retain(|known| known.contact != contact);
        }
    }

    /// Forgets all telephones of an account.
    pub(in crate::engine::sip) fn remove_all(&mut self, aor: &str) {
        self.by_aor.remove(&aor.to_ascii_lowercase());
    }

    /// The telephones of an account at a moment, the newest first.
    pub(in crate::engine::sip) fn of(&self, aor: &str, now: Millis) -> Vec<Registration> {
        let mut found: Vec<_> =
            self.by_aor.get(&aor.to_ascii_lowercase()).into_iter().flatten().filter(|r| r.expires_at > now).cloned().collect();
        found.sort_by_key(|known| std::cmp::Reverse(known.registered_at));
        found
    }

    /// All telephones at a moment.
    pub(in crate::engine::sip) fn all(&self, now: Millis) -> Vec<Registration> {
        self.by_aor.values().flatten().filter(|known| known.expires_at > now).cloned().collect()
    }

    /// Whether a telephone registered from this very address.
    pub(in crate::engine::sip) fn is_at(&self, source: SocketAddr, now: Millis) -> bool {
        self.any(now, |at| at == source)
    }

    /// Whether a telephone registered from this machine.
    pub(in crate::engine::sip) fn is_on(&self, source: IpAddr, now: Millis) -> bool {
        self.any(now, |at| at.ip() == source)
    }

    fn any(&self, now: Millis, is_it: impl Fn(SocketAddr) -> bool) -> bool {
        let mut known = self.by_aor.values().flatten().filter(|known| known.expires_at > now);
        known.any(|known| known.source.parse().is_ok_and(&is_it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::trunk::Transport;

    fn at(aor: &str, contact: &str, since: i64, until: i64) -> Registration {
        Registration {
            aor: aor.to_owned(),
            contact: contact.to_owned(),
            source: "10.0.0.7:5062".to_owned(),
            transport: Transport::Udp,
            user_agent: String::new(),
            registered_at: Millis(since),
            expires_at: Millis(until),
        }
    }

    fn contacts(bindings: &Bindings, now: i64) -> Vec<String> {
        bindings.of("Alex", Millis(now)).into_iter().map(|r| r.contact).collect()
    }

    #[test]
    fn the_same_contact_is_the_same_telephone_and_expires() {
        let mut bindings = Bindings::default();
        bindings.put(at("alex", "sip:a", 0, 100), Millis(0));
        bindings.put(at("alex", "sip:a", 50, 200), Millis(50));
        bindings.put(at("ALEX", "sip:b", 60, 90), Millis(60));
        assert_eq!(contacts(&bindings, 80), ["sip:b", "sip:a"]);
        assert_eq!(contacts(&bindings, 150), ["sip:a"]);
        assert!(contacts(&bindings, 200).is_empty() && bindings.all(Millis(200)).is_empty());
        bindings.remove("Alex", "sip:a");
        assert!(contacts(&bindings, 80) == ["sip:b"]);
        bindings.remove_all("alex");
        assert!(bindings.all(Millis(0)).is_empty());
    }

    #[test]
    fn an_account_has_a_few_telephones_and_the_oldest_makes_room() {
        let mut bindings = Bindings::default();
        for n in 0..20 {
            bindings.put(at("alex", &format!("sip:{n}"), n, 1000), Millis(n));
        }
        assert_eq!(contacts(&bindings, 20), ["sip:19", "sip:18", "sip:17", "sip:16", "sip:15"]);
    }

    #[test]
    fn a_source_is_known_while_a_registration_from_it_holds() {
        let mut bindings = Bindings::default();
        bindings.put(at("alex", "sip:a", 0, 100), Millis(0));
        let (same, other): (SocketAddr, SocketAddr) = ("10.0.0.7:5062".parse().unwrap(), "10.0.0.7:5063".parse().unwrap());
        assert!(bindings.is_at(same, Millis(99)) && !bindings.is_at(other, Millis(99)));
        assert!(bindings.is_on(other.ip(), Millis(99)) && !bindings.is_on(other.ip(), Millis(100)));
    }
}
