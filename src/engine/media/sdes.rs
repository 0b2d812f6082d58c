//! Keys of SRTP in a session description (RFC 4568). The description itself must travel encrypted: whoever reads it can listen.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::{Random, Result};
use crate::engine::srtp::{Opener, Sealer, Suite};

/// The suites we speak as they are written, the better one first.
const SUITES: [(Suite, &str); 2] =
    [(Suite::AesCm128Sha1, "AES_CM_128_HMAC_SHA1_80"), (Suite::AesCm128Sha1Short, "AES_CM_128_HMAC_SHA1_32")];
const KEY: usize = 16;
const SALT: usize = 14;

/// Whether sound is to be encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Not offered; taken when it is offered to us.
    #[default]
    Never,
    /// Offered; a far end that answers without it is heard all the same.
    IfTaken,
    /// Without it there is no call.
    Always,
}

/// One side's key. Never shown, not even in logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Crypto {
    /// Names the offered line; the answer repeats it.
    pub(super) tag: u32,
    pub(super) suite: Suite,
    key: [u8; KEY],
    salt: [u8; SALT],
}

impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crypto({})", self.tag)
    }
}

impl Crypto {
    /// New keys, one for each suite, in the order we offer them.
    pub(super) fn new(random: &Random) -> Vec<Self> {
        (1..).zip(SUITES).map(|(tag, (suite, _))| Self { tag, suite, key: random.bytes(), salt: random.bytes() }).collect()
    }

    /// Puts the suite that is in use first; a change of the call is to keep it.
    pub(super) fn prefer(lines: &mut [Self], suite: Suite) {
        lines.sort_by_key(|line| line.suite != suite);
        (1..).zip(lines).for_each(|(tag, line)| line.tag = tag);
    }

    /// Whether packets are sealed alike, whatever the line is called.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.tagged(other.tag) == *other
    }

    /// The same key under another tag.
    pub(super) fn tagged(self, tag: u32) -> Self {
        Self { tag, ..self }
    }

    /// Reads what stands behind `a=crypto:`. `None` for other suites, for several keys and for session parameters, which change what is meant.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let (tag, suite, keys) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
        let inline = keys.get(..7).filter(|method| method.eq_ignore_ascii_case("inline:")).and(keys.get(7..))?;
        let mut parts = inline.split('|');
        let (material, rest) = (STANDARD.decode(parts.next()?).ok()?, parts.collect::<Vec<_>>());
        // A lifetime (`2^31`) is longer than any call; a key identifier (`1:4`) would change the packets.
        let has_identifier = rest.iter().any(|part| part.contains(':'));
        let suite = SUITES.into_iter().find(|(_, name)| suite.eq_ignore_ascii_case(name))?.0;
        if inline.contains(';') || has_identifier || words.next().is_some() {
            return None;
        }
        let (key, salt) = material.split_at_checked(KEY)?;
        Some(Self { tag, suite, key: key.try_into().ok()?, salt: salt.try_into().ok()? })
    }

    /// What stands behind `a=crypto:`.
    pub(super) fn line(&self) -> String {
        let name = SUITES.into_iter().find(|(suite, _)| *suite == self.suite).map_or("", |(_, name)| name);
        format!("{} {name} inline:{}", self.tag, STANDARD.encode([self.key.as_slice(), &self.salt].concat()))
    }
}

/// The keys of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keys {
    /// What we seal with.
    pub(super) ours: Crypto,
    /// What the far end seals with.
    pub(super) theirs: Crypto,
}

impl Keys {
    pub(super) fn sealer(&self) -> Result<Sealer> {
        Sealer::new(self.ours.suite, &self.ours.key, &self.ours.salt)
    }

    pub(super) fn opener(&self) -> Result<Opener> {
        Opener::new(self.theirs.suite, &self.theirs.key, &self.theirs.salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_never_shown() {
        let lines = Crypto::new(&Random::seeded(3));
        assert!(lines[0].key != lines[1].key && lines[0].line().contains("_80 ") && lines[1].line().contains("_32 "));
        for (tag, crypto) in (1..).zip(lines) {
            let line = crypto.line();
            assert_eq!(Crypto::parse(&line), Some(crypto));
            assert_eq!(Crypto::parse(&format!("{line}|2^31")), Some(crypto));
            assert_eq!(format!("{crypto:?}"), format!("Crypto({tag})"));
        }
    }

    #[test]
    fn the_suite_in_use_goes_first_when_a_call_is_changed() {
        let mut lines = Crypto::new(&Random::seeded(3));
        let before = lines.clone();
        Crypto::prefer(&mut lines, Suite::AesCm128Sha1Short);
        assert!(lines[0].is_same(&before[1]) && lines[1].is_same(&before[0]) && !lines[0].is_same(&before[0]));
        assert_eq!((lines[0].tag, lines[1].tag), (1, 2));
    }

    #[test]
    fn what_we_do_not_speak_is_not_taken() {
        const SUITE: &str = SUITES[0].1;
        let line = Crypto::new(&Random::seeded(3))[0].line();
        let inline = line.rsplit(' ').next().unwrap();
        for text in [
            String::new(),
            "1".to_owned(),
            format!("1 AES_256_CM_HMAC_SHA1_80 {inline}"),
            format!("x {SUITE} {inline}"),
            format!("{line}|1:4"),
            format!("{line}|2^20|1:4"),
            format!("{line} UNENCRYPTED_SRTP"),
            format!("{line};{inline}"),
            format!("1 {SUITE} inline:AAAA"),
            format!("1 {SUITE} inline:€€€"),
            format!("1 {SUITE} {}", inline.replace("inline", "outlin")),
        ] {
            assert_eq!(Crypto::parse(&text), None, "{text}");
        }
    }
}
