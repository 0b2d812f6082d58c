//! What the far end said, to the call's task. It need not come as evenly as sound that is played: what has arrived is handed over at once,
//! two packets before it is played, and only what is missing waits for its turn in the jitter buffer.

use super::{RESERVED, Side, Stream};
use crate::engine::media::codec::{Codec, MOST_SAMPLES, PACKET_BYTES};
use crate::engine::media::{Frame, MediaEvent};

impl Stream {
    /// What has come since the last tick, ahead of its time. Only of codecs that keep no state: the others are decoded once, in order.
    pub(super) fn hand_over_ahead(&mut self) {
        if !self.to_hear.is_wanted() || !matches!(self.agreed.codec, Codec::Pcmu | Codec::Pcma) {
            return;
        }
        let (mut payload, mut sound) = ([0; PACKET_BYTES], [0; MOST_SAMPLES]);
        while self.jitter.peek(&mut payload) {
            self.coder.decode(&payload, &mut sound[..PACKET_BYTES]);
            self.hear(&sound[..PACKET_BYTES]);
        }
    }

    /// What was played in this tick, unless it was handed over before.
    pub(super) fn hand_over(&mut self, theirs: &mut Side) {
        if !self.to_hear.is_wanted() || self.jitter.is_ahead() {
            return;
        }
        let n = self.agreed.codec.frame_samples();
        self.incoming.decode(&mut self.coder, theirs, n);
        self.hear(&theirs.sound[..n]);
    }

    fn hear(&mut self, sound: &[i16]) {
        if let Some(samples) = self.to_hear.take(sound)
            && self.events.capacity() > RESERVED
        {
            drop(self.events.try_send(MediaEvent::Heard(Frame { rate: self.agreed.codec.rate(), samples })));
        }
    }
}
