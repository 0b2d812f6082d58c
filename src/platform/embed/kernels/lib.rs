//! Sentence embeddings with a small BERT encoder, and search through quantised vectors: arithmetic only, no I/O, no state.
//!
//! Every kernel exists three times, for AVX-512, for AVX2 and in plain Rust; [`Isa::best`] chooses when the program runs. The plain one
//! defines what is right, the tests hold the others against it. Where AVX-512 multiplies bytes, layers are computed with whole numbers.
//! `unsafe` is needed for three things only: to call a function that was compiled for a processor that [`Isa`] has found, to load and store
//! vectors at addresses that slices vouch for, and to hint at what is read soon.

mod elementwise;
mod encoder;
mod file;
mod gelu;
mod isa;
mod product;
mod quantised;
mod scan;
mod signs;

pub use encoder::Encoder;
pub use file::{FileError, Writer, read};
pub use isa::Isa;
pub use quantised::{Quantised, dot, quantise, quantise_rows};
pub use scan::{BIAS, Query, soon};
pub use signs::{differences, signs};

/// The shape of the one model that is known: all-MiniLM-L6-v2.
pub mod shape {
    /// Numbers of a token's state, and of an embedding.
    pub const HIDDEN: usize = 384;
    /// Attention heads of a layer.
    pub const HEADS: usize = 12;
    /// Numbers of one head.
    pub const HEAD: usize = HIDDEN / HEADS;
    /// Numbers in the middle of a layer's feed-forward part.
    pub const INNER: usize = 1536;
    /// Layers.
    pub const LAYERS: usize = 6;
    /// Words of the vocabulary.
    pub const WORDS: usize = 30_522;
    /// Tokens of the longest text the model has positions for.
    pub const POSITIONS: usize = 512;
    /// Kinds of token; only the first is used.
    pub const KINDS: usize = 2;
    /// Added to a variance before its root is taken.
    pub const EPSILON: f32 = 1e-12;
}
