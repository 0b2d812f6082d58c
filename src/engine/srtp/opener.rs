//! The far end's direction: packets are proved and opened in place, each once.

use ring::aead::Aad;

use super::Suite;
use super::keys::{Keys, OF_RTCP, OF_RTP, counter, is_equal, nonce, tag_of};
use super::packet::{ENCRYPTED, RTCP_HEADER, RTCP_INDEX, about_report, rollover, rtp_header, sequence_of, ssrc_at};
use super::seen::{Seen, Streams, index_of};
use crate::base::Result;

/// Opens what the far end sends.
pub struct Opener {
    suite: Suite,
    rtp: Keys,
    rtcp: Keys,
    pub(super) streams: Streams<Seen>,
    reports: Streams<Seen>,
}

impl Opener {
    /// A direction with its master key and salt. `Internal` for lengths that do not fit the suite.
    pub fn new(suite: Suite, key: &[u8], salt: &[u8]) -> Result<Self> {
        let (rtp, rtcp) = (Keys::derive(suite, key, salt, OF_RTP)?, Keys::derive(suite, key, salt, OF_RTCP)?);
        Ok(Self { suite, rtp, rtcp, streams: Streams(Vec::new()), reports: Streams(Vec::new()) })
    }

    /// Opens the packet in the buffer and gives the length of the RTP that is there afterwards. `None`, and nothing is remembered, for a packet
    /// that is not the far end's or that has come before.
    pub fn rtp(&mut self, packet: &mut [u8]) -> Option<usize> {
        let n = packet.len().checked_sub(self.suite.tag_len())?;
        let (header, ssrc) = (rtp_header(packet.get(..n)?)?, ssrc_at(packet, 8)?);
        let mut seen = self.streams.get(ssrc)?;
        let index = index_of(seen.highest, sequence_of(packet)?);
        if !seen.is_new(index) {
            return None;
        }
        match &self.rtp {
            Keys::CounterMode { aes, auth, salt } => {
                let (body, tag) = packet.split_at_mut(n);
                if !is_equal(&tag_of(auth, &[body, &rollover(index)])[..tag.len()], tag) {
                    return None;
                }
                aes.apply(counter(salt, ssrc, index), &mut body[header..]);
            }
            Keys::Gcm { key, salt } => {
                let (head, sealed) = packet.split_at_mut(header);
                key.open_in_place(nonce(salt, ssrc, index), Aad::from(&*head), sealed).ok()?;
            }
        }
        seen.note(index);
        self.streams.set(ssrc, seen);
        Some(n)
    }

    /// Opens the packet in the buffer and gives the length of the RTCP that is there afterwards. `None` as in [`Opener::rtp`], and for
    /// reports that are not encrypted.
    pub fn rtcp(&mut self, packet: &mut [u8]) -> Option<usize> {
        let n = packet.len().checked_sub(self.suite.report_tag_len() + RTCP_INDEX).filter(|n| *n >= RTCP_HEADER)?;
        let ssrc = ssrc_at(packet, 4)?;
        let at = if self.suite.is_counter_mode() { n } else { n + 16 };
        let mark: [u8; 4] = packet.get(at..at + RTCP_INDEX)?.try_into().ok()?;
        let marked = u32::from_be_bytes(mark);
        let index = u64::from(marked & !ENCRYPTED);
        let mut seen = self.reports.get(ssrc)?;
        if marked & ENCRYPTED == 0 || !seen.is_new(index) {
            return None;
        }
        match &self.rtcp {
            Keys::CounterMode { aes, auth, salt } => {
                let (body, added) = packet.split_at_mut(n);
                if !is_equal(&tag_of(auth, &[body, &mark])[..10], &added[RTCP_INDEX..]) {
                    return None;
                }
                aes.apply(counter(salt, ssrc, index), &mut body[RTCP_HEADER..]);
            }
            Keys::Gcm { key, salt } => {
                let (head, rest) = packet.split_at_mut(RTCP_HEADER);
                let known = about_report(head, mark);
                let sealed = rest.get_mut(..at - RTCP_HEADER)?;
                key.open_in_place(nonce(salt, ssrc, index), Aad::from(known), sealed).ok()?;
            }
        }
        seen.note(index);
        self.reports.set(ssrc, seen);
        Some(n)
    }
}
