//! The little of STUN (RFC 8489) that an ICE-lite agent needs: it reads checks that carry its password and answers them. Pure.

use std::net::{IpAddr, SocketAddr};

use ring::hmac;

use crate::base::Random;

const HEADER: usize = 20;
const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const FINGERPRINT_XOR: u32 = 0x5354_554E;
/// Bytes of an HMAC-SHA1.
const DIGEST: usize = 20;

/// Our name and password in one call's checks.
pub(super) struct Credentials {
    pub(super) ufrag: String,
    pub(super) password: String,
    key: hmac::Key,
}

/// A check of the browser that carried our password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    transaction: [u8; 12],
    /// The browser wants to use this way.
    pub(super) is_chosen: bool,
}

impl Credentials {
    /// New ones; 128 bits of password.
    pub(super) fn new(random: &Random) -> Self {
        Self::of(random.hex::<4>(), random.hex::<16>())
    }

    fn of(ufrag: String, password: String) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        Self { ufrag, password, key }
    }

    /// Reads a check of the browser of this name. `None` for anything else; a stranger gets no answer.
    pub(super) fn read(&self, datagram: &[u8], their_ufrag: &str) -> Option<Check> {
        let (head, mut rest) = datagram.split_at_checked(HEADER)?;
        if u16_at(head, 0)? != BINDING_REQUEST || head[4..8] != COOKIE || usize::from(u16_at(head, 2)?) != rest.len() {
            return None;
        }
        let (mut is_for_us, mut is_chosen) = (false, false);
        while let Some((kind, value, after)) = attribute(rest) {
            match kind {
                USERNAME => {
                    let name = std::str::from_utf8(value).ok()?;
                    is_for_us = name.split_once(':').is_some_and(|(ours, theirs)| ours == self.ufrag && theirs == their_ufrag);
                }
                USE_CANDIDATE => is_chosen = true,
                MESSAGE_INTEGRITY => {
                    let before = &datagram[..datagram.len() - rest.len()];
                    let is_proven = is_for_us && self.proves(before, value);
                    return is_proven.then_some(Check { transaction: head[8..20].try_into().ok()?, is_chosen });
                }
                _ => {}
            }
            rest = after;
        }
        None
    }

    /// Whether the digest is that of what stands before it, under our password.
    fn proves(&self, before: &[u8], digest: &[u8]) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.digest(before)[..], digest).into()
    }

    /// The digest of a message up to its integrity attribute; its length counts to the end of that.
    fn digest(&self, before: &[u8]) -> [u8; DIGEST] {
        let length = u16::try_from(before.len() + 4 + DIGEST - HEADER).unwrap_or(0).to_be_bytes();
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&before[..2]);
        context.update(&length);
        context.update(&before[4..]);
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    /// The answer to a check, which tells the browser where we see it.
    pub(super) fn answer(&self, check: &Check, source: SocketAddr) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(80);
        bytes.extend(BINDING_SUCCESS.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(COOKIE);
        bytes.extend(check.transaction);
        put(&mut bytes, XOR_MAPPED_ADDRESS, &xored(source, &check.transaction));
        let digest = self.digest(&bytes);
        put(&mut bytes, MESSAGE_INTEGRITY, &digest);
        set_length(&mut bytes, 8);
        let sum = crc32fast::hash(&bytes) ^ FINGERPRINT_XOR;
        put(&mut bytes, FINGERPRINT, &sum.to_be_bytes());
        bytes
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The first attribute, and what follows it and its padding.
fn attribute(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (kind, length) = (u16_at(bytes, 0)?, usize::from(u16_at(bytes, 2)?));
    let value = bytes.get(4..4 + length)?;
    Some((kind, value, bytes.get(4 + length.next_multiple_of(4)..).unwrap_or_default()))
}

/// Appends an attribute and keeps the message's length right.
fn put(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(kind.to_be_bytes());
    bytes.extend(u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    set_length(bytes, 0);
}

/// Writes the length of the attributes, with so many more to come.
fn set_length(bytes: &mut [u8], more: usize) {
    let length = u16::try_from(bytes.len() - HEADER + more).unwrap_or(0).to_be_bytes();
    bytes[2..4].copy_from_slice(&length);
}

fn xored(source: SocketAddr, transaction: &[u8; 12]) -> Vec<u8> {
    let (family, mut ip) = match source.ip().to_canonical() {
        IpAddr::V4(v4) => (1, v4.octets().to_vec()),
        IpAddr::V6(v6) => (2, v6.octets().to_vec()),
    };
    for (byte, mask) in ip.iter_mut().zip(COOKIE.iter().chain(transaction)) {
        *byte ^= mask;
    }
    let port = source.port() ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
    [&[0, family][..], &port.to_be_bytes(), &ip].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours() -> Credentials {
        Credentials::of("abcd".to_owned(), "a-password-of-some-length".to_owned())
    }

    /// A check as a browser sends it.
    fn check(of: &Credentials, name: &str, is_chosen: bool) -> Vec<u8> {
        let mut bytes = [&BINDING_REQUEST.to_be_bytes()[..], &[0, 0], &COOKIE, b"transaction!"].concat();
        put(&mut bytes, USERNAME, name.as_bytes());
        if is_chosen {
            put(&mut bytes, USE_CANDIDATE, &[]);
        }
        let digest = of.digest(&bytes);
        put(&mut bytes, MESSAGE_INTEGRITY, &digest);
        set_length(&mut bytes, 8);
        let sum = crc32fast::hash(&bytes) ^ FINGERPRINT_XOR;
        put(&mut bytes, FINGERPRINT, &sum.to_be_bytes());
        bytes
    }

    #[test]
    fn a_check_with_our_password_is_read_and_others_are_not() {
        let ours = ours();
        for is_chosen in [false, true] {
            let read = ours.read(&check(&ours, "abcd:they", is_chosen), "they").expect("a check");
            assert_eq!((read.is_chosen, &read.transaction), (is_chosen, b"transaction!"));
        }
        let good = check(&ours, "abcd:they", true);
        assert_eq!(ours.read(&good, "others"), None);
        assert_eq!(ours.read(&check(&ours, "xxxx:they", true), "they"), None);
        assert_eq!(ours.read(&check(&Credentials::of("abcd".into(), "guessed".into()), "abcd:they", true), "they"), None);
        for at in [0, 4, 10, 26, 40] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(ours.read(&bad, "they"), None, "byte {at}");
        }
        assert_eq!(ours.read(&good[..good.len() - 4], "they"), None);
    }

    /// RFC 5769 §2.2: the answer of the test vectors tells 192.0.2.1:32853.
    #[test]
    fn an_address_is_told_as_in_the_vectors_of_the_rfc() {
        let transaction = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let told = xored("192.0.2.1:32853".parse().expect("an address"), &transaction);
        assert_eq!(told, [0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let told = xored("[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().expect("an address"), &transaction);
        assert_eq!(hex::encode(&told[4..]), "0113a9faa5d3f179bc25f4b5bed2b9d9");
    }

    #[test]
    fn an_answer_has_our_proof_and_a_right_fingerprint() {
        let ours = ours();
        let read = ours.read(&check(&ours, "abcd:they", true), "they").expect("a check");
        let answer = ours.answer(&read, "127.0.0.1:4000".parse().expect("an address"));
        assert_eq!(usize::from(u16_at(&answer, 2).expect("a length")), answer.len() - HEADER);
        let at = answer.len() - 8;
        let sum = crc32fast::hash(&answer[..at]) ^ FINGERPRINT_XOR;
        assert_eq!(answer[at + 4..], sum.to_be_bytes());
        assert!(ours.proves(&answer[..at - 24], &answer[at - 20..at]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), at in 0usize..100, byte in any::<u8>()) {
            let ours = ours();
            prop_assert_eq!(ours.read(&bytes, "they"), None);
            let mut near = check(&ours, "abcd:they", false);
            let at = at % near.len();
            near[at] = byte;
            let _ = ours.read(&near, "they");
        }
    }
}
