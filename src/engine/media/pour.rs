//! A clip that is played while it is still being made.

use audio_codec::BoxedResampler;

use super::order::Order;
use super::session::MediaSession;
use super::{Clip, ClipId};

/// The end of a clip into which sound is poured. The parts join without a seam, whatever their rate. After [`MediaSession::stop`] what
/// is poured is spilled.
pub struct Pour {
    session: MediaSession,
    id: ClipId,
    /// Rates it converts between, and how far it has come.
    resampler: Option<((u32, u32), BoxedResampler)>,
}

impl MediaSession {
    /// Queues a clip whose sound is still being made.
    pub fn pour(&self, id: ClipId) -> Pour {
        self.order(Order::Pour(id));
        Pour { session: self.clone(), id, resampler: None }
    }
}

impl Pour {
    /// Adds a part.
    pub fn add(&mut self, part: &Clip) {
        let rates = (part.rate, self.session.codec().rate());
        let samples = if rates.0 == rates.1 { part.samples.clone() } else { self.resampled(rates, &part.samples).into() };
        if !samples.is_empty() {
            self.session.order(Order::Add(self.id, samples));
        }
    }

    /// That was all of it: [`super::MediaEvent::ClipDone`] comes when it has been played.
    pub fn end(self) {
        self.session.order(Order::Complete(self.id));
    }

    /// The part at the session's rate. The filter goes on where the last part ended; rates outside 1 kHz to 192 kHz give nothing.
    fn resampled(&mut self, rates: (u32, u32), samples: &[i16]) -> Vec<i16> {
        if !(1_000..=192_000).contains(&rates.0) {
            return Vec::new();
        }
        if self.resampler.as_ref().is_none_or(|(of, _)| *of != rates) {
            let made = BoxedResampler::new(rates.0 as usize, rates.1 as usize).ok();
            self.resampler = made.map(|resampler| (rates, resampler));
        }
        self.resampler.as_mut().map(|(_, resampler)| resampler.resample(samples)).unwrap_or_default()
    }
}
