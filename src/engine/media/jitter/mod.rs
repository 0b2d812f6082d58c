//! Puts what came over the network back into order and time. Pure.

mod packets;
mod ring;
mod schedule;

pub(super) use packets::{Next, Packets};
pub(super) use ring::{Piece, Ring};

use super::codec::{Codec, PACKET_BYTES};
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

    /// The next 20 ms of payload ahead of their time, for who need not hear evenly: each once and in order. False when they are not there yet,
    /// and for a codec that can only be decoded when it is played.
    pub(super) fn peek(&mut self, payload: &mut [u8; PACKET_BYTES]) -> bool {
        match self {
            Self::Ring(ring) => ring.peek(payload),
            Self::Packets(_) => false,
        }
    }

    /// Whether what was played last had been given by [`Jitter::peek`] before.
    pub(super) fn is_ahead(&self) -> bool {
        match self {
            Self::Ring(ring) => ring.is_ahead(),
            Self::Packets(_) => false,
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
