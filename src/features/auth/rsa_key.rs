//! The RSA key of the identity provider: made once, kept as PKCS#8 PEM, used through ring, published as a JWK.

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
use crate::platform::data_dir::{DataDir, write_whole};

/// Size of the modulus.
const BITS: usize = 2048;

/// Signs with RS256 and checks its own signatures.
pub(super) struct RsaKey {
    pair: KeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    kid: String,
}

impl RsaKey {
    /// Reads the key of the data folder, or makes it (0600). Making takes up to seconds.
    pub(super) fn open(dir: &DataDir, random: &Random) -> Result<Self> {
        let file = dir.oidc_key();
        if !file.exists() {
            write_whole(&file, new_pem(random)?.as_bytes())?;
        }
        let pem = std::fs::read_to_string(&file).context(format!("cannot read {}", file.display()))?;
        Self::from_pem(&pem).map_err(|error| Error::internal(format!("{} is not a usable RSA key", file.display())).caused_by(error))
    }

    fn from_pem(pem: &str) -> Result<Self> {
        let private = rsa::RsaPrivateKey::from_pkcs8_pem(pem).context("cannot read a PKCS#8 key")?;
        let der = private.to_pkcs8_der().context("cannot write a PKCS#8 key")?;
        let pair =
            KeyPair::from_pkcs8(der.as_bytes()).map_err(|error| Error::internal("ring refuses the key").caused_by(error.to_string()))?;
        let (modulus, exponent) = (private.n().to_bytes_be(), private.e().to_bytes_be());
        let kid = thumbprint(&modulus, &exponent);
        Ok(Self { pair, modulus, exponent, kid })
    }

    /// Name of the key: its RFC 7638 thumbprint.
    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_key().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::internal("cannot sign a token"))?;
        Ok(signature)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = PublicKeyComponents { n: &self.modulus, e: &self.exponent };
        public.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }

    /// The public key as `/.well-known/jwks.json` shows it.
    pub(super) fn jwk(&self) -> Value {
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": b64(&self.modulus), "e": b64(&self.exponent) })
    }
}

fn new_pem(random: &Random) -> Result<String> {
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
