//! The session keys of a direction, and what encrypts and proves one packet with them.

use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use aes::{Aes128, Aes256};
use ring::aead::{AES_128_GCM, AES_256_GCM, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;

use super::Suite;
use crate::base::{Error, Result};

/// What a session key is derived for (RFC 3711 §4.3.2).
#[derive(Clone, Copy)]
pub(super) struct Labels {
    cipher: u8,
    auth: u8,
    salt: u8,
}

/// The keys of RTP.
pub(super) const OF_RTP: Labels = Labels { cipher: 0, auth: 1, salt: 2 };
/// The keys of RTCP.
pub(super) const OF_RTCP: Labels = Labels { cipher: 3, auth: 4, salt: 5 };

/// AES in counter mode, of either key length.
pub(super) enum Aes {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

impl Aes {
    pub(super) fn new(key: &[u8]) -> Result<Self> {
        let wrong = |_| Error::internal("an SRTP key has the wrong length");
        Ok(match key.len() {
            32 => Self::Long(Box::new(Aes256::new_from_slice(key).map_err(wrong)?)),
            _ => Self::Short(Box::new(Aes128::new_from_slice(key).map_err(wrong)?)),
        })
    }

    /// Adds the key stream that begins at this counter.
    pub(super) fn apply(&self, mut counter: [u8; 16], bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(16) {
            let mut block = counter.into();
            match self {
                Self::Short(aes) => aes.encrypt_block(&mut block),
                Self::Long(aes) => aes.encrypt_block(&mut block),
            }
            for (byte, key) in piece.iter_mut().zip(block) {
                *byte ^= key;
            }
            let next = u16::from_be_bytes([counter[14], counter[15]]).wrapping_add(1);
            counter[14..].copy_from_slice(&next.to_be_bytes());
        }
    }
}

/// The session keys of RTP or of RTCP.
pub(super) enum Keys {
    CounterMode { aes: Aes, auth: Box<hmac::Key>, salt: [u8; 14] },
    Gcm { key: Box<LessSafeKey>, salt: [u8; 12] },
}

impl Keys {
    pub(super) fn derive(suite: Suite, key: &[u8], salt: &[u8], labels: Labels) -> Result<Self> {
        if key.len() != suite.key_len() || salt.len() != suite.salt_len() {
            return Err(Error::internal("an SRTP key has the wrong length"));
        }
        let master = Aes::new(key)?;
        let derive = |label: u8, out: &mut [u8]| {
            let mut counter = [0; 16];
            counter[..salt.len()].copy_from_slice(salt);
            counter[7] ^= label;
            master.apply(counter, out);
        };
        if suite.is_counter_mode() {
            let (mut cipher, mut auth, mut session_salt) = ([0; 16], [0; 20], [0; 14]);
            derive(labels.cipher, &mut cipher);
            derive(labels.auth, &mut auth);
            derive(labels.salt, &mut session_salt);
            let auth = Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth));
            return Ok(Self::CounterMode { aes: Aes::new(&cipher)?, auth, salt: session_salt });
        }
        let (mut cipher, mut session_salt) = ([0; 32], [0; 12]);
        let cipher = &mut cipher[..suite.key_len()];
        derive(labels.cipher, cipher);
        derive(labels.salt, &mut session_salt);
        Self::gcm(cipher, session_salt)
    }

    pub(super) fn gcm(cipher: &[u8], salt: [u8; 12]) -> Result<Self> {
        let algorithm = if cipher.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        let key = UnboundKey::new(algorithm, cipher).map_err(|_| Error::internal("an SRTP key has the wrong length"))?;
        Ok(Self::Gcm { key: Box::new(LessSafeKey::new(key)), salt })
    }
}

/// Where the key stream of a packet begins (RFC 3711 §4.1.1).
pub(super) fn counter(salt: &[u8; 14], ssrc: [u8; 4], index: u64) -> [u8; 16] {
    let mut counter = [0; 16];
    counter[..14].copy_from_slice(salt);
    for (byte, part) in counter[4..8].iter_mut().zip(ssrc) {
        *byte ^= part;
    }
    for (byte, part) in counter[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
        *byte ^= part;
    }
    counter
}

/// The nonce of a packet (RFC 7714 §8.1, §9.1): both forms put the index at the end.
pub(super) fn nonce(salt: &[u8; 12], ssrc: [u8; 4], index: u64) -> Nonce {
    let mut nonce = *salt;
    for (byte, part) in nonce[2..6].iter_mut().zip(ssrc) {
        *byte ^= part;
    }
    for (byte, part) in nonce[6..].iter_mut().zip(&index.to_be_bytes()[2..]) {
        *byte ^= part;
    }
    Nonce::assume_unique_for_key(nonce)
}

/// The proof of a packet of the counter mode; its first bytes are sent.
pub(super) fn tag_of(auth: &hmac::Key, parts: &[&[u8]]) -> [u8; 20] {
    let mut context = hmac::Context::with_key(auth);
    for part in parts {
        context.update(part);
    }
    let mut tag = [0; 20];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

/// Compares without telling by its time where the difference is.
pub(super) fn is_equal(one: &[u8], other: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(one, other).into()
}
