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
    /// `AES_CM_128_HMAC_SHA1_32`: the same with a shorter proof of sound; reports have the long one (RFC 4568 §6.2.2).
    AesCm128Sha1Short,
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
        if self.is_counter_mode() { 14 } else { 12 }
    }

    fn is_counter_mode(self) -> bool {
        matches!(self, Self::AesCm128Sha1 | Self::AesCm128Sha1Short)
    }

    /// Bytes that prove a packet of sound.
    fn tag_len(self) -> usize {
        if self == Self::AesCm128Sha1Short { 4 } else { self.report_tag_len() }
    }

    /// Bytes that prove a report.
    fn report_tag_len(self) -> usize {
        if self.is_counter_mode() { 10 } else { 16 }
    }
}
