//! For tests: sound that behaves like speech, and how alike two sounds are whatever the delay between them.

/// A voice: a pitch that wanders, a few harmonics, syllables and short pauses.
pub(super) fn speech_like(rate: u32, seconds: f64) -> Vec<i16> {
    let mut phase = 0.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test sound")]
    (0..(f64::from(rate) * seconds) as u32)
        .map(|n| {
            let time = f64::from(n) / f64::from(rate);
            let pitch = 130.0 + 35.0 * (time * 4.1).sin() + 15.0 * (time * 9.7).sin();
            phase += pitch / f64::from(rate);
            let voice: f64 = (1..8).map(|k| (phase * std::f64::consts::TAU * f64::from(k)).sin() / f64::from(k)).sum();
            let syllable = (time * 3.3 * std::f64::consts::PI).sin().abs().powf(0.7);
            let is_pause = time % 1.3 > 1.15;
            (if is_pause { 0.0 } else { voice * syllable * 5000.0 }) as i16
        })
        .collect()
}

/// The best correlation of two sounds, the second up to 60 ms later (at 16 kHz): 1 is the same, 0 is unrelated.
pub(super) fn tracked(sent: &[i16], heard: &[i16]) -> f64 {
    (0..960).step_by(4).map(|late| alike(sent, heard.get(late..).unwrap_or_default())).fold(0.0, f64::max)
}

/// How alike two sounds are as they stand.
pub(super) fn alike(one: &[i16], other: &[i16]) -> f64 {
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        both += a * b;
        first += a * a;
        second += b * b;
    }
    if first * second > 0.0 { both / (first * second).sqrt() } else { 0.0 }
}
