//! Keys as events in RTP (RFC 4733): recognising them and sending them. Pure.

use std::collections::VecDeque;

/// The keys in the order of their event numbers.
const KEYS: &[u8; 16] = b"0123456789*#ABCD";
/// Packets that carry one key: five while it is held, three that say it was released.
const PACKETS_PER_KEY: u8 = 8;
/// Packets of sound between two keys.
const PAUSE_PACKETS: u8 = 3;
/// Most keys that wait.
const MOST_KEYS: usize = 64;

/// Recognises keys. Each is reported once, however many packets carry it.
#[derive(Debug, Clone, Default)]
pub(super) struct KeysIn {
    last: Option<(u32, u8)>,
}

impl KeysIn {
    /// A packet of events; the key if it is a new one. All packets of one key have the same timestamp.
    pub(super) fn hear(&mut self, timestamp: u32, payload: &[u8]) -> Option<char> {
        let event = *payload.first().filter(|_| payload.len() >= 4)?;
        let key = char::from(*KEYS.get(usize::from(event))?);
        if self.last == Some((timestamp, event)) {
            return None;
        }
        // A packet of an older key that was overtaken on the way.
        let is_older = self.last.is_some_and(|(last, _)| timestamp.wrapping_sub(last) > u32::MAX / 2);
        if is_older {
            return None;
        }
        self.last = Some((timestamp, event));
        Some(key)
    }
}

/// One packet of a key to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyPacket {
    pub(super) payload: [u8; 4],
    /// The first of its key: carries the marker.
    pub(super) is_first: bool,
    /// The RTP timestamp is that of the first packet.
    pub(super) timestamp: u32,
}

/// Sends keys.
#[derive(Debug, Clone, Default)]
pub(super) struct KeysOut {
    waiting: VecDeque<u8>,
    sent: u8,
    pause: u8,
    timestamp: u32,
}

impl KeysOut {
    /// Queues keys; unknown ones and what is too much are skipped.
    pub(super) fn push(&mut self, keys: &str) {
        let events = keys.bytes().filter_map(|key| KEYS.iter().position(|k| *k == key.to_ascii_uppercase()));
        let room = MOST_KEYS.saturating_sub(self.waiting.len());
        self.waiting.extend(events.take(room).filter_map(|event| u8::try_from(event).ok()));
    }

    /// The key packet to be sent now instead of sound, if any. `step`: ticks of the events' clock in one packet.
    pub(super) fn next(&mut self, now: u32, step: u32) -> Option<KeyPacket> {
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        let event = *self.waiting.front()?;
        let is_first = self.sent == 0;
        if is_first {
            self.timestamp = now;
        }
        self.sent += 1;
        let is_end = self.sent > PACKETS_PER_KEY - 3;
        let held = u32::from(self.sent.min(PACKETS_PER_KEY - 2)) * step;
        let [_, _, high, low] = held.min(u32::from(u16::MAX)).to_be_bytes();
        let payload = [event, 10 | if is_end { 0x80 } else { 0 }, high, low];
        if self.sent == PACKETS_PER_KEY {
            self.waiting.pop_front();
            self.sent = 0;
            self.pause = PAUSE_PACKETS;
        }
        Some(KeyPacket { payload, is_first, timestamp: self.timestamp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent for these keys, with the clock going on.
    fn sent(keys: &str) -> Vec<KeyPacket> {
        let mut out = KeysOut::default();
        out.push(keys);
        (0u32..200).filter_map(|tick| out.next(tick * 160, 160)).collect()
    }

    #[test]
    fn keys_that_are_sent_are_heard_once_each_even_when_equal() {
        let mut heard = KeysIn::default();
        let text: String = sent("55#aX*").iter().filter_map(|packet| heard.hear(packet.timestamp, &packet.payload)).collect();
        assert_eq!(text, "55#A*");
    }

    #[test]
    fn a_key_survives_the_loss_of_all_but_one_packet_and_reordering() {
        for kept in 0..8 {
            let packet = sent("7")[kept];
            assert_eq!(KeysIn::default().hear(packet.timestamp, &packet.payload), Some('7'));
        }
        let packets = sent("12");
        let mut heard = KeysIn::default();
        let order = [packets[0], packets[8], packets[7], packets[9]];
        assert_eq!(order.iter().filter_map(|p| heard.hear(p.timestamp, &p.payload)).collect::<String>(), "12");
    }

    #[test]
    fn the_last_three_packets_say_released_with_the_same_duration() {
        let packets = sent("1");
        let ends: Vec<bool> = packets.iter().map(|packet| packet.payload[1] & 0x80 != 0).collect();
        assert_eq!(ends, [false, false, false, false, false, true, true, true]);
        assert_eq!(packets[5].payload[2..], packets[7].payload[2..]);
        assert!(packets[0].is_first && !packets[1].is_first);
    }

    #[test]
    fn garbage_is_no_key() {
        let mut heard = KeysIn::default();
        assert_eq!(heard.hear(1, &[]), None);
        assert_eq!(heard.hear(1, &[5, 0, 0]), None);
        assert_eq!(heard.hear(1, &[16, 0, 0, 0]), None);
    }
}
