//! Classes of lengths: what a filter by duration may take as a whole, and what it must look at call by call. Pure.

/// Where each class after the first begins, in seconds.
const EDGES: [f64; 9] = [1.0, 10.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1800.0];

/// The class of a duration.
pub(super) fn span_of(seconds: f64) -> u32 {
    EDGES.iter().filter(|edge| seconds >= **edge).count() as u32
}

/// Classes as sets of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spans {
    /// Every call of these matches.
    pub(super) whole: u32,
    /// Of these some do.
    pub(super) partial: u32,
}

impl Spans {
    /// All classes.
    pub(super) const ALL: Self = Self { whole: (1 << (EDGES.len() + 1)) - 1, partial: 0 };

    /// The classes between two durations, both included.
    pub(super) fn between(least: Option<f64>, most: Option<f64>) -> Self {
        let (least, most) = (least.unwrap_or(0.0), most.unwrap_or(f64::INFINITY));
        let mut spans = Self { whole: 0, partial: 0 };
        for class in 0..=EDGES.len() {
            let begin = if class == 0 { 0.0 } else { EDGES[class - 1] };
            let end = EDGES.get(class).copied().unwrap_or(f64::INFINITY);
            if least <= begin && end <= most {
                spans.whole |= 1 << class;
            } else if least <= most && least < end && begin <= most {
                spans.partial |= 1 << class;
            }
        }
        spans
    }

    /// Classes of which at least some calls match.
    pub(super) fn any(self) -> u32 {
        self.whole | self.partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_takes_whole_classes_and_looks_into_those_at_its_ends() {
        for (least, most, whole, partial) in [
            (None, None, 0b11_1111_1111, 0),
            (Some(60.0), None, 0b11_1111_0000, 0),
            (Some(61.0), None, 0b11_1110_0000, 0b1_0000),
            (None, Some(0.0), 0, 0b1),
            (Some(60.0), Some(120.0), 0b1_0000, 0b10_0000),
            (Some(70.0), Some(80.0), 0, 0b1_0000),
            (Some(5000.0), None, 0, 0b10_0000_0000),
            (Some(9.0), Some(3.0), 0, 0),
        ] {
            assert_eq!(Spans::between(least, most), Spans { whole, partial }, "{least:?} {most:?}");
        }
    }

    #[test]
    fn every_duration_is_of_one_class() {
        for (seconds, class) in [(0.0, 0), (0.99, 0), (1.0, 1), (29.9, 2), (30.0, 3), (59.0, 3), (60.0, 4), (1e9, 9)] {
            assert_eq!(span_of(seconds), class, "{seconds}");
        }
    }
}
