//! How the callers of a load behave, and what is found out by it.

use std::sync::Arc;

use super::Does;
use super::barge::Caller;
use super::disturb::Disturber;
use super::talk::Talker;
use super::wire;
use crate::engine::media::Clip;

/// What was found on one call. Times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Found {
    /// From the first sound of an interruption to the bot's last.
    pub(super) took_ms: Vec<f64>,
    /// Interruptions after which the bot went on speaking to the end of the caller's words.
    pub(super) n_ignored: u32,
    /// From the last sound of the caller's words to the first of the bot's answer.
    pub(super) answers_ms: Vec<f64>,
    /// Words that were not answered.
    pub(super) n_unanswered: u32,
    /// Noises that were made while the bot spoke.
    pub(super) n_disturbances: u32,
    /// Noises after which the bot did not go on.
    pub(super) n_false: u32,
}

/// A caller, packet by packet. Moments are nanoseconds of a clock that only goes on.
pub(super) trait Acts: Send {
    /// A packet of the bot came.
    fn hear(&mut self, is_loud: bool, at: u64);
    /// The next 20 ms of sound to send, if there are any now; else the noise of the line is sent.
    fn speak(&mut self, at: u64) -> Option<&[u8]>;
    /// What was found.
    fn finish(self: Box<Self>) -> Found;
}

/// What every caller of a load does, its sounds made ready.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    Listens,
    Interrupts(Arc<[u8]>),
    Talks(Arc<[u8]>),
    Disturbs(Arc<[Arc<[u8]>]>),
}

impl Manner {
    pub(super) fn of(does: &Does) -> Self {
        match does {
            Does::Listens => Self::Listens,
            Does::Interrupts(clip) => Self::Interrupts(payload(clip)),
            Does::Talks(clip) => Self::Talks(payload(clip)),
            Does::Disturbs(clips) => Self::Disturbs(clips.iter().map(payload).collect()),
        }
    }

    /// A caller of this manner who waits so long before doing anything.
    pub(super) fn caller(&self, patience_ms: u64) -> Option<Box<dyn Acts>> {
        match self {
            Self::Listens => None,
            Self::Interrupts(words) => Some(Box::new(Caller::new(words.clone(), patience_ms))),
            Self::Talks(words) => Some(Box::new(Talker::new(words.clone(), patience_ms))),
            Self::Disturbs(noises) => Some(Box::new(Disturber::new(noises.clone(), patience_ms))),
        }
    }
}

/// A clip as whole packets of µ-law, from its first sound to its last.
fn payload(clip: &Clip) -> Arc<[u8]> {
    use audio_codec::Encoder as _;
    let samples = if clip.rate == 8000 { clip.samples.to_vec() } else { audio_codec::resample(&clip.samples, clip.rate, 8000) };
    let mut payload = vec![0xff; samples.len().next_multiple_of(PACKET)];
    // The buffer has at least the length of the samples.
    let _ = audio_codec::pcmu::PcmuEncoder::new().encode_into(&samples, &mut payload[..samples.len()]);
    let is_loud = |packet: &[u8]| wire::is_loud(packet);
    let first = payload.chunks(PACKET).position(is_loud).unwrap_or(0);
    let last = payload.chunks(PACKET).rposition(is_loud).unwrap_or(0);
    payload[first * PACKET..((last + 1) * PACKET).min(payload.len())].into()
}

/// Bytes of µ-law in a packet.
pub(super) const PACKET: usize = 160;
/// Nanoseconds.
pub(super) const MILLISECOND: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_begin_and_end_with_something_to_hear() {
        let mut samples = vec![0; 800];
        samples.extend([8000i16; 400]);
        samples.extend([0; 900]);
        let made = payload(&Clip { rate: 8000, samples: samples.into() });
        assert_eq!(made.len(), 3 * PACKET);
        assert!(wire::is_loud(&made[..PACKET]) && wire::is_loud(&made[2 * PACKET..]));
    }
}
