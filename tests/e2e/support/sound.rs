//! Sound in tests: WAV files read and written.

/// A WAV file of 16-bit samples.
pub struct Wave {
    pub rate: u32,
    pub n_sides: usize,
    pub samples: Vec<i16>,
}

impl Wave {
    /// Reads the file; 16-bit PCM and µ-law.
    pub fn read(bytes: &[u8]) -> Self {
        let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let long = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert!(bytes.starts_with(b"RIFF"), "this is no WAV file");
        let (mut at, mut format) = (12, None);
        loop {
            let n = long(at + 4) as usize;
            match &bytes[at..at + 4] {
                b"fmt " => format = Some((word(at + 8), usize::from(word(at + 10)), long(at + 12))),
                b"data" => {
                    let (tag, n_sides, rate) = format.unwrap();
                    // The length is not yet written while the file is open.
                    let sound = &bytes[at + 8..bytes.len().min(at + 8 + if n == 0 { usize::MAX / 2 } else { n })];
                    let samples = match tag {
                        7 => sound.iter().map(|byte| linear(*byte)).collect(),
                        _ => sound.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect(),
                    };
                    return Self { rate, n_sides, samples };
                }
                _ => {}
            }
            at += 8 + n + n % 2;
        }
    }

    /// One side at 16 kHz.
    pub fn side_at_16k(&self, side: usize) -> Vec<i16> {
        let one: Vec<i16> = self.samples.chunks_exact(self.n_sides).map(|all| all[side]).collect();
        match self.rate {
            8000 => one.iter().flat_map(|sample| [*sample, *sample]).collect(),
            16_000 => one,
            48_000 => {
                let mean = |three: &[i16]| i16::try_from(three.iter().map(|s| i32::from(*s)).sum::<i32>() / 3).unwrap();
                one.chunks_exact(3).map(mean).collect()
            }
            other => panic!("no way from {other} Hz to 16 kHz"),
        }
    }
}

fn linear(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i16::from(byte & 0x0f) << 3) + 0x84) << (byte >> 4 & 7)) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

/// 16-bit PCM; with two sides, the same on both.
pub fn wav(samples: &[i16], rate: u32, n_sides: u16) -> Vec<u8> {
    let samples: Vec<i16> = samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, n_sides.into())).collect();
    let n = u32::try_from(samples.len() * 2).unwrap();
    let frame = n_sides * 2;
    let mut bytes =
        [b"RIFF".as_slice(), &(36 + n).to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes(), &1u16.to_le_bytes(), &n_sides.to_le_bytes()]
            .concat();
    bytes.extend([rate.to_le_bytes(), (rate * u32::from(frame)).to_le_bytes()].concat());
    bytes.extend([frame.to_le_bytes(), 16u16.to_le_bytes()].concat());
    bytes.extend([b"data".as_slice(), &n.to_le_bytes()].concat());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}
