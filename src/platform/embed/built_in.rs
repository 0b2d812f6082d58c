//! The model in the program: all-MiniLM-L6-v2 with weights rounded to bytes, used where it lies.

use cxbox_kernels::{Encoder, FileError};

/// Name of the model and of what its vectors depend on. Vectors made under another name are not comparable.
pub const MODEL: &str = "all-MiniLM-L6-v2-int8-d1061927";

/// Puts bytes where numbers can be read in place.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

/// The converted weights; `packaging/fetch.sh` makes the file, `packaging/build.rs` lays it here.
static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/embedding/weights.bin")));

/// Files of the tokenizer as published.
pub(super) const TOKENIZER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/embedding/tokenizer.json"));
pub(super) const CONFIG: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/embedding/config.json"));
pub(super) const SPECIAL_TOKENS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/embedding/special_tokens_map.json"));
pub(super) const TOKENIZER_CONFIG: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/embedding/tokenizer_config.json"));

/// The encoder over the weights in the program.
pub(super) fn encoder() -> Result<Encoder<'static>, FileError> {
    Encoder::open(weights())
}

/// The converted weights.
pub(super) fn weights() -> &'static [u8] {
    &WEIGHTS.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_model_names_the_weights() {
        let digest = ring::digest::digest(&ring::digest::SHA256, weights());
        let short = &hex::encode(digest)[..8];
        assert!(MODEL.ends_with(short), "vectors of these weights need another name: they are {short}");
    }
}
