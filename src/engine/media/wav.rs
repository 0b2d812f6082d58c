//! The head of a stereo WAV file whose length is not known yet.

/// Bytes before the sound.
pub(super) const HEAD: usize = 58;

/// How the sound of a recording is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// G.711 µ-law, 8 kHz, one byte per sample.
    MuLaw8k,
    /// 16 bit, 16 kHz.
    Pcm16k,
}

impl Format {
    /// Samples per second of one side.
    pub(super) fn rate(self) -> u32 {
        match self {
            Self::MuLaw8k => 8_000,
            Self::Pcm16k => 16_000,
        }
    }

    /// Bytes of one sample of both sides.
    pub(super) fn pair_bytes(self) -> u16 {
        match self {
            Self::MuLaw8k => 2,
            Self::Pcm16k => 4,
        }
    }

    /// The head for this many bytes of sound. Offsets are the same for every length, so it can be written over itself.
    pub(super) fn head(self, n_bytes: u32) -> [u8; HEAD] {
        let (tag, bits): (u16, u16) = match self {
            Self::MuLaw8k => (7, 8),
            Self::Pcm16k => (1, 16),
        };
        let mut head = Vec::with_capacity(HEAD);
        head.extend(b"RIFF");
        head.extend(n_bytes.saturating_add(50).to_le_bytes());
        head.extend(b"WAVEfmt ");
        head.extend(18u32.to_le_bytes());
        head.extend(tag.to_le_bytes());
        head.extend(2u16.to_le_bytes());
        head.extend(self.rate().to_le_bytes());
        head.extend((self.rate() * u32::from(self.pair_bytes())).to_le_bytes());
        head.extend(self.pair_bytes().to_le_bytes());
        head.extend(bits.to_le_bytes());
        head.extend(0u16.to_le_bytes());
        head.extend(b"fact");
        head.extend(4u32.to_le_bytes());
        head.extend((n_bytes / u32::from(self.pair_bytes())).to_le_bytes());
        head.extend(b"data");
        head.extend(n_bytes.to_le_bytes());
        let mut whole = [0; HEAD];
        whole.copy_from_slice(&head);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_has_its_length_and_says_how_much_follows() {
        for format in [Format::MuLaw8k, Format::Pcm16k] {
            let head = format.head(3200);
            assert_eq!(head[54..], 3200u32.to_le_bytes());
            assert_eq!(head[4..8], 3250u32.to_le_bytes());
            assert_eq!(&head[50..54], b"data");
        }
    }
}
