//! Beeps and fax tones: a single steady frequency in pieces of 20 ms, by Goertzel's filter. Pure.

use std::f32::consts::TAU;

/// Frequencies of beeps that are looked for, in hertz.
const BEEPS: std::ops::RangeInclusive<u16> = 850..=1500;
/// Distance of two filters: 20 ms of sound tell apart 50 Hz, so a tone is never further than a quarter of that from one.
const STEP: u16 = 25;
/// What a fax that is called sends.
const FAX: u16 = 2100;
/// A quieter piece (mean square) is no tone: about -40 dB.
const QUIET: f32 = 90_000.0;
/// Part of the energy that must be in the one frequency. Voices stay well below for longer than a piece or two.
const PURE: f32 = 0.7;
/// Pieces may differ by this much and still be one tone.
const DRIFT: u16 = 25;
/// Shortest beep, milliseconds.
const LEAST_BEEP: u32 = 120;
/// A longer tone is no beep.
const MOST_BEEP: u32 = 3_000;
/// How long a fax tone lasts at least before it is believed.
const LEAST_FAX: u32 = 500;
/// Pieces without the tone that end it.
const GAP: u32 = 40;

/// Something that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A beep is over: where it was, and how long.
    Beep {
        /// Hertz, to the nearest filter.
        hertz: u16,
        /// Milliseconds.
        ms: u32,
    },
    /// A fax answers.
    Fax,
}

/// Listens for tones.
#[derive(Debug, Default)]
pub(super) struct Tones {
    hertz: u16,
    ms: u32,
    gap_ms: u32,
    is_told: bool,
}

impl Tones {
    /// 20 ms of sound. A beep is told when it is over, a fax as soon as it is sure.
    pub(super) fn hear(&mut self, rate: u32, samples: &[i16]) -> Option<Tone> {
        let ms = u32::try_from(samples.len()).unwrap_or(0) * 1000 / rate.max(1);
        match strongest(rate, samples) {
            Some(hertz) if self.ms > 0 && hertz.abs_diff(self.hertz) <= DRIFT => {
                self.ms += ms + self.gap_ms;
                self.gap_ms = 0;
            }
            Some(hertz) => {
                let before = self.over();
                *self = Self { hertz, ms, ..Self::default() };
                return before;
            }
            None if self.ms > 0 => {
                self.gap_ms += ms;
                if self.gap_ms >= GAP {
                    let over = self.over();
                    *self = Self::default();
                    return over;
                }
            }
            None => {}
        }
        if self.hertz == FAX && self.ms >= LEAST_FAX && !self.is_told {
            self.is_told = true;
            return Some(Tone::Fax);
        }
        None
    }

    /// Whether a tone is heard now: it is no voice, whatever a detector of voices says.
    pub(super) fn is_heard(&self) -> bool {
        self.ms >= 40
    }

    fn over(&self) -> Option<Tone> {
        let is_beep = BEEPS.contains(&self.hertz) && (LEAST_BEEP..=MOST_BEEP).contains(&self.ms);
        is_beep.then_some(Tone::Beep { hertz: self.hertz, ms: self.ms })
    }
}

/// The frequency that this piece is, if it is one and loud enough.
fn strongest(rate: u32, samples: &[i16]) -> Option<u16> {
    let n = samples.len() as f32;
    let energy: f32 = samples.iter().map(|sample| f32::from(*sample) * f32::from(*sample)).sum();
    if samples.is_empty() || energy / n < QUIET {
        return None;
    }
    let filters = BEEPS.step_by(usize::from(STEP)).chain([FAX]);
    let best = filters.map(|hertz| (hertz, power(rate, samples, hertz))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    // A sine has all its energy there.
    (best.1 / (energy * n / 2.0) >= PURE).then_some(best.0)
}

/// The squared size of one frequency.
fn power(rate: u32, samples: &[i16], hertz: u16) -> f32 {
    let coefficient = 2.0 * (TAU * f32::from(hertz) / rate as f32).cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    for sample in samples {
        let next = f32::from(*sample) + coefficient * one - two;
        two = one;
        one = next;
    }
    one * one + two * two - coefficient * one * two
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hertz: f32, ms: u32, loud: f32) -> Vec<i16> {
        (0..rate * ms / 1000).map(|n| ((TAU * hertz * n as f32 / rate as f32).sin() * loud) as i16).collect()
    }

    fn heard(rate: u32, sound: &[i16]) -> Vec<Tone> {
        let mut tones = Tones::default();
        sound.chunks_exact(rate as usize / 50).filter_map(|piece| tones.hear(rate, piece)).collect()
    }

    #[test]
    fn a_beep_of_any_pitch_is_told_when_it_is_over() {
        for rate in [8000, 16_000] {
            for hertz in [850.0, 931.0, 1000.0, 1013.0, 1400.0, 1487.0] {
                for loud in [600.0, 12_000.0] {
                    let sound = [vec![0; rate as usize / 5], sine(rate, hertz, 400, loud), vec![0; rate as usize / 5]].concat();
                    let found = heard(rate, &sound);
                    let [Tone::Beep { hertz: at, ms }] = found[..] else { panic!("{rate} {hertz} {loud}: {found:?}") };
                    assert!(f32::from(at) - hertz <= 25.0 && hertz - f32::from(at) <= 25.0, "{hertz}: {at}");
                    assert!((340..=440).contains(&ms), "{ms}");
                }
            }
        }
    }

    #[test]
    fn a_fax_is_told_while_it_sounds_and_a_click_or_a_long_tone_is_nothing() {
        assert_eq!(heard(8000, &sine(8000, 2100.0, 1500, 5000.0)), [Tone::Fax]);
        let with_silence = |sound: Vec<i16>| [sound, vec![0; 1600]].concat();
        assert_eq!(heard(8000, &with_silence(sine(8000, 1000.0, 80, 5000.0))), []);
        assert_eq!(heard(8000, &with_silence(sine(8000, 1000.0, 4000, 5000.0))), []);
        assert_eq!(heard(8000, &with_silence(sine(8000, 440.0, 400, 5000.0))), [], "a ring tone is no beep");
        assert_eq!(heard(8000, &with_silence(sine(8000, 1000.0, 400, 100.0))), [], "too quiet");
    }

    #[test]
    fn two_tones_at_once_are_keys_and_no_beep() {
        let sound: Vec<i16> = sine(8000, 852.0, 300, 5000.0).iter().zip(sine(8000, 1336.0, 300, 5000.0)).map(|(a, b)| a + b).collect();
        assert_eq!(heard(8000, &[sound, vec![0; 1600]].concat()), []);
    }
}
