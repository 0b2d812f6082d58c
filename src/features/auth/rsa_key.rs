//! An RSA key of the identity provider: kept as PKCS#8 PEM, used through ring, published as a JWK.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::rand_core::{CryptoRng, Error as RandError, RngCore};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use crate::base::{Context, Error, Random, Result};

/// Size of the modulus.
const BITS: usize = 2048;

/// Signs with RS256.
pub(super) struct RsaKey {
    pair: KeyPair,
    public: PublicKey,
}

impl RsaKey {
    pub(super) fn from_pem(pem: &str) -> Result<Self> {
        let private = rsa::RsaPrivateKey::from_pkcs8_pem(pem).context("cannot read a PKCS#8 key")?;
        let der = private.to_pkcs8_der().context("cannot write a PKCS#8 key")?;
        let pair =
            KeyPair::from_pkcs8(der.as_bytes()).map_err(|error| Error::internal("ring refuses the key").caused_by(error.to_string()))?;
        Ok(Self { pair, public: PublicKey::new(private.n().to_bytes_be(), private.e().to_bytes_be()) })
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_key().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::internal("cannot sign a token"))?;
        Ok(signature)
    }
}

/// Checks what an [`RsaKey`] signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    kid: String,
}

impl PublicKey {
    fn new(modulus: Vec<u8>, exponent: Vec<u8>) -> Self {
        let kid = thumbprint(&modulus, &exponent);
        Self { modulus, exponent, kid }
    }

    /// The key that [`PublicKey::jwk`] described. `None` if it is not one.
    pub(super) fn from_jwk(jwk: &Value) -> Option<Self> {
        let part = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        Some(Self::new(part("n")?, part("e")?))
    }

    /// Name of the key: its RFC 7638 thumbprint.
    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = PublicKeyComponents { n: &self.modulus, e: &self.exponent };
        public.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }

    /// The key as `/.well-known/jwks.json` shows it.
    pub(super) fn jwk(&self) -> Value {
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": b64(&self.modulus), "e": b64(&self.exponent) })
    }
}

/// Makes a private key as PKCS#8 PEM. Takes up to seconds.
pub(super) fn new_pem(random: &Random) -> Result<String> {
    let private = rsa::RsaPrivateKey::new(&mut Generator(random.clone()), BITS).context("cannot make an RSA key")?;
    Ok(private.to_pkcs8_pem(LineEnding::LF).context("cannot write a PKCS#8 key")?.to_string())
}

/// RFC 7638: the members in this order, without spaces.
fn thumbprint(modulus: &[u8], exponent: &[u8]) -> String {
    let members = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(exponent), b64(modulus));
    b64(ring::digest::digest(&ring::digest::SHA256, members.as_bytes()).as_ref())
}

fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Our source of randomness in the shape the `rsa` crate asks for.
struct Generator(Random);

impl CryptoRng for Generator {}

impl RngCore for Generator {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), RandError> {
        self.0.fill(bytes);
        Ok(())
    }
}
