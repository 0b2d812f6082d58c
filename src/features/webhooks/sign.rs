//! The headers of a delivery: CodeB's own, and those of Standard Webhooks (decision 13). Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use crate::base::Millis;

/// What a delivery's headers are made of.
pub struct Signed<'a> {
    /// Name of the event.
    pub event: &'a str,
    /// The same on every attempt.
    pub delivery_id: &'a str,
    /// 1 to 4.
    pub attempt: u32,
    /// Where the event stands among all events of this box: what happened later has a higher number.
    pub sequence: Option<i64>,
    /// When this attempt is made.
    pub now: Millis,
    /// The body as it is sent.
    pub body: &'a [u8],
    /// The secret in force.
    pub secret: &'a str,
    /// The secret that takes over when the rotation ends.
    pub next_secret: Option<&'a str>,
}

/// Names and values: what a receiver checks.
pub fn headers(signed: &Signed<'_>) -> Vec<(&'static str, String)> {
    let seconds = signed.now.0.div_euclid(1000);
    let mut standard = vec![standard_signature(signed, signed.secret, seconds)];
    let mut headers = vec![
        ("X-CodeB-Event", signed.event.to_owned()),
        ("X-CodeB-Signature", codeb_signature(signed.secret, signed.body)),
        ("X-CodeB-Delivery-Id", signed.delivery_id.to_owned()),
        ("X-CodeB-Attempt", signed.attempt.to_string()),
    ];
    if let Some(sequence) = signed.sequence {
        headers.push(("X-CodeB-Sequence", sequence.to_string()));
    }
    if let Some(next) = signed.next_secret {
        headers.push(("X-CodeB-Signature-Next", codeb_signature(next, signed.body)));
        standard.push(standard_signature(signed, next, seconds));
    }
    headers.push(("webhook-id", signed.delivery_id.to_owned()));
    headers.push(("webhook-timestamp", seconds.to_string()));
    headers.push(("webhook-signature", standard.join(" ")));
    headers
}

/// `sha256=` and the hexadecimal HMAC of the body; the key is the secret's text as it was shown.
fn codeb_signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// `v1,` and the base64 HMAC of id, time and body; the key is the secret read as base64.
fn standard_signature(signed: &Signed<'_>, secret: &str, seconds: i64) -> String {
    // 64 hexadecimal digits are valid base64 of 48 bytes; another text would be its own key.
    let key = BASE64_STANDARD.decode(secret).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
    context.update(format!("{}.{seconds}.", signed.delivery_id).as_bytes());
    context.update(signed.body);
    format!("v1,{}", BASE64_STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed<'a>(secret: &'a str, next: Option<&'a str>) -> Signed<'a> {
        Signed {
            event: "call.ended",
            delivery_id: "dlv_1",
            attempt: 2,
            sequence: Some(41),
            now: Millis(1_767_268_805_500),
            body: b"{}",
            secret,
            next_secret: next,
        }
    }

    fn value(headers: &[(&'static str, String)], name: &str) -> String {
        headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()).unwrap_or_default()
    }

    #[test]
    fn the_signature_is_the_hmac_of_rfc_4231() {
        // RFC 4231, test case 2.
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(codeb_signature("Jefe", b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn while_rotating_both_secrets_sign_and_the_old_one_stays_in_front() {
        let (old, new) = ("a".repeat(64), "b".repeat(64));
        let before = headers(&signed(&old, None));
        let during = headers(&signed(&old, Some(&new)));
        let after = headers(&signed(&new, None));
        assert_eq!(value(&before, "X-CodeB-Signature"), value(&during, "X-CodeB-Signature"));
        assert_eq!(value(&during, "X-CodeB-Signature-Next"), value(&after, "X-CodeB-Signature"));
        assert_eq!(value(&before, "X-CodeB-Signature-Next"), "");
        let both = value(&during, "webhook-signature");
        assert_eq!(both, format!("{} {}", value(&before, "webhook-signature"), value(&after, "webhook-signature")));
        assert_eq!(value(&during, "webhook-timestamp"), "1767268805");
        assert_eq!(value(&during, "X-CodeB-Attempt"), "2");
    }
}
