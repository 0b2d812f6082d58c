//! Tokens made by hand with the keys of the box under test: genuine ones, and all that only look so.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cxbox::platform::data_dir::DataDir;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

/// The box's keys.
pub struct Forge {
    pair: RsaKeyPair,
    pub kid: String,
    /// Modulus and exponent as the published key shows them.
    pub modulus: String,
}

impl Forge {
    pub fn of(data: &DataDir) -> Self {
        Self::from_pem(&std::fs::read_to_string(data.oidc_key()).unwrap())
    }

    pub fn from_pem(pem: &str) -> Self {
        let private = rsa::RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let pair = RsaKeyPair::from_pkcs8(private.to_pkcs8_der().unwrap().as_bytes()).unwrap();
        let (modulus, exponent) = (b64(&private.n().to_bytes_be()), b64(&private.e().to_bytes_be()));
        let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
        let kid = b64(digest::digest(&digest::SHA256, members.as_bytes()).as_ref());
        Self { pair, kid, modulus }
    }

    /// Header of a genuine access token.
    pub fn header(&self) -> Value {
        json!({ "alg": "RS256", "typ": "at+jwt", "kid": self.kid })
    }

    /// Signed with RS256.
    pub fn rs256(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public_key().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", b64(&signature))
    }
}

/// Signed with HS256.
pub fn hs256(key: &[u8], header: &Value, claims: &Value) -> String {
    let signed = unsigned(header, claims);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", b64(signature.as_ref()))
}

/// Header and claims, not signed at all.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()))
}

pub fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
