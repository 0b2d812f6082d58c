//! Sealing of stored credentials: AES-256-GCM from ring, bound to the row they belong to.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::base::{Error, Random, Result};

/// Seals and opens secrets with the master key. Cheap to share behind an `Arc`.
pub struct Sealer {
    key: LessSafeKey,
    marks: hmac::Key,
    random: Random,
}

impl Sealer {
    /// A sealer for a 32-byte master key.
    pub fn new(master: &[u8; 32], random: Random) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, master).map_err(|_| Error::internal("the master key is not usable"))?;
        Ok(Self { key: LessSafeKey::new(key), marks: hmac::Key::new(hmac::HMAC_SHA256, master), random })
    }

    /// A mark by which an equal text is recognised, but not read or guessed without the master key. `of` keeps marks of different things apart.
    pub fn fingerprint(&self, of: &str, text: &str) -> String {
        let mut signing = hmac::Context::with_key(&self.marks);
        [b"cxbox fingerprint", of.as_bytes(), text.as_bytes()].into_iter().for_each(|part| {
            signing.update(part);
            signing.update(&[0]);
        });
        hex::encode(&signing.sign().as_ref()[..16])
    }

    /// Seals a text for one row: `owner` (the row's id) must be given again to open it. Base64 of nonce and ciphertext.
    pub fn seal(&self, owner: &str, plain: &str) -> Result<String> {
        let nonce = self.random.bytes::<NONCE_LEN>();
        let mut sealed = plain.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner.as_bytes()), &mut sealed)
            .map_err(|_| Error::internal("cannot seal a credential"))?;
        Ok(BASE64_STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Sealer::seal`] made for the same row. Fails when key, row or text differ.
    pub fn open(&self, owner: &str, sealed: &str) -> Result<String> {
        let broken = || Error::internal("a sealed credential cannot be opened with this master key");
        let bytes = BASE64_STANDARD_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut body = body.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut body).map_err(|_| broken())?;
        String::from_utf8(plain.to_vec()).map_err(|_| broken())
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_key_purpose_and_text() {
        let sealer = |key: u8| Sealer::new(&[key; 32], Random::seeded(1)).expect("a key");
        let mark = sealer(7).fingerprint("person", "+15551234567");
        assert_eq!((mark.len(), &mark), (32, &sealer(7).fingerprint("person", "+15551234567")));
        for other in [
            sealer(8).fingerprint("person", "+15551234567"),
            sealer(7).fingerprint("perso", "n+15551234567"),
            sealer(7).fingerprint("person", "+15551234568"),
        ] {
            assert_ne!(mark, other);
        }
    }

    #[test]
    fn a_sealed_text_opens_only_for_its_row_and_key() {
        let sealer = Sealer::new(&[7; 32], Random::seeded(1)).expect("a key");
        let sealed = sealer.seal("tr_1", "s3cret").expect("sealed");
        assert_eq!(sealer.open("tr_1", &sealed).expect("opened"), "s3cret");
        assert!(sealer.open("tr_2", &sealed).is_err());
        assert!(Sealer::new(&[8; 32], Random::seeded(1)).expect("a key").open("tr_1", &sealed).is_err());
        assert!(sealer.open("tr_1", "not base64!").is_err());
    }
}
