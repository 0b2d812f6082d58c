//! People of tests, written past the slow hashing of passwords, and the tokens they would get from a login.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cxbox::base::Millis;
use cxbox::platform::access::Role;
use cxbox::platform::data_dir::DataDir;
use ring::hmac;
use rusqlite::Connection;
use serde_json::{Value, json};

/// A second connection to the database of the running application, under the schema name `main_db`.
pub fn open(data: &DataDir) -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.busy_timeout(Duration::from_secs(10)).unwrap();
    conn.execute("attach database ?1 as main_db", [data.main_db().to_string_lossy()]).unwrap();
    conn
}

/// `super_admin` and the like.
pub fn word(role: Role) -> String {
    serde_json::to_value(role).unwrap().as_str().unwrap().to_owned()
}

fn id(role: Role) -> String {
    format!("usr_{}", word(role))
}

/// Makes the person with this role unless there is one.
pub fn insert(data: &DataDir, role: Role, now: Millis) {
    let word = word(role);
    open(data)
        .execute(
            "insert or ignore into main_db.users (id, name, email, role, password_hash, created_by, created_at, updated_at)
             values (?1, ?2, ?3, ?2, 'none', 'test', ?4, ?4)",
            (id(role), &word, format!("{word}@cxbox.test"), now.0),
        )
        .unwrap();
}

/// The token that `POST /api/v1/auth/login` would give this person now.
pub fn token(jwt_secret: &str, role: Role, now: Millis) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let seconds = now.0.div_euclid(1000);
    let claims = json!({
        "uid": id(role), "ver": 0, "iss": "cxbox-login", "aud": "cxbox-api", "iat": seconds, "exp": seconds + 480 * 60,
    });
    let signed = format!("{}.{}", part(json!({ "alg": "HS256", "typ": "JWT", "kid": "login" })), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, jwt_secret.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
}

/// The claims of an OIDC access token of this person, and the grant behind it.
pub fn access_claims(data: &DataDir, issuer: &str, role: Role, now: Millis) -> Value {
    let grant = format!("grt_{}", word(role));
    open(data)
        .execute(
            "insert or ignore into main_db.oidc_grants (id, user_id, token_epoch, client_id, scope, signed_in_at, created_at, ends_at)
             values (?1, ?2, 0, 'codeb-admin', 'openid', ?3, ?3, ?4)",
            (&grant, id(role), now.0, now.0 + 180 * 86_400_000),
        )
        .unwrap();
    let seconds = now.0.div_euclid(1000);
    json!({
        "iss": issuer, "sub": id(role), "aud": "codeb-admin", "client_id": "codeb-admin", "gid": grant, "scope": "openid", "ver": 0,
        "iat": seconds, "exp": seconds + 3600,
    })
}

/// Gives the folder the RSA key that the first test of this run made: making one takes long.
pub fn share_rsa_key(data: &DataDir) {
    static SHARED: OnceLock<PathBuf> = OnceLock::new();
    if !data.oidc_key().exists() {
        let shared = SHARED.get_or_init(|| make_rsa_key().expect("an RSA key"));
        std::fs::copy(shared, data.oidc_key()).unwrap();
    }
}

fn make_rsa_key() -> Option<PathBuf> {
    use rsa::pkcs8::EncodePrivateKey as _;
    let path = std::env::temp_dir().join(format!("cxbox-it-{}.pem", std::process::id()));
    let mut seed = SplitMix(std::process::id().into());
    let key = rsa::RsaPrivateKey::new(&mut seed, 2048).ok()?;
    std::fs::write(&path, key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).ok()?.as_bytes()).ok()?;
    Some(path)
}

/// Repeatable numbers; this key protects nothing.
struct SplitMix(u64);

impl rsa::rand_core::RngCore for SplitMix {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for SplitMix {}
