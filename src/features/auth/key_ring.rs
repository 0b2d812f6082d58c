//! The keys of the identity provider: one that signs, and those before it that still verify what they signed.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rsa_key::{PublicKey, RsaKey, new_pem};
use crate::base::{Context, Error, Millis, Random, Result};
use crate::platform::data_dir::{DataDir, write_whole};

/// The keys of this box. A rotation is on disk before it is used.
pub(super) struct KeyRing {
    active_file: PathBuf,
    retired_file: PathBuf,
    keys: RwLock<Keys>,
}

struct Keys {
    active: Arc<RsaKey>,
    retired: Vec<Retired>,
}

/// A key that signs no more.
#[derive(Debug, Clone)]
struct Retired {
    key: PublicKey,
    verifies_until: Millis,
}

/// A retired key in its file.
#[derive(Serialize, Deserialize)]
struct Line {
    jwk: Value,
    verifies_until: Millis,
}

impl KeyRing {
    /// Reads the keys of the data folder, or makes the first one (0600). Making takes up to seconds.
    pub(super) fn open(dir: &DataDir, random: &Random) -> Result<Self> {
        let (active_file, retired_file) = (dir.oidc_key(), dir.oidc_retired_keys());
        if !active_file.exists() {
            write_whole(&active_file, new_pem(random)?.as_bytes())?;
        }
        let pem = std::fs::read_to_string(&active_file).context(format!("cannot read {}", active_file.display()))?;
        let active = RsaKey::from_pem(&pem)
            .map_err(|error| Error::internal(format!("{} is not a usable RSA key", active_file.display())).caused_by(error))?;
        let mut retired = read_retired(&retired_file)?;
        // A rotation that was interrupted between its two files named the key that still signs.
        retired.retain(|old| old.key.kid() != active.public().kid());
        Ok(Self { active_file, retired_file, keys: RwLock::new(Keys { active: Arc::new(active), retired }) })
    }

    /// The key that signs.
    pub(super) fn active(&self) -> Arc<RsaKey> {
        self.read().active.clone()
    }

    /// Whether the key of this name made the signature, and still counts.
    pub(super) fn verifies(&self, kid: &str, message: &[u8], signature: &[u8], now: Millis) -> bool {
        let keys = self.read();
        if keys.active.public().kid() == kid {
            return keys.active.public().verifies(message, signature);
        }
        let old = keys.retired.iter().find(|old| old.key.kid() == kid && old.verifies_until > now);
        old.is_some_and(|old| old.key.verifies(message, signature))
    }

    /// All keys that count (RFC 7517), the one that signs first.
    pub(super) fn jwks(&self, now: Millis) -> Value {
        let keys = self.read();
        let old = keys.retired.iter().filter(|old| old.verifies_until > now).map(|old| old.key.jwk());
        json!({ "keys": std::iter::once(keys.active.public().jwk()).chain(old).collect::<Vec<_>>() })
    }

    /// Signs with this key from now on. The one before verifies for `overlap` more. Answers the names of both: old, new.
    pub(super) fn replace(&self, pem: &str, now: Millis, overlap: Duration) -> Result<(String, String)> {
        let active = RsaKey::from_pem(pem)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let mut retired: Vec<Retired> = keys.retired.iter().filter(|old| old.verifies_until > now).cloned().collect();
        retired.push(Retired { key: keys.active.public().clone(), verifies_until: now.plus(overlap) });
        let lines: Vec<Line> = retired.iter().map(|old| Line { jwk: old.key.jwk(), verifies_until: old.verifies_until }).collect();
        write_whole(&self.retired_file, &serde_json::to_vec_pretty(&lines).context("cannot write the retired keys")?)?;
        write_whole(&self.active_file, pem.as_bytes())?;
        let names = (keys.active.public().kid().to_owned(), active.public().kid().to_owned());
        *keys = Keys { active: Arc::new(active), retired };
        Ok(names)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_retired(file: &PathBuf) -> Result<Vec<Retired>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read(file).context(format!("cannot read {}", file.display()))?;
    let lines: Vec<Line> = serde_json::from_slice(&text).context(format!("{} is not a list of keys", file.display()))?;
    let read = |line: Line| Some(Retired { key: PublicKey::from_jwk(&line.jwk)?, verifies_until: line.verifies_until });
    lines.into_iter().map(read).collect::<Option<_>>().ok_or_else(|| Error::internal(format!("{} holds a broken key", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_key_before_verifies_for_the_overlap_and_a_restart_keeps_both() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let random = Random::system();
        let ring = KeyRing::open(&dir, &random).unwrap();
        let old = ring.active();
        let signature = old.sign(b"text").unwrap();
        let kid = old.public().kid().to_owned();
        let (before, after) = ring.replace(&new_pem(&random).unwrap(), Millis(0), HOUR).unwrap();
        assert_eq!((before.as_str(), after.as_str()), (kid.as_str(), ring.active().public().kid()));
        for ring in [ring, KeyRing::open(&dir, &random).unwrap()] {
            assert_eq!(ring.active().public().kid(), after);
            assert!(ring.verifies(&kid, b"text", &signature, Millis(0).plus(HOUR).minus(Duration::from_millis(1))));
            assert!(!ring.verifies(&kid, b"text", &signature, Millis(0).plus(HOUR)));
            assert!(!ring.verifies(&after, b"text", &signature, Millis(0)));
            assert_eq!(ring.jwks(Millis(1))["keys"].as_array().unwrap().len(), 2);
            assert_eq!(ring.jwks(Millis(0).plus(HOUR))["keys"].as_array().unwrap().len(), 1);
        }
    }

    #[test]
    fn a_rotation_cut_off_between_its_files_leaves_the_old_key_signing() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let ring = KeyRing::open(&dir, &Random::system()).unwrap();
        let lines = [Line { jwk: ring.active().public().jwk(), verifies_until: Millis(10) }];
        std::fs::write(dir.oidc_retired_keys(), serde_json::to_vec(&lines).unwrap()).unwrap();
        let again = KeyRing::open(&dir, &Random::system()).unwrap();
        assert_eq!(again.jwks(Millis(0)), ring.jwks(Millis(0)));
    }
}
