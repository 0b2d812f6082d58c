//! Our direction: packets are sealed in place.

use ring::aead::Aad;

use super::Suite;
use super::keys::{Keys, OF_RTCP, OF_RTP, counter, nonce, tag_of};
use super::packet::{ENCRYPTED, RTCP_HEADER, RTCP_INDEX, about_report, rollover, rtp_header, sequence_of, ssrc_at};
use super::seen::{Streams, index_of};
use crate::base::Result;

/// Seals what we send.
pub struct Sealer {
    pub(super) suite: Suite,
    pub(super) rtp: Keys,
    pub(super) rtcp: Keys,
    pub(super) streams: Streams<Option<u64>>,
    pub(super) n_reports: u32,
}

impl Sealer {
    /// A direction with its master key and salt. `Internal` for lengths that do not fit the suite.
    pub fn new(suite: Suite, key: &[u8], salt: &[u8]) -> Result<Self> {
        let (rtp, rtcp) = (Keys::derive(suite, key, salt, OF_RTP)?, Keys::derive(suite, key, salt, OF_RTCP)?);
        Ok(Self { suite, rtp, rtcp, streams: Streams(Vec::new()), n_reports: 0 })
    }

    /// Seals the RTP packet in the first `n` bytes; behind them must be [`MOST_ADDED`](super::MOST_ADDED) more. Gives the new length, `None` for what is no RTP.
    pub fn rtp(&mut self, buffer: &mut [u8], n: usize) -> Option<usize> {
        let packet = buffer.get(..n)?;
        let (header, ssrc) = (rtp_header(packet)?, ssrc_at(packet, 8)?);
        let highest = self.streams.get(ssrc)?;
        let index = index_of(highest, sequence_of(packet)?);
        let end = n + self.suite.tag_len();
        let (body, tag) = buffer.get_mut(..end)?.split_at_mut(n);
        match &self.rtp {
            Keys::CounterMode { aes, auth, salt } => {
                aes.apply(counter(salt, ssrc, index), &mut body[header..]);
                let made = tag_of(auth, &[body, &rollover(index)]);
                tag.copy_from_slice(&made[..tag.len()]);
            }
            Keys::Gcm { key, salt } => {
                let (head, payload) = body.split_at_mut(header);
                let made = key.seal_in_place_separate_tag(nonce(salt, ssrc, index), Aad::from(&*head), payload).ok()?;
                tag.copy_from_slice(made.as_ref());
            }
        }
        self.streams.set(ssrc, Some(highest.map_or(index, |highest| highest.max(index))));
        Some(end)
    }

    /// Seals the RTCP packet in the first `n` bytes; behind them must be [`MOST_ADDED`](super::MOST_ADDED) more. Gives the new length, `None` for what is no RTCP.
    pub fn rtcp(&mut self, buffer: &mut [u8], n: usize) -> Option<usize> {
        let ssrc = ssrc_at(buffer.get(..n).filter(|packet| packet.len() >= RTCP_HEADER)?, 4)?;
        // 31 bits: at a report in five seconds they last for centuries.
        self.n_reports = self.n_reports.wrapping_add(1) & !ENCRYPTED;
        let mark = (self.n_reports | ENCRYPTED).to_be_bytes();
        let index = u64::from(self.n_reports);
        let end = n + self.suite.report_tag_len() + RTCP_INDEX;
        let (body, added) = buffer.get_mut(..end)?.split_at_mut(n);
        match &self.rtcp {
            Keys::CounterMode { aes, auth, salt } => {
                aes.apply(counter(salt, ssrc, index), &mut body[RTCP_HEADER..]);
                let tag = tag_of(auth, &[body, &mark]);
                added[..RTCP_INDEX].copy_from_slice(&mark);
                added[RTCP_INDEX..].copy_from_slice(&tag[..10]);
            }
            Keys::Gcm { key, salt } => {
                let (head, payload) = body.split_at_mut(RTCP_HEADER);
                let known = about_report(head, mark);
                let made = key.seal_in_place_separate_tag(nonce(salt, ssrc, index), Aad::from(known), payload).ok()?;
                added[..16].copy_from_slice(made.as_ref());
                added[16..].copy_from_slice(&mark);
            }
        }
        Some(end)
    }
}
