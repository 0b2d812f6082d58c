//! Puts what came over the network back into order and time. Pure.

mod packets;
mod ring;
mod schedule;

pub(super) use packets::{Next, Packets};
pub(super) use ring::{Piece, Ring};

use super::codec::Codec;
use super::rtp::Packet;

/// The buffer of one direction.
pub(super) enum Jitter {
    /// For codecs with one byte per tick of the clock.
    Ring(Ring),
    /// For packets that can only be decoded whole.
    Packets(Packets),
}

impl Jitter {
    /// For this codec.
    pub(super) fn new(codec: Codec) -> Self {
        match codec {
            Codec::Opus => Self::Packets(Packets::new(codec.step())),
            _ => Self::Ring(Ring::new(codec.silence().unwrap_or(0))),
        }
    }

    /// A packet of the codec.
    pub(super) fn put(&mut self, packet: &Packet<'_>) {
        match self {
            Self::Ring(ring) => ring.put(packet),
            Self::Packets(packets) => packets.put(packet),
        }
    }

    /// Forgets what waits; the next packet starts anew.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Ring(ring) => ring.reset(),
            Self::Packets(packets) => packets.reset(),
        }
    }

    /// Packets that came after their time.
    pub(super) fn n_late(&self) -> u64 {
        match self {
            Self::Ring(ring) => ring.n_late(),
            Self::Packets(packets) => packets.n_late(),
        }
    }

    /// How long a packet waits at present, in milliseconds.
    pub(super) fn delay_ms(&self) -> u32 {
        match self {
            Self::Ring(ring) => ring.delay_ms(),
            Self::Packets(packets) => packets.delay_ms(),
        }
    }

    /// Whether more waits than is needed; then [`Jitter::skip`] at a moment that is quiet.
    pub(super) fn is_too_long(&self) -> bool {
        match self {
            Self::Ring(ring) => ring.is_too_long(),
            Self::Packets(packets) => packets.is_too_long(),
        }
    }

    /// Leaves 20 ms out.
    pub(super) fn skip(&mut self) {
        match self {
            Self::Ring(ring) => ring.skip(),
            Self::Packets(packets) => packets.skip(),
        }
    }
}
