//! The files of documents: `D/knowledge/<document id>`. A file is whole or absent; what belongs to no row is removed at the next start.

use std::io::ErrorKind;
use std::path::PathBuf;

use ring::digest::{Context as Hash, SHA256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::base::id::DocumentId;
use crate::base::{Context, Error, Random, Result};

/// Files on their way in.
const INCOMING: &str = ".incoming";

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
    random: Random,
}

/// A file on its way in. Dropping it before it is kept removes it.
pub(super) struct Incoming {
    path: PathBuf,
    file: File,
    hash: Hash,
    size: u64,
    most: u64,
    is_kept: bool,
}

impl Files {
    pub(super) fn open(folder: PathBuf, random: Random) -> Result<Self> {
        let incoming = folder.join(INCOMING);
        match std::fs::remove_dir_all(&incoming) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause).context("unfinished uploads cannot be cleared"),
            _ => {}
        }
        std::fs::create_dir_all(&incoming).context("the folder of documents cannot be made")?;
        Ok(Self { folder, random })
    }

    /// Where a document's file lies.
    pub(super) fn path(&self, id: &DocumentId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    /// Begins a file of at most so many bytes.
    pub(super) async fn begin(&self, most: u64) -> Result<Incoming> {
        let path = self.folder.join(INCOMING).join(self.random.hex::<12>());
        let file = File::create(&path).await.context("the document cannot be stored")?;
        Ok(Incoming { path, file, hash: Hash::new(&SHA256), size: 0, most, is_kept: false })
    }

    /// Removes a document's file, if there is one.
    pub(super) async fn remove(&self, id: &DocumentId) -> Result<()> {
        match tokio::fs::remove_file(self.path(id)).await {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(cause).context("a document's file cannot be removed"),
            _ => Ok(()),
        }
    }

    /// Names of all files.
    pub(super) async fn names(&self) -> Result<Vec<String>> {
        let doing = "the folder of documents cannot be listed";
        let mut entries = tokio::fs::read_dir(&self.folder).await.context(doing)?;
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await.context(doing)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                names.push(name);
            }
        }
        Ok(names)
    }
}

impl Incoming {
    /// Takes more bytes; refuses those beyond the measure.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            let most = self.most / (1024 * 1024);
            return Err(Error::too_large(format!("the document is too large: at most {most} MB (knowledge.max_document_mb)")));
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.context("the document cannot be stored")
    }

    /// Bytes so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the bytes so far, in hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finish())
    }

    /// Makes it the file of a document, in the place of the one that was there.
    pub(super) async fn keep(mut self, files: &Files, id: &DocumentId) -> Result<()> {
        let doing = "the document cannot be stored";
        self.file.flush().await.context(doing)?;
        self.file.sync_all().await.context(doing)?;
        tokio::fs::rename(&self.path, files.path(id)).await.context(doing)?;
        self.is_kept = true;
        File::open(&files.folder).await.context(doing)?.sync_all().await.context(doing)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_kept {
            // What stays is cleared when the folder is opened again.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
