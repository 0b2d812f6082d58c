//! A voice for tests of sound, and how alike two sounds are. Shared by the tests of the engine and of the whole program.

/// A voice at 16 kHz that is nowhere the same: its pitch wanders, it has harmonics and syllables.
pub fn voice(seconds: u32) -> Vec<i16> {
    let mut phase = 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "a test sound")]
    (0..16_000 * seconds)
        .map(|n| {
            let time = f64::from(n) / 16_000.0;
            phase += (130.0 + 30.0 * (time * 4.1).sin() + 20.0 * (time * 2.3).cos()) / 16_000.0;
            let sound: f64 = (1..8).map(|k| (phase * std::f64::consts::TAU * f64::from(k)).sin() / f64::from(k)).sum();
            (sound * (time * 9.7).sin().abs().sqrt() * 5000.0) as i16
        })
        .collect()
}

/// How alike a piece and the place in a sound are that is most like it (1 is the same, 0 is unrelated), and where that begins.
pub fn found(piece: &[i16], sound: &[i16]) -> (f64, usize) {
    let places = 0..sound.len().saturating_sub(piece.len());
    // Every fourth sample is enough to see where it is.
    let near = places.clone().step_by(3).map(|at| (at, alike(piece, &sound[at..], 4))).max_by(|a, b| a.1.total_cmp(&b.1));
    let near = near.map_or(0, |(at, _)| at);
    let fine = (near.saturating_sub(6)..near + 6).filter(|at| places.contains(at));
    let all = fine.map(|at| (alike(piece, &sound[at..], 1), at));
    all.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, near))
}

/// How alike two sounds are as they stand, by every sample or by every so many.
fn alike(one: &[i16], other: &[i16], step: usize) -> f64 {
    let (mut both, mut first, mut second) = (0i64, 1i64, 1i64);
    let mut at = 0;
    while at < one.len().min(other.len()) {
        let (a, b) = (i64::from(one[at]), i64::from(other[at]));
        both += a * b;
        first += a * a;
        second += b * b;
        at += step;
    }
    #[expect(clippy::cast_precision_loss, reason = "only compared")]
    let alike = both as f64 / (first as f64 * second as f64).sqrt();
    alike
}
