//! The store on local disk: an object is whole or absent, also after a crash.

use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use ring::digest::{Context as Context256, SHA256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, Take};

use super::key::ObjectKey;
use crate::base::{Context, Error, Millis, Random, Result};

/// Uploads on their way; emptied when the store is opened.
const INCOMING: &str = ".incoming";
/// What is derived from objects, such as waveforms; no key begins with a dot.
const DERIVED: &str = ".derived";
/// Largest derived file that is read.
const MOST_DERIVED: u64 = 1024 * 1024;
/// Largest object: a day of stereo telephone sound is 1.4 GB.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// A folder of objects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    root: PathBuf,
    random: Random,
}

/// What is known of a stored object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Length in bytes.
    pub size: u64,
    /// When it was stored.
    pub changed_at: Millis,
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hexadecimal digits.
    pub sha256: String,
}

impl Objects {
    /// Opens a folder as a store and clears uploads that a crash left behind.
    pub fn disk(root: PathBuf, random: Random) -> Result<Self> {
        let incoming = root.join(INCOMING);
        match std::fs::remove_dir_all(&incoming) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause).context("cannot clear unfinished uploads"),
            _ => {}
        }
        std::fs::create_dir_all(&incoming).context("cannot make the recordings folder")?;
        Ok(Self { root, random })
    }

    /// Stores a stream under a key, replacing what was there. Answers once the object is on disk and synced; a stream that breaks off
    /// leaves nothing.
    pub async fn put<S, E>(&self, key: &ObjectKey, stream: S) -> Result<Stored>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let incoming = self.root.join(INCOMING).join(self.random.hex::<12>());
        let stored = self.store(key, &incoming, stream).await;
        // What was made from the former object fits no more.
        let _ = tokio::fs::remove_file(self.derived_path(key)).await;
        if stored.is_err() {
            // Nothing may be there; then there is nothing to remove.
            let _ = tokio::fs::remove_file(&incoming).await;
        }
        stored
    }

    async fn store<S, E>(&self, key: &ObjectKey, incoming: &Path, mut stream: S) -> Result<Stored>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let doing = "cannot store the recording";
        let mut file = File::create(incoming).await.context(doing)?;
        let mut size = 0;
        let mut hash = Context256::new(&SHA256);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|cause| Error::invalid("the upload broke off").caused_by(cause.into()))?;
            size += chunk.len() as u64;
            if size > MOST_BYTES {
                return Err(Error::too_large("the upload is too large"));
            }
            hash.update(&chunk);
            file.write_all(&chunk).await.context(doing)?;
        }
        file.flush().await.context(doing)?;
        file.sync_all().await.context(doing)?;
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        tokio::fs::create_dir_all(folder).await.context(doing)?;
        tokio::fs::rename(incoming, &path).await.context(doing)?;
        File::open(folder).await.context(doing)?.sync_all().await.context(doing)?;
        Ok(Stored { size, sha256: hex::encode(hash.finish()) })
    }

    /// Size and age of an object, if it is there.
    pub async fn find(&self, key: &ObjectKey) -> Result<Option<Object>> {
        match tokio::fs::metadata(self.path(key)).await {
            Ok(found) if found.is_file() => Ok(Some(Object { size: found.len(), changed_at: changed_at(&found) })),
            Ok(_) => Ok(None),
            Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(cause) => Err(cause).context("cannot look for the recording"),
        }
    }

    /// Opens `length` bytes of an object from `start` on.
    pub async fn open(&self, key: &ObjectKey, start: u64, length: u64) -> Result<Take<File>> {
        let mut file = File::open(self.path(key)).await.context("cannot open the recording")?;
        file.seek(SeekFrom::Start(start)).await.context("cannot read the recording")?;
        Ok(file.take(length))
    }

    /// SHA-256 of an object, read anew.
    pub async fn sha256(&self, key: &ObjectKey) -> Result<String> {
        let mut file = File::open(self.path(key)).await.context("cannot open the recording")?;
        let (mut hash, mut part) = (Context256::new(&SHA256), vec![0; 64 * 1024]);
        loop {
            match file.read(&mut part).await.context("cannot read the recording")? {
                0 => return Ok(hex::encode(hash.finish())),
                n => hash.update(&part[..n]),
            }
        }
    }

    /// Keeps what was made from an object beside it. It goes when the object goes.
    pub async fn keep_derived(&self, key: &ObjectKey, text: &str) -> Result<()> {
        let (path, doing) = (self.derived_path(key), "cannot keep what was made from a recording");
        tokio::fs::create_dir_all(path.parent().unwrap_or(&self.root)).await.context(doing)?;
        let unfinished = self.root.join(INCOMING).join(self.random.hex::<12>());
        tokio::fs::write(&unfinished, text).await.context(doing)?;
        tokio::fs::rename(&unfinished, &path).await.context(doing)
    }

    /// What was made from an object, if it was kept.
    pub async fn derived(&self, key: &ObjectKey) -> Option<String> {
        let file = File::open(self.derived_path(key)).await.ok()?;
        let mut text = String::new();
        file.take(MOST_DERIVED).read_to_string(&mut text).await.ok()?;
        Some(text)
    }

    /// Opens the whole object, to be read here and there.
    pub async fn file(&self, key: &ObjectKey) -> Result<File> {
        File::open(self.path(key)).await.context("cannot open the recording")
    }

    /// Removes the object alone; what was made from it stays.
    pub async fn remove_copy(&self, key: &ObjectKey) -> Result<bool> {
        match tokio::fs::remove_file(self.path(key)).await {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(cause).context("cannot delete the recording"),
        }
    }

    /// Removes an object and what was made from it. Says whether there was one.
    pub async fn delete(&self, key: &ObjectKey) -> Result<bool> {
        let _ = tokio::fs::remove_file(self.derived_path(key)).await;
        self.remove_copy(key).await
    }

    fn derived_path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(DERIVED).join(format!("{key}.json"))
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }
}

fn changed_at(found: &std::fs::Metadata) -> Millis {
    let since = found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunks(parts: &[&'static str]) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Unpin {
        stream::iter(parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect::<Vec<_>>())
    }

    fn store() -> (tempfile::TempDir, Objects) {
        let folder = tempfile::tempdir().expect("a folder");
        let objects = Objects::disk(folder.path().to_owned(), Random::system()).expect("a store");
        (folder, objects)
    }

    #[tokio::test]
    async fn an_object_is_stored_read_in_part_and_deleted() {
        let (_folder, objects) = store();
        let key = ObjectKey::parse("2026/a.wav").expect("a key");
        assert_eq!(objects.find(&key).await.expect("looked"), None);
        assert_eq!(objects.put(&key, chunks(&["hello ", "world"])).await.expect("stored").size, 11);
        assert_eq!(objects.find(&key).await.expect("looked").map(|o| o.size), Some(11));
        let mut text = String::new();
        objects.open(&key, 6, 3).await.expect("opened").read_to_string(&mut text).await.expect("read");
        assert_eq!(text, "wor");
        assert_eq!((objects.delete(&key).await.expect("gone"), objects.delete(&key).await.expect("gone")), (true, false));
    }

    #[tokio::test]
    async fn an_upload_that_breaks_off_leaves_the_old_object_and_no_litter() {
        let (folder, objects) = store();
        let key = ObjectKey::parse("a.wav").expect("a key");
        objects.put(&key, chunks(&["old"])).await.expect("stored");
        let broken = stream::iter([Ok(Bytes::from_static(b"new")), Err(std::io::Error::other("reset"))]);
        assert!(objects.put(&key, broken).await.is_err());
        assert_eq!(objects.find(&key).await.expect("looked").map(|o| o.size), Some(3));
        assert_eq!(std::fs::read_dir(folder.path().join(INCOMING)).expect("listed").count(), 0);
    }
}
