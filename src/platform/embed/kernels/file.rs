//! The file of a converted model: a header, then one section after another in a fixed order, each at a multiple of 64 bytes.
//!
//! Matrices are bytes with one scale for each output, cut into panels of 32 outputs so that a kernel reads them from front to back.
//! Everything is little-endian and used in place, so a program that embeds the file loads nothing.

use std::fmt;

/// First bytes of the file; the digit changes with the order of the sections.
const MAGIC: &[u8; 8] = b"cxembed1";
/// Sections begin at multiples of this.
const ALIGN: usize = 64;

/// Why a file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileError {
    /// It does not begin as such a file does, or is made for another order of sections.
    Foreign,
    /// It ends before it is complete, or goes on after that.
    Length,
    /// It does not lie at a multiple of four bytes in memory, or the machine counts bytes from the other end.
    Placement,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "this is not a converted embedding model of this version",
            Self::Length => "the embedding model is cut short or too long",
            Self::Placement => "the embedding model lies askew in memory",
        })
    }
}

impl std::error::Error for FileError {}

/// Writes a file, section by section.
pub struct Writer(Vec<u8>);

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// A file with nothing but its header.
    pub fn new() -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(ALIGN, 0);
        Self(bytes)
    }

    /// Appends a section of signed bytes.
    pub fn bytes(&mut self, values: impl IntoIterator<Item = i8>) {
        self.0.extend(values.into_iter().flat_map(i8::to_le_bytes));
        self.pad();
    }

    /// Appends a section of numbers.
    pub fn numbers(&mut self, values: &[f32]) {
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self.pad();
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(ALIGN), 0);
    }

    /// The finished file.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a file: `take` gets a reader and asks it for the sections in their order. What is left over afterwards is an error.
pub fn read<'a, T>(file: &'a [u8], take: impl FnOnce(&mut Reader<'a>) -> Result<T, FileError>) -> Result<T, FileError> {
    let rest = file.strip_prefix(MAGIC.as_slice()).and_then(|_| file.get(ALIGN..)).ok_or(FileError::Foreign)?;
    let mut reader = Reader { rest };
    let taken = take(&mut reader)?;
    if reader.rest.is_empty() { Ok(taken) } else { Err(FileError::Length) }
}

/// Hands out the sections of a file.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn section(&mut self, len: usize) -> Result<&'a [u8], FileError> {
        let (section, rest) = self.rest.split_at_checked(len.next_multiple_of(ALIGN)).ok_or(FileError::Length)?;
        self.rest = rest;
        Ok(&section[..len])
    }

    /// The next section: so many rows of bytes.
    pub fn bytes<const N: usize>(&mut self, n_rows: usize) -> Result<&'a [[i8; N]], FileError> {
        let section = self.section(n_rows * N)?;
        #[expect(unsafe_code, reason = "every byte is a valid i8, of the same size and alignment")]
        let (_, signed, _) = unsafe { section.align_to::<i8>() };
        Ok(signed.as_chunks().0)
    }

    /// The next section: so many numbers.
    pub fn numbers(&mut self, len: usize) -> Result<&'a [f32], FileError> {
        let section = self.section(len * size_of::<f32>())?;
        #[expect(unsafe_code, reason = "every four bytes are a valid f32; align_to cuts off what is not aligned, which is checked below")]
        let (before, numbers, after) = unsafe { section.align_to::<f32>() };
        if before.is_empty() && after.is_empty() && cfg!(target_endian = "little") { Ok(numbers) } else { Err(FileError::Placement) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes at an address that is a multiple of 64, shifted by `askew`.
    fn placed(bytes: &[u8], askew: usize) -> (Vec<u8>, usize) {
        let mut room = vec![0; bytes.len() + 2 * ALIGN];
        let at = room.as_ptr().align_offset(ALIGN) + askew;
        room[at..at + bytes.len()].copy_from_slice(bytes);
        (room, at)
    }

    fn sample() -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes([-128, 127, 3, 4]);
        writer.numbers(&[1.5, -2.0]);
        writer.finish()
    }

    fn sections<'a>(reader: &mut Reader<'a>) -> Result<(&'a [[i8; 2]], &'a [f32]), FileError> {
        Ok((reader.bytes::<2>(2)?, reader.numbers(2)?))
    }

    #[test]
    fn what_was_written_is_read() {
        let (room, at) = placed(&sample(), 0);
        let (bytes, numbers) = read(&room[at..at + sample().len()], sections).unwrap();
        assert_eq!(bytes, [[-128, 127], [3, 4]]);
        assert_eq!(numbers, [1.5, -2.0]);
    }

    #[test]
    fn a_foreign_a_cut_a_longer_and_a_misplaced_file_are_told_apart() {
        let sample = sample();
        let (room, at) = placed(&sample, 0);
        let whole = &room[at..at + sample.len()];
        assert_eq!(read(b"PK\x03\x04 and more", sections).unwrap_err(), FileError::Foreign);
        assert_eq!(read(&[], sections).unwrap_err(), FileError::Foreign);
        assert_eq!(read(&whole[..70], sections).unwrap_err(), FileError::Length);
        assert_eq!(read(whole, |reader| reader.bytes::<2>(2).map(drop)).unwrap_err(), FileError::Length);
        let (room, at) = placed(&sample, 1);
        assert_eq!(read(&room[at..at + sample.len()], sections).unwrap_err(), FileError::Placement);
    }
}
