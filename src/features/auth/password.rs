//! Passwords: argon2id, two at a time, so that a flood of logins cannot take the machine's memory or its cores.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::base::secret::Secret;
use crate::base::{Context, Error, Random, Result};

/// Memory per hash in KiB (19 MiB), passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Hashes at once.
const AT_ONCE: usize = 2;
/// Callers that may wait for their turn; more are told to come back.
const WAITING: usize = 256;
/// Shortest and longest password in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1024;

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub(super) struct Hasher {
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    random: Random,
    /// Checked in place of the hash of a user who does not exist: as slow as a real one, matched by nothing.
    nobody: Arc<str>,
}

/// A place among the two that hash.
pub(super) struct Turn<'a> {
    _turn: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

impl Hasher {
    pub(super) fn new(random: Random) -> Self {
        let nobody = format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            COST.0,
            COST.1,
            COST.2,
            BASE64_STANDARD_NO_PAD.encode(random.bytes::<16>()),
            BASE64_STANDARD_NO_PAD.encode(random.bytes::<32>())
        );
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), queue: Arc::new(Semaphore::new(WAITING)), random, nobody: nobody.into() }
    }

    /// Waits for a turn. With too many waiting already the answer is 503.
    pub(super) async fn turn(&self) -> Result<Turn<'_>> {
        let place = self.queue.try_acquire().map_err(|_| Error::unavailable("too many logins at once").retry_after(2))?;
        let turn = self.turns.acquire().await.context("the password queue is closed")?;
        Ok(Turn { _turn: turn, _place: place })
    }

    /// Hashes a new password to a PHC string. Fails for one that is too short or too long.
    pub(super) async fn hash(&self, password: Secret) -> Result<String> {
        check_length(&password)?;
        let _turn = self.turn().await?;
        let salt = self.random.bytes::<16>();
        off_the_runtime(move || {
            let hash = argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt);
            Ok(hash.map_err(|error| Error::internal("cannot hash a password").caused_by(error.to_string()))?.to_string())
        })
        .await
    }

    /// Whether the password is the one of this hash; `None` costs the same time and is never right.
    pub(super) async fn verify(&self, _turn: &Turn<'_>, password: Secret, hash: Option<String>) -> Result<bool> {
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let fits = off_the_runtime(move || {
            let hash = PasswordHash::new(&hash)
                .map_err(|error| Error::internal("a stored password is unreadable").caused_by(error.to_string()))?;
            // A password too long to have been set is hashed as the empty one: same cost, same refusal.
            let text = if password.expose().len() > *LENGTHS.end() { "" } else { password.expose() };
            Ok(argon2()?.verify_password(text.as_bytes(), &hash).is_ok())
        })
        .await?;
        Ok(fits && is_somebody)
    }
}

fn check_length(password: &Secret) -> Result<()> {
    if LENGTHS.contains(&password.expose().len()) {
        return Ok(());
    }
    let sentence = format!("a password has {} to {} bytes", LENGTHS.start(), LENGTHS.end());
    Err(Error::invalid(sentence.clone()).field("password", sentence))
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(COST.0, COST.1, COST.2, None)
        .map_err(|error| Error::internal("argon2 refuses its cost").caused_by(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a password worker panicked")?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nobody_s_fits_none() {
        let hasher = Hasher::new(Random::system());
        let hash = hasher.hash(Secret::new("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let turn = hasher.turn().await.unwrap();
        assert!(hasher.verify(&turn, Secret::new("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(&turn, Secret::new("wrong horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(&turn, Secret::new("x".repeat(5000)), Some(hash)).await.unwrap());
        assert!(!hasher.verify(&turn, Secret::new("correct horse"), None).await.unwrap());
        assert!(hasher.hash(Secret::new("short")).await.is_err());
    }
}
