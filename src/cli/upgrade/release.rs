//! A release archive: whether it is whole, and the program in it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use ring::digest::{Context as Hash, SHA256};
use tar::Archive;

use crate::base::{Context, Error, Result};

/// Largest program that is unpacked.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// A release whose bytes are those that were published.
pub(super) struct Release {
    file: PathBuf,
    /// SHA-256 of each file in it, by its path below the top folder.
    sums: HashMap<String, String>,
}

impl Release {
    /// Checks the file against its published SHA-256: the given one, else the one in `FILE.sha256` beside it.
    pub(super) fn verified(file: &Path, given: Option<&str>) -> Result<Self> {
        let beside = PathBuf::from(format!("{}.sha256", file.display()));
        let published = match given {
            Some(sum) => sum.trim().to_lowercase(),
            None => {
                let text = std::fs::read_to_string(&beside).map_err(|cause| {
                    Error::invalid(format!("{} is not there: give --sha256 with the sum that was published", beside.display()))
                        .caused_by(cause)
                })?;
                text.split_whitespace().next().unwrap_or_default().to_lowercase()
            }
        };
        if published.len() != 64 || !published.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::invalid("a SHA-256 has 64 hexadecimal digits"));
        }
        let found = sum_of(File::open(file).context(format!("cannot open {}", file.display()))?)?;
        if found != published {
            return Err(Error::invalid(format!("{} is not the file that was published: its SHA-256 is {found}", file.display())));
        }
        let mut sums = HashMap::new();
        each(file, |name, entry| {
            if name == "SHA256SUMS" {
                let mut text = String::new();
                entry.take(1024 * 1024).read_to_string(&mut text).context("cannot read SHA256SUMS")?;
                let lines = text.lines().filter_map(|line| line.split_once("  "));
                sums = lines.map(|(sum, name)| (name.trim_start_matches("./").to_owned(), sum.to_owned())).collect();
            }
            Ok(())
        })?;
        if !sums.contains_key("cxbox") {
            return Err(Error::invalid(format!("{} is no release of cxbox", file.display())));
        }
        Ok(Self { file: file.to_owned(), sums })
    }

    /// Unpacks the program, executable, and checks it once more.
    pub(super) fn put_binary(&self, to: &Path) -> Result<()> {
        let doing = || format!("cannot write {}: run this as the owner of its folder (sudo)", to.display());
        // One that was left over.
        let _ = std::fs::remove_file(to);
        each(&self.file, |name, entry| {
            if name == "cxbox" {
                let mut program = File::options().write(true).create_new(true).mode(0o755).open(to).context(doing())?;
                std::io::copy(&mut entry.take(MOST_BYTES), &mut program).context(doing())?;
                program.sync_all().context(doing())?;
            }
            Ok(())
        })?;
        let found = sum_of(File::open(to).map_err(|cause| Error::invalid("the release has no program").caused_by(cause))?)?;
        if self.sums.get("cxbox") == Some(&found) { Ok(()) } else { Err(Error::invalid("the program of the release is damaged")) }
    }
}

/// Looks at each regular file of the archive, under its path below the top folder.
fn each(file: &Path, mut look: impl FnMut(&str, &mut dyn Read) -> Result<()>) -> Result<()> {
    let opened = BufReader::new(File::open(file).context(format!("cannot open {}", file.display()))?);
    let no_archive = |cause: std::io::Error| Error::invalid("this is no release: it must be a .tar.gz").caused_by(cause);
    for entry in Archive::new(GzDecoder::new(opened)).entries().map_err(no_archive)? {
        let mut entry = entry.map_err(no_archive)?;
        let path = entry.path().map_err(no_archive)?.into_owned();
        let below: PathBuf = path.components().skip(1).collect();
        if entry.header().entry_type().is_file() {
            look(&below.to_string_lossy(), &mut entry)?;
        }
    }
    Ok(())
}

fn sum_of(mut source: impl Read) -> Result<String> {
    let (mut hash, mut part) = (Hash::new(&SHA256), vec![0; 256 * 1024]);
    loop {
        match source.read(&mut part).context("cannot read the release")? {
            0 => return Ok(hex::encode(hash.finish())),
            n => hash.update(&part[..n]),
        }
    }
}

/// What a program calls itself, such as `0.2.0`.
pub(super) fn version_of(program: &Path) -> Result<String> {
    let said = said_by(program, "--version")?;
    said.strip_prefix("cxbox ").map(str::to_owned).ok_or_else(|| Error::invalid("the program of the release is not cxbox"))
}

/// The newest schema a program knows.
pub(super) fn schema_of(program: &Path) -> Result<u32> {
    let said = said_by(program, "schema")?;
    said.parse().map_err(|cause| Error::invalid("the program of the release does not say which schema it knows").caused_by(cause))
}

fn said_by(program: &Path, argument: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).output().context("the program of the release does not run on this machine")?;
    if !output.status.success() {
        return Err(Error::conflict("the program of the release is older than this one and cannot take its place"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(folder: &Path, program: &[u8], sum_of_program: &str) -> PathBuf {
        let path = folder.join("r.tar.gz");
        let mut tar = tar::Builder::new(GzEncoder::new(File::create(&path).expect("made"), Compression::fast()));
        let sums = format!("{sum_of_program}  ./cxbox\n");
        for (name, bytes) in [("cxbox-1-x86_64/cxbox", program), ("cxbox-1-x86_64/SHA256SUMS", sums.as_bytes())] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            tar.append_data(&mut header, name, bytes).expect("added");
        }
        tar.into_inner().expect("ended").finish().expect("ended").flush().expect("written");
        path
    }

    #[test]
    fn only_the_published_bytes_are_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = b"#!/bin/sh\necho cxbox 9.9.9\n";
        let right = sum_of(program.as_slice()).expect("a sum");
        let file = archive(folder.path(), program, &right);
        let sum = sum_of(File::open(&file).expect("there")).expect("a sum");
        let to = folder.path().join("new");
        Release::verified(&file, Some(&sum)).expect("whole").put_binary(&to).expect("unpacked");
        assert_eq!(version_of(&to).expect("it runs"), "9.9.9");
        assert!(Release::verified(&file, None).is_err(), "no published sum");
        std::fs::write(format!("{}.sha256", file.display()), format!("{sum}  r.tar.gz\n")).expect("written");
        Release::verified(&file, None).expect("the sum beside it");
        for wrong in ["", "abc", &"0".repeat(64), &"g".repeat(64)] {
            assert!(Release::verified(&file, Some(wrong)).is_err(), "{wrong:?}");
        }
        let spoilt = archive(folder.path(), program, &"0".repeat(64));
        let sum = sum_of(File::open(&spoilt).expect("there")).expect("a sum");
        assert!(Release::verified(&spoilt, Some(&sum)).expect("the archive is whole").put_binary(&to).is_err());
        std::fs::write(&spoilt, "no archive").expect("written");
        let sum = sum_of("no archive".as_bytes()).expect("a sum");
        assert!(Release::verified(&spoilt, Some(&sum)).is_err());
    }
}
