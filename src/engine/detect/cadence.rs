//! How speech and silence follow each other after an answer. Pure.

/// Silence that ends a greeting; machines pause shorter between their sentences.
const END: u32 = 800;
/// Voice that must have been heard before it counts as speech: clicks do not.
const LEAST: u32 = 120;

/// The first thing that was said, and the silence since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cadence {
    /// Voice heard in it, milliseconds.
    voice_ms: u32,
    /// From its first to its last voice.
    length_ms: u32,
    silence_ms: u32,
    is_over: bool,
}

impl Cadence {
    /// 20 ms more, voiced or not.
    pub(super) fn hear(&mut self, is_voice: bool, ms: u32) {
        if !is_voice {
            self.silence_ms += ms;
            self.is_over |= self.has_begun() && self.silence_ms >= END;
            return;
        }
        if self.is_over || (!self.has_begun() && self.silence_ms > END) {
            *self = Self::default();
        }
        let gap = if self.voice_ms > 0 { self.silence_ms } else { 0 };
        self.length_ms += gap + ms;
        self.voice_ms += ms;
        self.silence_ms = 0;
    }

    /// Whether anything was said.
    pub(super) fn has_begun(&self) -> bool {
        self.voice_ms >= LEAST
    }

    /// How long it was, so far.
    pub(super) fn length_ms(&self) -> u32 {
        if self.has_begun() { self.length_ms } else { 0 }
    }

    /// How long nothing was said since.
    pub(super) fn silence_ms(&self) -> u32 {
        self.silence_ms
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `#` is 100 ms of voice, `.` of silence.
    fn heard(pattern: &str) -> Cadence {
        let mut cadence = Cadence::default();
        for mark in pattern.bytes() {
            (0..5).for_each(|_| cadence.hear(mark == b'#', 20));
        }
        cadence
    }

    #[test]
    fn a_greeting_is_measured_from_its_first_to_its_last_voice() {
        for (pattern, length_ms, is_over) in [
            ("....", 0, false),
            ("..#....", 0, false),
            ("..###....", 300, false),
            ("..###........", 300, true),
            ("..##...##......", 700, false),
            ("###........####", 400, false),
        ] {
            let cadence = heard(pattern);
            assert_eq!((cadence.length_ms(), cadence.is_over()), (length_ms, is_over), "{pattern}");
        }
        assert_eq!(heard("###....").silence_ms(), 400);
    }
}
