//! Checks a webhook's signatures without the product's own signing code: HMAC (RFC 2104) written out over SHA-256.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};

/// SHA-256's block size in bytes.
const BLOCK: usize = 64;

/// HMAC-SHA256 as RFC 2104 §2 writes it.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(digest(&SHA256, key).as_ref());
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner: Vec<u8> = block.iter().map(|b| b ^ 0x36).chain(message.iter().copied()).collect();
    let outer: Vec<u8> = block.iter().map(|b| b ^ 0x5c).chain(digest(&SHA256, &inner).as_ref().iter().copied()).collect();
    digest(&SHA256, &outer).as_ref().to_vec()
}

/// What a receiver got beside the body.
#[derive(Debug, Clone, Default)]
pub(super) struct Signed<'a> {
    /// `X-CodeB-Signature`.
    pub(super) codeb: &'a str,
    /// `webhook-id`.
    pub(super) id: &'a str,
    /// `webhook-timestamp`, Unix seconds.
    pub(super) timestamp: &'a str,
    /// `webhook-signature`, space-separated `v1,…` entries.
    pub(super) standard: &'a str,
}

/// Whether both signature schemes hold for the body under the subscription's secret (64 hexadecimal characters).
pub(super) fn holds(secret: &str, signed: &Signed<'_>, body: &[u8]) -> bool {
    codeb_holds(secret, signed.codeb, body) && standard_holds(secret, signed, body)
}

/// `sha256=` and the hexadecimal HMAC of the raw body, keyed with the secret's ASCII bytes (seed 002).
fn codeb_holds(secret: &str, signature: &str, body: &[u8]) -> bool {
    signature == format!("sha256={}", hex::encode(hmac_sha256(secret.as_bytes(), body)))
}

/// Standard Webhooks: base64 HMAC of `id.timestamp.body`, keyed with the base64-decoded secret (decision 13).
fn standard_holds(secret: &str, signed: &Signed<'_>, body: &[u8]) -> bool {
    let Ok(key) = BASE64_STANDARD.decode(secret) else { return false };
    let message = [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", body].concat();
    let wanted = format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&key, &message)));
    signed.standard.split(' ').any(|one| one == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_agrees_with_rfc_4231() {
        assert_eq!(
            hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex::encode(hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_changed_body_or_header_is_refused() {
        let secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let body = br#"{"event":"webhook.test"}"#;
        let codeb = format!("sha256={}", hex::encode(hmac_sha256(secret.as_bytes(), body)));
        let key = BASE64_STANDARD.decode(secret).expect("hexadecimal text is base64 too");
        let standard = format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&key, &[b"d1.17.".as_slice(), body].concat())));
        let signed = Signed { codeb: &codeb, id: "d1", timestamp: "17", standard: &standard };
        assert!(holds(secret, &signed, body));
        assert!(!holds(secret, &signed, br#"{"event":"webhook.Test"}"#));
        assert!(!holds(secret, &Signed { timestamp: "18", ..signed.clone() }, body));
        assert!(!holds("ff", &signed, body));
    }
}
