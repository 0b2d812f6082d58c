//! SRTP against the vectors of its RFCs, against itself, and against what a stranger may send.

use proptest::prelude::*;

use super::keys::{Aes, Keys};
use super::seen::{MOST_STREAMS, Streams, index_of};
use super::*;

const SUITES: [Suite; 4] = [Suite::AesCm128Sha1, Suite::AesCm128Sha1Short, Suite::Aes128Gcm, Suite::Aes256Gcm];

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).expect("hex")
}

fn pair(suite: Suite) -> (Sealer, Opener) {
    let key: Vec<u8> = (0..suite.key_len()).map(|n| u8::try_from(n * 7).expect("small")).collect();
    let salt: Vec<u8> = (0..suite.salt_len()).map(|n| u8::try_from(200 - n).expect("small")).collect();
    (Sealer::new(suite, &key, &salt).expect("fits"), Opener::new(suite, &key, &salt).expect("fits"))
}

/// An RTP packet with a contributor and an extension.
fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x91, 0, 0, 0, 0, 0, 0, 160, 1, 2, 3, 4, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4];
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet.extend((0..160).map(|n| u8::try_from(n).expect("small")));
    packet
}

fn sealed(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + MOST_ADDED, 0);
    let n = sealer.rtp(&mut buffer, packet.len()).expect("RTP");
    buffer.truncate(n);
    buffer
}

/// RFC 3711 appendix B.3.
#[test]
fn session_keys_are_those_of_the_rfc() {
    let (key, salt) = (bytes("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes("0EC675AD498AFEEBB6960B3AABE6"));
    let master = Aes::new(&key).unwrap();
    for (label, expected) in
        [(0u8, "C61E7A93744F39EE10734AFE3FF7A087"), (2, "30CBBC08863D8C85D49DB34A9AE1"), (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")]
    {
        let expected = bytes(expected);
        let (mut counter, mut out) = ([0; 16], vec![0; expected.len()]);
        counter[..14].copy_from_slice(&salt);
        counter[7] ^= label;
        master.apply(counter, &mut out);
        assert_eq!(out, expected, "label {label}");
    }
}

/// RFC 7714 §16.1.1: the session key and salt are given, not derived.
#[test]
fn a_packet_under_gcm_is_that_of_the_rfc() {
    let key: Vec<u8> = (0..16).collect();
    let salt: [u8; 12] = *b"Quid pro quo";
    let gcm = || Keys::gcm(&key, salt).unwrap();
    let mut sealer = Sealer { suite: Suite::Aes128Gcm, rtp: gcm(), rtcp: gcm(), streams: Streams(Vec::new()), n_reports: 0 };
    let mut packet = bytes("8040f17b 8041f8d3 5501a0b2");
    packet.extend(b"Gallia est omnis divisa in partes tres");
    let expected = bytes(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1
         6a9152cf 765ee439 0cce",
    );
    assert_eq!(hex::encode(sealed(&mut sealer, &packet)), hex::encode(expected));
}

#[test]
fn what_is_sealed_is_opened_once_and_not_when_a_bit_was_changed() {
    for suite in SUITES {
        let (mut sealer, mut opener) = pair(suite);
        for sequence in [65_534u16, 65_535, 0, 1] {
            let packet = rtp(sequence);
            let good = sealed(&mut sealer, &packet);
            assert_ne!(good[24..40], packet[24..40], "{suite:?} leaves the sound readable");
            for at in [0, 3, 9, 30, good.len() - 1] {
                let mut bad = good.clone();
                bad[at] ^= 1;
                assert_eq!(opener.rtp(&mut bad), None, "{suite:?}: byte {at}");
            }
            let mut open = good.clone();
            let n = opener.rtp(&mut open).expect("ours");
            assert_eq!(open[..n], packet[..], "{suite:?} {sequence}");
            assert_eq!(opener.rtp(&mut good.clone()), None, "{suite:?}: a replay");
        }
    }
}

#[test]
fn sound_and_reports_grow_by_what_the_rfcs_say() {
    for (suite, sound, report) in
        [(Suite::AesCm128Sha1, 10, 14), (Suite::AesCm128Sha1Short, 4, 14), (Suite::Aes128Gcm, 16, 20), (Suite::Aes256Gcm, 16, 20)]
    {
        let (mut sealer, _) = pair(suite);
        let packet = rtp(1);
        assert_eq!(sealed(&mut sealer, &packet).len() - packet.len(), sound, "{suite:?}");
        let mut buffer = [[0x80, 200, 0, 6, 1, 2, 3, 4].as_slice(), &[7; 20 + MOST_ADDED]].concat();
        assert_eq!(sealer.rtcp(&mut buffer, 28), Some(28 + report), "{suite:?}");
    }
}

#[test]
fn reports_are_opened_once_and_not_when_a_bit_was_changed() {
    for suite in SUITES {
        let (mut sealer, mut opener) = pair(suite);
        for _ in 0..3 {
            let report = [&[0x80, 200, 0, 6, 1, 2, 3, 4][..], &[7; 20]].concat();
            let mut buffer = report.clone();
            buffer.resize(report.len() + MOST_ADDED, 0);
            let n = sealer.rtcp(&mut buffer, report.len()).expect("RTCP");
            buffer.truncate(n);
            for at in [1, 5, 12, n - 1, n - 12] {
                let mut bad = buffer.clone();
                bad[at] ^= 1;
                assert_eq!(opener.rtcp(&mut bad), None, "{suite:?}: byte {at}");
            }
            let mut open = buffer.clone();
            let n = opener.rtcp(&mut open).expect("ours");
            assert_eq!(open[..n], report[..], "{suite:?}");
            assert_eq!(opener.rtcp(&mut buffer.clone()), None, "{suite:?}: a replay");
        }
    }
}

#[test]
fn packets_out_of_order_are_taken_and_very_old_ones_are_not() {
    let (mut sealer, mut opener) = pair(Suite::AesCm128Sha1);
    let packets: Vec<Vec<u8>> = (0..200).map(|sequence| sealed(&mut sealer, &rtp(sequence))).collect();
    for at in [5usize, 3, 4, 150, 100, 2] {
        let taken = opener.rtp(&mut packets[at].clone());
        assert_eq!(taken.is_some(), at != 2, "{at}");
    }
}

#[test]
fn the_rollover_follows_the_nearest_sequence_number() {
    let at = |rollover: u64, sequence: u64| Some(rollover << 16 | sequence);
    for (highest, sequence, index) in [
        (None, 5u16, 5u64),
        (at(0, 65_535), 0, 1 << 16),
        (at(1, 0), 65_535, 65_535),
        (at(1, 3), 65_000, 65_000),
        (at(2, 40_000), 40_001, 2 << 16 | 40_001),
        (at(0, 3), 65_000, 65_000),
    ] {
        assert_eq!(index_of(highest, sequence), index, "{highest:?} {sequence}");
    }
}

#[test]
fn a_stranger_gets_no_state_and_no_more_than_a_few_senders_are_told_apart() {
    let (mut sealer, mut opener) = pair(Suite::Aes128Gcm);
    for n in 0..20u8 {
        let mut packet = rtp(1);
        packet[8] = n;
        let sealed = if usize::from(n) < MOST_STREAMS { sealed(&mut sealer, &packet) } else { packet };
        assert_eq!(opener.rtp(&mut sealed.clone()).is_some(), usize::from(n) < MOST_STREAMS, "{n}");
    }
    assert_eq!(opener.streams.0.len(), MOST_STREAMS);
}

#[test]
fn keys_of_another_length_are_refused() {
    for suite in SUITES {
        assert!(Sealer::new(suite, &[1; 15], &[1; 14]).is_err(), "{suite:?}");
        assert!(Opener::new(suite, &[1; 32], &[1; 3]).is_err(), "{suite:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        for suite in SUITES {
            let (mut sealer, mut opener) = pair(suite);
            prop_assert!(opener.rtp(&mut bytes.clone()).is_none());
            prop_assert!(opener.rtcp(&mut bytes.clone()).is_none());
            let mut buffer = bytes.clone();
            buffer.resize(bytes.len() + MOST_ADDED, 0);
            let _ = sealer.rtp(&mut buffer, bytes.len());
            let _ = sealer.rtcp(&mut buffer, bytes.len());
        }
    }
}
