//! Keys of SRTP in a session description (RFC 4568). The description itself must travel encrypted: whoever reads it can listen.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::{Random, Result};
use crate::engine::srtp::{Opener, Sealer, Suite};

/// The suite we speak, as it is written.
const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";
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
    key: [u8; KEY],
    salt: [u8; SALT],
}

impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crypto({})", self.tag)
    }
}

impl Crypto {
    /// A new key.
    pub(super) fn new(random: &Random) -> Self {
        Self { tag: 1, key: random.bytes(), salt: random.bytes() }
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
        if !suite.eq_ignore_ascii_case(SUITE) || inline.contains(';') || has_identifier || words.next().is_some() {
            return None;
        }
        let (key, salt) = material.split_at_checked(KEY)?;
        Some(Self { tag, key: key.try_into().ok()?, salt: salt.try_into().ok()? })
    }

    /// What stands behind `a=crypto:`.
    pub(super) fn line(&self) -> String {
        format!("{} {SUITE} inline:{}", self.tag, STANDARD.encode([self.key.as_slice(), &self.salt].concat()))
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
        Sealer::new(Suite::AesCm128Sha1, &self.ours.key, &self.ours.salt)
    }

    pub(super) fn opener(&self) -> Result<Opener> {
        Opener::new(Suite::AesCm128Sha1, &self.theirs.key, &self.theirs.salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_never_shown() {
        let crypto = Crypto::new(&Random::seeded(3));
        let line = crypto.line();
        assert_eq!(Crypto::parse(&line), Some(crypto));
        assert_eq!(Crypto::parse(&format!("{line}|2^31")), Some(crypto));
        assert_eq!(format!("{crypto:?}"), "Crypto(1)");
    }

    #[test]
    fn what_we_do_not_speak_is_not_taken() {
        let line = Crypto::new(&Random::seeded(3)).line();
        let inline = line.rsplit(' ').next().unwrap();
        for text in [
            String::new(),
            "1".to_owned(),
            format!("1 AES_CM_128_HMAC_SHA1_32 {inline}"),
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
