//! The parts of RTP and RTCP packets that SRTP looks at.

/// Shortest RTP header.
const RTP_HEADER: usize = 12;
/// The part of an RTCP packet that stays readable.
pub(super) const RTCP_HEADER: usize = 8;
/// Index of RTCP, with the bit that says the packet is encrypted.
pub(super) const RTCP_INDEX: usize = 4;
/// That bit.
pub(super) const ENCRYPTED: u32 = 1 << 31;

/// The sender's name at this place.
pub(super) fn ssrc_at(packet: &[u8], at: usize) -> Option<[u8; 4]> {
    packet.get(at..at + 4)?.try_into().ok()
}

/// Length of an RTP header with its contributors and extension.
pub(super) fn rtp_header(packet: &[u8]) -> Option<usize> {
    let first = *packet.first().filter(|first| **first >> 6 == 2)?;
    let fixed = RTP_HEADER + usize::from(first & 0x0f) * 4;
    let length = match first & 0x10 {
        0 => fixed,
        _ => fixed + 4 + usize::from(u16::from_be_bytes(packet.get(fixed + 2..fixed + 4)?.try_into().ok()?)) * 4,
    };
    (length <= packet.len()).then_some(length)
}

/// The sequence number of an RTP packet.
pub(super) fn sequence_of(packet: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(packet.get(2..4)?.try_into().ok()?))
}

/// The upper half of an index, as the proof of the counter mode counts it in.
pub(super) fn rollover(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

/// What of a report is authenticated beside its encrypted part.
pub(super) fn about_report(head: &[u8], mark: [u8; 4]) -> [u8; 12] {
    let mut known = [0; 12];
    known[..8].copy_from_slice(&head[..8]);
    known[8..].copy_from_slice(&mark);
    known
}
