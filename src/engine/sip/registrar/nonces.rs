//! Nonces of our challenges: made without memory, good once, for a minute, for the address they were given to. Pure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use ring::hmac;

use crate::base::Random;

/// How long a nonce is good.
const LIFE: Duration = Duration::from_secs(60);
/// Used nonces that are remembered. With more, every nonce counts as used until some have run out.
const MOST_USED: usize = 65_536;
/// Bytes of the tag that are sent.
const TAG: usize = 16;

/// How a nonce stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::sip) enum Standing {
    /// Ours, in time, and used now for the first time.
    Good,
    /// Used before, too old, or not ours.
    Stale,
}

/// Makes and checks nonces.
pub(in crate::engine::sip) struct Nonces {
    key: hmac::Key,
    random: Random,
    used: HashMap<String, Duration>,
}

impl Nonces {
    /// Nonces under a key of their own.
    pub(in crate::engine::sip) fn new(random: Random) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &random.bytes::<32>()), random, used: HashMap::new() }
    }

    /// A new one for this address. `now` is any clock that never goes back.
    pub(in crate::engine::sip) fn make(&self, source: IpAddr, now: Duration) -> String {
        let body = format!("{:012x}{}", now.as_millis(), self.random.hex::<8>());
        format!("{body}{}", self.tag(&body, source))
    }

    /// How this nonce stands. A good one is used up by asking.
    pub(in crate::engine::sip) fn spend(&mut self, nonce: &str, source: IpAddr, now: Duration) -> Standing {
        self.used.retain(|_, until| *until > now);
        let Some(made) = self.made_at(nonce, source) else { return Standing::Stale };
        if now.saturating_sub(made) >= LIFE || self.used.len() >= MOST_USED || self.used.contains_key(nonce) {
            return Standing::Stale;
        }
        self.used.insert(nonce.to_owned(), made + LIFE);
        Standing::Good
    }

    /// When we made it for this address; `None` if we did not.
    fn made_at(&self, nonce: &str, source: IpAddr) -> Option<Duration> {
        let (body, tag) = nonce.is_ascii().then(|| nonce.split_at_checked(28)).flatten()?;
        let bytes = hex::decode(tag).ok().filter(|bytes| bytes.len() == TAG)?;
        let expected = hex::decode(self.tag(body, source)).ok()?;
        let is_ours: bool = subtle::ConstantTimeEq::ct_eq(expected.as_slice(), bytes.as_slice()).into();
        let made = u64::from_str_radix(body.get(..12)?, 16).ok()?;
        is_ours.then(|| Duration::from_millis(made))
    }

    fn tag(&self, body: &str, source: IpAddr) -> String {
        hex::encode(&hmac::sign(&self.key, format!("{body} {source}").as_bytes()).as_ref()[..TAG])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_nonce_is_good_once_for_a_minute_and_for_its_address() {
        let (mut nonces, s) = (Nonces::new(Random::seeded(1)), Duration::from_secs);
        let nonce = nonces.make(HERE, s(5));
        assert_eq!(nonces.spend(&nonce, IpAddr::from([10, 0, 0, 1]), s(6)), Standing::Stale, "another address");
        assert_eq!(nonces.spend(&nonce, HERE, s(6)), Standing::Good);
        assert_eq!(nonces.spend(&nonce, HERE, s(6)), Standing::Stale, "a second time");
        let old = nonces.make(HERE, s(5));
        assert_eq!(nonces.spend(&old, HERE, s(65)), Standing::Stale, "too old");
        let last = nonces.make(HERE, s(5));
        assert_eq!(nonces.spend(&last, HERE, Duration::from_millis(64_999)), Standing::Good);
    }

    #[test]
    fn a_thousand_replays_are_a_thousand_times_stale() {
        let mut nonces = Nonces::new(Random::seeded(2));
        let nonce = nonces.make(HERE, Duration::ZERO);
        assert_eq!(nonces.spend(&nonce, HERE, Duration::ZERO), Standing::Good);
        let good = (0..1000).filter(|n| nonces.spend(&nonce, HERE, Duration::from_millis(n * 60)) == Standing::Good).count();
        assert_eq!(good, 0);
    }

    #[test]
    fn nobody_else_makes_a_good_one() {
        let (mut ours, theirs) = (Nonces::new(Random::seeded(1)), Nonces::new(Random::seeded(2)));
        let nonce = ours.make(HERE, Duration::ZERO);
        let mut changed = nonce.clone().into_bytes();
        changed[3] ^= 1;
        let cases =
            [theirs.make(HERE, Duration::ZERO), String::from_utf8(changed).unwrap(), nonce[..59].to_owned(), String::new(), "é".repeat(40)];
        for forged in cases {
            assert_eq!(ours.spend(&forged, HERE, Duration::ZERO), Standing::Stale, "{forged}");
        }
        assert_eq!(ours.spend(&nonce, HERE, Duration::ZERO), Standing::Good);
    }
}
