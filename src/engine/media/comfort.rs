//! Comfort noise (RFC 3389): a far end that is silent says how loud its silence is, instead of sending it.

/// Its static payload type.
pub(super) const PAYLOAD_TYPE: u8 = 13;
/// Loudest noise that is made (-50 dB below full): it must not be taken for a voice.
const LEAST_DB: u8 = 50;

/// The noise of a far end that is silent. None until it says so, none again once it speaks.
#[derive(Debug, Default)]
pub(super) struct Comfort {
    /// The largest sample.
    peak: i32,
    state: u32,
}

impl Comfort {
    /// The far end says how loud its silence is. What it says about the colour of the noise is not needed to know that the line is open.
    pub(super) fn hear(&mut self, payload: &[u8]) {
        let Some(level) = payload.first() else { return };
        let below = f64::from((level & 0x7f).max(LEAST_DB));
        // Evenly spread samples are as loud as the square root of three less than their peak.
        #[expect(clippy::cast_possible_truncation, reason = "at most 180")]
        let peak = (32_768.0 * 10f64.powf(-below / 20.0) * 3f64.sqrt()) as i32;
        self.peak = peak;
    }

    /// The far end speaks again.
    pub(super) fn stop(&mut self) {
        self.peak = 0;
    }

    /// Adds the noise.
    pub(super) fn add(&mut self, sound: &mut [i16]) {
        if self.peak == 0 {
            return;
        }
        for sample in sound {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (i32::from((self.state >> 16) as u16) - 32_768) * self.peak / 32_768;
            *sample = sample.saturating_add(i16::try_from(noise).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_as_loud_as_the_far_end_says_but_never_a_voice() {
        for (level, least, most) in [(60u8, 20, 60), (0, 80, 199), (127, 0, 0)] {
            let (mut comfort, mut sound) = (Comfort::default(), [0; 1600]);
            comfort.hear(&[level, 3, 4]);
            comfort.add(&mut sound);
            let loudest = sound.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((least..=most).contains(&loudest), "{level}: {loudest}");
        }
        let (mut comfort, mut sound) = (Comfort::default(), [0; 160]);
        comfort.hear(&[]);
        comfort.hear(&[50]);
        comfort.stop();
        comfort.add(&mut sound);
        assert_eq!(sound, [0; 160]);
    }
}
