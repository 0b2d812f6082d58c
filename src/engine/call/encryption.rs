//! What a carrier wants of encryption, in the words of the media.

use crate::contract::trunk::{MediaEncryption, Transport, Trunk};
use crate::engine::media::Encryption;

/// What the trunk wants of encryption.
pub(super) fn encryption(trunk: &Trunk) -> Encryption {
    match (trunk.media_encryption, trunk.transport) {
        (MediaEncryption::Off, _) | (MediaEncryption::Auto, Transport::Udp | Transport::Tcp) => Encryption::Never,
        (MediaEncryption::Auto, Transport::Tls) => Encryption::IfTaken,
        (MediaEncryption::Required, _) => Encryption::Always,
    }
}
