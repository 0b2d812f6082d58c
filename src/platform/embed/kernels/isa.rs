//! Which vector instructions the processor has.

/// Instruction sets that kernels exist for, the better one later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Plain Rust, for any processor.
    Scalar,
    /// AVX2 with fused multiply-add and the counting of bits.
    Avx2,
    /// AVX-512 with its byte, word and doubleword parts.
    Avx512,
    /// The same with dot products of bytes.
    Avx512Vnni,
}

/// An instruction set that this processor has: the proof a kernel needs. There is no other way to get one than to ask the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isa(Level);

impl Isa {
    /// The best that this processor has.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("popcnt");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx512 && is_x86_feature_detected!("avx512vnni") {
                return Self(Level::Avx512Vnni);
            }
            if avx512 {
                return Self(Level::Avx512);
            }
            if avx2 {
                return Self(Level::Avx2);
            }
        }
        Self(Level::Scalar)
    }

    /// All that this processor has, the plainest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let best = Self::best().0;
        [Level::Scalar, Level::Avx2, Level::Avx512, Level::Avx512Vnni].into_iter().filter(move |level| *level <= best).map(Self)
    }

    /// Its name: `scalar`, `avx2`, `avx512` or `avx512vnni`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Scalar => "scalar",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
            Level::Avx512Vnni => "avx512vnni",
        }
    }

    pub(crate) fn level(self) -> Level {
        self.0
    }
}
