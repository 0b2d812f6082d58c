//! SRTP (RFC 3711, RFC 7714): packets of one direction are sealed or opened in place. It knows neither where keys come from nor where packets go.

mod keys;
mod opener;
mod packet;
mod sealer;
mod seen;
#[cfg(test)]
mod tests;

pub use opener::Opener;
pub use sealer::Sealer;

/// Bytes that sealing adds at most: a tag of 16, and the index of RTCP.
pub const MOST_ADDED: usize = 20;

/// How packets are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128Sha1,
    /// `AEAD_AES_128_GCM`.
    Aes128Gcm,
    /// `AEAD_AES_256_GCM`.
    Aes256Gcm,
}

impl Suite {
    /// Bytes of the master key.
    pub fn key_len(self) -> usize {
        if self == Self::Aes256Gcm { 32 } else { 16 }
    }

    /// Bytes of the master salt.
    pub fn salt_len(self) -> usize {
        if self == Self::AesCm128Sha1 { 14 } else { 12 }
    }

    fn tag_len(self) -> usize {
        if self == Self::AesCm128Sha1 { 10 } else { 16 }
    }
}
