//! How good a call sounded, estimated from loss and delay: the E-model (ITU-T G.107) with defaults for all that a packet counter cannot know. Pure.

use super::codec::Codec;

/// Packets below which an estimate would be a guess (two seconds).
const LEAST_PACKETS: u64 = 100;
/// The rating of a flawless narrowband call (G.107 with its defaults).
const FLAWLESS: f64 = 93.2;
/// Milliseconds that packets and codecs take besides the way and the waiting.
const OWN_MS: f64 = 25.0;

/// The way that sound took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub(super) codec: Codec,
    /// There and back by RTCP.
    pub(super) round_trip_ms: Option<f64>,
    /// How long packets wait to be heard in order.
    pub(super) wait_ms: u32,
}

/// The mean opinion score, 1 to 4.5, two decimals, when `n_missing` of `n_expected` packets were not heard. `None` for too few packets.
pub(super) fn mos(path: &Path, n_expected: u64, n_missing: u64) -> Option<f64> {
    if n_expected < LEAST_PACKETS {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "packets of a call are few")]
    let loss_percent = n_missing.min(n_expected) as f64 * 100.0 / n_expected as f64;
    let delay_ms = path.round_trip_ms.unwrap_or(0.0) / 2.0 + f64::from(path.wait_ms) + OWN_MS;
    Some((score(FLAWLESS - delay_impairment(delay_ms) - loss_impairment(path.codec, loss_percent)) * 100.0).round() / 100.0)
}

/// What delay costs: little until people begin to talk over each other.
fn delay_impairment(delay_ms: f64) -> f64 {
    0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0)
}

/// What the codec and lost packets cost. Robustness to loss is that of codecs with concealment (G.113, Appendix I).
fn loss_impairment(codec: Codec, loss_percent: f64) -> f64 {
    let (own, robustness) = match codec {
        Codec::Pcmu | Codec::Pcma => (0.0, 25.1),
        Codec::G722 => (0.0, 20.0),
        Codec::Opus => (0.0, 28.0),
    };
    own + (95.0 - own) * loss_percent / (loss_percent + robustness)
}

/// The rating as an opinion (G.107, Annex B).
fn score(rating: f64) -> f64 {
    let rating = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(codec: Codec, round_trip_ms: f64) -> Path {
        Path { codec, round_trip_ms: Some(round_trip_ms), wait_ms: 60 }
    }

    #[test]
    fn estimates_are_those_of_the_tables() {
        // (codec, round trip, lost of 1000, least, most)
        let cases = [
            (Codec::Pcmu, 0.0, 0, 4.3, 4.41),
            (Codec::Pcmu, 20.0, 50, 3.5, 4.0),
            (Codec::Pcmu, 20.0, 200, 1.8, 2.8),
            (Codec::Pcmu, 600.0, 0, 3.0, 4.0),
            (Codec::Opus, 20.0, 50, 3.6, 4.1),
            (Codec::G722, 20.0, 1000, 1.0, 1.3),
        ];
        for (codec, round_trip, lost, least, most) in cases {
            let mos = mos(&path(codec, round_trip), 1000, lost).unwrap();
            assert!((least..=most).contains(&mos), "{codec:?}, {round_trip} ms, {lost} lost: {mos}");
        }
    }

    #[test]
    fn too_little_is_no_estimate_and_more_lost_than_sent_is_all() {
        assert_eq!(mos(&path(Codec::Pcmu, 0.0), 99, 0), None);
        assert_eq!(mos(&path(Codec::Pcmu, 0.0), 100, 500), mos(&path(Codec::Pcmu, 0.0), 100, 100));
    }
}
