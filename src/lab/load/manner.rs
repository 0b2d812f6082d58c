//! How the callers of a load behave, and what is found out by it.

use std::sync::Arc;

use super::Does;
use super::acts::{Acts, PACKET};
use super::barge::Caller;
use super::disturb::Disturber;
use super::talk::Talker;
use super::wire;
use crate::engine::media::Clip;

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
