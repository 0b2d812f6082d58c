//! The file of a backup: a tar archive that any tar reads, and after its end one line with the SHA-256 of all bytes before it. So no byte can
//! change without being found. The last member, `manifest.json`, lists what is inside.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use ring::digest::{Context as Hash, SHA256};
use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType, Header};

use crate::base::{Context, Error, Millis, Result};
use crate::features::recordings::Manifest as RecordingLine;

/// The member that lists the others.
const MANIFEST: &str = "manifest.json";
/// The member with the database.
pub(super) const DATABASE: &str = "main.db";
/// What the last line begins with.
const FOOTER: &str = "cxbox-backup-sha256 ";
/// Bytes of the last line.
const FOOTER_BYTES: u64 = FOOTER.len() as u64 + 64 + 1;
/// The format this program writes and reads.
const FORMAT: u32 = 1;
/// Largest manifest that is read.
const MOST_MANIFEST: u64 = 1024 * 1024 * 1024;
const CHUNK: usize = 256 * 1024;

/// What a backup is and holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the file's format.
    pub format: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// Schema of its database.
    pub schema: u32,
    /// When it was made.
    pub created_at: Millis,
    /// Whether the master key is inside, under a passphrase.
    pub has_master_key: bool,
    /// Whether the sound of local recordings is inside.
    pub has_recordings: bool,
    /// The files, in their order.
    pub files: Vec<FileLine>,
    /// Every recording the box has, inside or not.
    pub recordings: Vec<RecordingLine>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLine {
    /// Its path, with `/` between parts.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Writes the file of a backup.
pub(super) struct Writer {
    tar: Builder<Hashing<BufWriter<File>>>,
    files: Vec<FileLine>,
    at: Millis,
}

impl Writer {
    /// Begins a file that must not be there yet, readable by its owner only.
    pub(super) fn begin(path: &Path, at: Millis) -> Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = File::options().write(true).create_new(true).mode(0o600).open(path).context("cannot make the backup file")?;
        let inner = Hashing { inner: BufWriter::with_capacity(CHUNK, file), hash: Hash::new(&SHA256), n_bytes: 0 };
        Ok(Self { tar: Builder::new(inner), files: Vec::new(), at })
    }

    /// Adds a file of the disk as it is now. One that is gone meanwhile is left out.
    pub(super) fn add_file(&mut self, name: &str, path: &Path) -> Result<()> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(cause).context(format!("cannot read {}", path.display())),
        };
        let size = file.metadata().context("cannot look at a file")?.len();
        self.add(name, size, file)
    }

    /// Adds bytes.
    pub(super) fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.add(name, bytes.len() as u64, bytes)
    }

    fn add(&mut self, name: &str, size: u64, source: impl Read) -> Result<()> {
        let mut source = Hashing { inner: source.take(size), hash: Hash::new(&SHA256), n_bytes: 0 };
        let mut header = self.header(size);
        self.tar.append_data(&mut header, name, &mut source).context(format!("cannot write {name} into the backup"))?;
        if source.n_bytes != size {
            return Err(Error::unavailable(format!("{name} changed while it was read")));
        }
        self.files.push(FileLine { path: name.to_owned(), size, sha256: source.finish() });
        Ok(())
    }

    fn header(&self, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_size(size);
        header.set_mtime(u64::try_from(self.at.0 / 1000).unwrap_or_default());
        header
    }

    /// Ends the file: the manifest, the archive's end, the last line; synced. Gives the hash of that line.
    pub(super) fn finish(mut self, mut manifest: Manifest) -> Result<String> {
        manifest.files = std::mem::take(&mut self.files);
        manifest.format = FORMAT;
        let text = serde_json::to_vec_pretty(&manifest).context("cannot write the manifest")?;
        let mut header = self.header(text.len() as u64);
        self.tar.append_data(&mut header, MANIFEST, text.as_slice()).context("cannot write the manifest")?;
        let mut hashing = self.tar.into_inner().context("cannot end the backup")?;
        let sum = hex::encode(hashing.hash.clone().finish());
        writeln!(hashing.inner, "{FOOTER}{sum}").context("cannot end the backup")?;
        let file = hashing.inner.into_inner().map_err(std::io::IntoInnerError::into_error).context("cannot end the backup")?;
        file.sync_all().context("cannot sync the backup")?;
        Ok(sum)
    }
}

/// Checks that no byte of a backup has changed since it was written. Gives its hash.
pub(super) fn check_bytes(path: &Path) -> Result<String> {
    let mut file = File::open(path).context(format!("cannot open {}", path.display()))?;
    let size = file.metadata().context("cannot look at the backup")?.len();
    let body = size.checked_sub(FOOTER_BYTES).ok_or_else(|| damaged("it is too short"))?;
    let mut hash = Hash::new(&SHA256);
    let mut reader = BufReader::with_capacity(CHUNK, &mut file).take(body);
    let mut part = vec![0; CHUNK];
    loop {
        match reader.read(&mut part).context("cannot read the backup")? {
            0 => break,
            n => hash.update(&part[..n]),
        }
    }
    let mut footer = String::new();
    file.seek(SeekFrom::Start(body)).context("cannot read the backup")?;
    file.read_to_string(&mut footer).map_err(|_| damaged("its last line is no text"))?;
    let sum = hex::encode(hash.finish());
    if footer == format!("{FOOTER}{sum}\n") { Ok(sum) } else { Err(damaged("its SHA-256 does not fit")) }
}

/// Unpacks a backup that [`check_bytes`] found whole into an empty folder, and checks each file against the manifest.
pub(super) fn unpack(path: &Path, into: &Path) -> Result<Manifest> {
    let file = File::open(path).context(format!("cannot open {}", path.display()))?;
    let mut archive = Archive::new(BufReader::with_capacity(CHUNK, file));
    let (mut found, mut manifest) = (Vec::new(), None);
    for entry in archive.entries().context("cannot read the backup")? {
        let mut entry = entry.map_err(|cause| damaged("a member cannot be read").caused_by(cause))?;
        let name = entry.path().map_err(|cause| damaged("a member has no name").caused_by(cause))?.into_owned();
        if manifest.is_some() || entry.header().entry_type() != EntryType::Regular {
            return Err(damaged("a member has no place in it"));
        }
        if name == Path::new(MANIFEST) {
            let mut text = Vec::new();
            entry.by_ref().take(MOST_MANIFEST).read_to_end(&mut text).context("cannot read the manifest")?;
            let read: Manifest = serde_json::from_slice(&text).map_err(|cause| damaged("its manifest cannot be read").caused_by(cause))?;
            manifest = Some(read);
            continue;
        }
        found.push(unpack_one(&mut entry, &name, into)?);
    }
    let manifest = manifest.ok_or_else(|| damaged("it has no manifest"))?;
    if manifest.format != FORMAT {
        return Err(Error::invalid(format!("the backup has format {}, this program reads {FORMAT}: use a newer program", manifest.format)));
    }
    if manifest.files == found { Ok(manifest) } else { Err(damaged("its files are not those of its manifest")) }
}

fn unpack_one(entry: &mut impl Read, name: &Path, into: &Path) -> Result<FileLine> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let path = inside(into, name)?;
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).context("cannot make a folder")?;
    }
    let doing = || format!("cannot write {}", path.display());
    let file = File::options().write(true).create_new(true).mode(0o600).open(&path).context(doing())?;
    let mut writer = Hashing { inner: BufWriter::with_capacity(CHUNK, file), hash: Hash::new(&SHA256), n_bytes: 0 };
    std::io::copy(entry, &mut writer).context(doing())?;
    writer.flush().context(doing())?;
    writer.inner.get_ref().sync_all().context(doing())?;
    let size = writer.n_bytes;
    Ok(FileLine { path: name.to_string_lossy().into_owned(), size, sha256: writer.finish() })
}

/// A path below a folder; one that could leave it is refused.
fn inside(folder: &Path, name: &Path) -> Result<PathBuf> {
    let is_plain = name.components().count() > 0 && name.components().all(|part| matches!(part, Component::Normal(_)));
    if is_plain { Ok(folder.join(name)) } else { Err(damaged("a member leaves the folder")) }
}

fn damaged(why: &str) -> Error {
    Error::invalid(format!("the backup is damaged: {why}")).code("backup_damaged")
}

/// Passes bytes on and hashes them.
struct Hashing<T> {
    inner: T,
    hash: Hash,
    n_bytes: u64,
}

impl<T> Hashing<T> {
    fn note(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.n_bytes += bytes.len() as u64;
    }

    fn finish(self) -> String {
        hex::encode(self.hash.finish())
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.note(&buffer[..n]);
        Ok(n)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.note(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    fn manifest() -> Manifest {
        Manifest {
            format: 0,
            version: "0".into(),
            schema: 1,
            created_at: Millis(0),
            has_master_key: false,
            has_recordings: false,
            files: Vec::new(),
            recordings: Vec::new(),
        }
    }

    fn made(folder: &Path) -> PathBuf {
        let path = folder.join("b.tar");
        let mut writer = Writer::begin(&path, Millis(5000)).expect("begun");
        writer.add_bytes("main.db", &[7; 3000]).expect("added");
        writer.add_bytes("prompts/a.txt", b"hello").expect("added");
        writer.add_bytes(&format!("transcripts/{}.txt", "x".repeat(150)), b"").expect("a long name");
        writer.add_file("gone", &folder.join("gone")).expect("left out");
        writer.finish(manifest()).expect("ended");
        path
    }

    #[test]
    fn what_goes_in_comes_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = made(folder.path());
        check_bytes(&path).expect("whole");
        let out = folder.path().join("out");
        let manifest = unpack(&path, &out).expect("unpacked");
        assert_eq!(manifest.files.len(), 3);
        assert_eq!(std::fs::read(out.join("main.db")).expect("there"), [7; 3000]);
        assert_eq!(std::fs::read(out.join("prompts/a.txt")).expect("there"), b"hello");
        assert!(Writer::begin(&path, Millis(0)).is_err(), "a file that is there is not written over");
    }

    #[test]
    fn of_a_thousand_flipped_bytes_every_one_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = made(folder.path());
        let whole = std::fs::read(&path).expect("read");
        let random = Random::seeded(3);
        for trial in 0..1000 {
            let mut bytes = whole.clone();
            let at = usize::try_from(random.below(bytes.len() as u64)).expect("small");
            bytes[at] ^= 1 << random.below(8);
            std::fs::write(&path, &bytes).expect("written");
            assert!(check_bytes(&path).is_err(), "trial {trial}: a flip at byte {at} was not found");
        }
        for cut in [0, 1, 84, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).expect("written");
            assert!(check_bytes(&path).is_err(), "{cut} bytes");
        }
        std::fs::write(&path, [whole.as_slice(), b"\n"].concat()).expect("written");
        assert!(check_bytes(&path).is_err(), "a byte more");
    }

    #[test]
    fn no_member_leaves_the_folder() {
        for bad in ["../x", "/etc/passwd", "a/../../x", ""] {
            assert!(inside(Path::new("/tmp/f"), Path::new(bad)).is_err(), "{bad:?}");
        }
        assert_eq!(inside(Path::new("/tmp/f"), Path::new("a/b")).expect("fine"), Path::new("/tmp/f/a/b"));
    }
}
