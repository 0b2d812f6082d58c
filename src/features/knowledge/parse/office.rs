//! The archive that Office files are: its parts, each within bounds.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Refusal;

/// Most parts an archive may have.
const MOST_PARTS: usize = 10_000;
/// Most bytes of one part, unpacked.
const MOST_OF_A_PART: u64 = 100 * 1024 * 1024;
/// Most bytes of all parts that are read, unpacked.
const MOST_OF_ALL: u64 = 200 * 1024 * 1024;
/// A part may grow to this many times its packed size.
const MOST_RATIO: u64 = 100;
/// Below this size the ratio does not matter.
const RATIO_FROM: u64 = 4 * 1024 * 1024;

/// An opened archive.
pub(super) struct Office<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    n_read: u64,
}

impl<'a> Office<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refusal::new("is broken: its archive cannot be opened"))?;
        if archive.len() > MOST_PARTS {
            return Err(Refusal::new(format!("has more than {MOST_PARTS} parts in its archive")));
        }
        Ok(Self { archive, n_read: 0 })
    }

    /// A part by its name; `None` if it is not there.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let bomb = || Refusal::new("unpacks to far more than its size: it looks like a bomb");
        let file = match self.archive.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(why)) if why.contains("assword") => return Err(Refusal::new("is encrypted")),
            Err(_) => return Err(Refusal::new("is broken: a part of its archive cannot be read")),
        };
        if file.encrypted() {
            return Err(Refusal::new("is encrypted"));
        }
        let packed = file.compressed_size().max(1);
        let most = MOST_OF_A_PART.min(MOST_OF_ALL - self.n_read).min(RATIO_FROM.max(packed.saturating_mul(MOST_RATIO)));
        // What the archive says about sizes may be a lie, so bytes are counted as they come.
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|_| Refusal::new("is broken: a part of its archive cannot be unpacked"))?;
        let n_bytes = bytes.len() as u64;
        if n_bytes > most {
            return Err(bomb());
        }
        self.n_read += n_bytes;
        Ok(Some(bytes))
    }
}
