//! RTP packets (RFC 3550): reading what came, writing the header of what goes.

/// Longest header we write.
pub(super) const HEADER: usize = 12;

/// A packet as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) payload_type: u8,
    pub(super) marker: bool,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    pub(super) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet; `None` if it is not RTP.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEADER)?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let payload_type = head[1] & 0x7f;
        // RTCP sent to the RTP port (RFC 5761 §4).
        if (64..=95).contains(&payload_type) {
            return None;
        }
        let mut rest = rest.get(usize::from(head[0] & 0x0f) * 4..)?;
        if head[0] & 0x10 != 0 {
            let (extension, after) = rest.split_at_checked(4)?;
            let words = usize::from(u16::from_be_bytes([extension[2], extension[3]]));
            rest = after.get(words * 4..)?;
        }
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*rest.last()?);
            rest = rest.get(..rest.len().checked_sub(padding).filter(|_| padding > 0)?)?;
        }
        Some(Self {
            payload_type,
            marker: head[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            payload: rest,
        })
    }
}

/// The running header of a stream we send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
}

impl Header {
    /// Writes the header of one packet.
    pub(super) fn write(&self, payload_type: u8, marker: bool, timestamp: u32, into: &mut [u8]) {
        into[0] = 0x80;
        into[1] = payload_type | if marker { 0x80 } else { 0 };
        into[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        into[4..8].copy_from_slice(&timestamp.to_be_bytes());
        into[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let header = Header { ssrc: 0xdead_beef, sequence: 65_535, timestamp: 7 };
        let mut bytes = [9; HEADER + 3];
        header.write(101, true, 1234, &mut bytes);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.payload_type, packet.marker, packet.sequence), (101, true, 65_535));
        assert_eq!((packet.timestamp, packet.ssrc, packet.payload), (1234, 0xdead_beef, &[9u8, 9, 9][..]));
    }

    #[test]
    fn contributors_extensions_and_padding_are_skipped() {
        let mut bytes = vec![0x80 | 0x20 | 0x10 | 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend([1, 1, 1, 1]);
        bytes.extend([0xbe, 0xde, 0, 1, 5, 5, 5, 5]);
        bytes.extend([42, 43, 0, 2]);
        assert_eq!(Packet::parse(&bytes).unwrap().payload, [42, 43]);
    }

    #[test]
    fn what_is_not_rtp_is_nothing() {
        let lying_padding = [0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 200];
        let lying_extension = [0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 255, 255, 1];
        let lying_contributors = [0x8f, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        let rtcp = [0x80, 200, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        let cases: [&[u8]; 7] = [&[], &[0x80; 11], &[0x40; 20], &lying_padding, &lying_extension, &lying_contributors, &rtcp];
        for bytes in cases {
            assert_eq!(Packet::parse(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Packet::parse(&bytes);
        }
    }
}
