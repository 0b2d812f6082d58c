//! Randomness, passed in: the system's for the program, a seeded stream for tests.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SecureRandom;

/// A source of random bytes. Cheap to clone.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System(Arc<ring::rand::SystemRandom>),
    Seeded(Arc<AtomicU64>),
}

impl Random {
    /// The operating system's generator; fit for secrets.
    pub fn system() -> Self {
        Self(Source::System(Arc::new(ring::rand::SystemRandom::new())))
    }

    /// A repeatable stream for tests. Never for secrets.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(AtomicU64::new(seed))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing may go on without it.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills a buffer with random bytes.
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System(system) => system.fill(bytes).expect("the operating system gives randomness"),
            Source::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let word = split_mix(state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
                    chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }

    /// `2 * N` lower-case hexadecimal digits.
    pub fn hex<const N: usize>(&self) -> String {
        hex::encode(self.bytes::<N>())
    }

    /// `N` random bytes as URL-safe base64 without padding (24 bytes make 32 characters).
    pub fn url_safe<const N: usize>(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }

    /// A number below `bound` (zero for zero).
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { u64::from_le_bytes(self.bytes()) % bound }
    }

    /// A random UUID (version 4).
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

/// SplitMix64 by Steele, Lea and Flood (2014).
fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
