//! The handle of this slice: writes transcripts, lists them, reads one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::document::{self, Document};
use super::model::{self, Filter, TranscriptItem};
use super::{list_store, store};
use crate::base::id::SessionId;
use crate::base::page::Page;
use crate::base::{Context, Error, Millis, Result};
use crate::contract::fact::Fact;
use crate::features::calls;
use crate::platform::data_dir::write_whole;
use crate::platform::db::Db;
use crate::platform::outbox;

/// What the slice is built from.
pub struct TranscriptsSetup {
    /// The database.
    pub db: Db,
    /// Folder of transcript files.
    pub folder: PathBuf,
    /// Host of the box.
    pub tenant: String,
}

/// The transcripts of this box. Cheap to clone.
#[derive(Clone)]
pub struct Transcripts {
    setup: Arc<TranscriptsSetup>,
}

/// A text file as it lies on disk.
struct Written {
    size: u64,
    at: Millis,
}

impl Transcripts {
    /// The slice over its parts.
    pub fn new(setup: TranscriptsSetup) -> Self {
        Self { setup: Arc::new(setup) }
    }

    /// Writes the files of a call that is over, then lists them and tells of it. A repeat changes nothing; a call from before there was a
    /// list is only listed.
    pub(super) async fn write(&self, session_id: SessionId) -> Result<()> {
        let known = session_id.clone();
        let read = move |conn: &_| Ok(if store::is_listed(conn, &known)? { None } else { Some(calls::get(conn, &known)?) });
        let Some(call) = self.setup.db.read(read).await? else { return Ok(()) };
        let file = call.transcript_file.clone().unwrap_or_else(|| document::file_name(&call));
        let document = Document::of(&call, &self.setup.tenant, &file);
        let written = self.write_files(&document).await?;
        let item = TranscriptItem::of(&call, &document, written.size, written.at);
        let words = model::words(&item, &call);
        self.setup
            .db
            .write(move |tx| {
                if store::is_listed(tx, &session_id)? {
                    return Ok(());
                }
                store::insert(tx, &session_id, &item, &words)?;
                if calls::note_transcript_file(tx, &session_id, &item.file)? {
                    outbox::append(tx, &Fact::TranscriptSaved { session_id })?;
                }
                Ok(())
            })
            .await
    }

    /// Removes the files of a transcript. Says whether there were any.
    pub async fn remove_files(&self, file: &str) -> Result<bool> {
        let text = self.setup.folder.join(file);
        // A name out of a row of ours, but it becomes a path: it must not leave the folder.
        if text.parent() != Some(self.setup.folder.as_path()) {
            return Ok(false);
        }
        let mut found = false;
        for path in [text.with_extension("json"), text] {
            match tokio::fs::remove_file(&path).await {
                Ok(()) => found = true,
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
                Err(cause) => return Err(cause).context("cannot remove a transcript"),
            }
        }
        Ok(found)
    }

    async fn write_files(&self, document: &Document) -> Result<Written> {
        let text_path = self.setup.folder.join(&document.file);
        let json_path = text_path.with_extension("json");
        let sidecar = serde_json::to_vec_pretty(document).context("cannot write a transcript")?;
        let text = document.text();
        let write = move || {
            write_whole(&json_path, &sidecar)?;
            write_whole(&text_path, text.as_bytes())?;
            let facts = std::fs::metadata(&text_path).context("cannot read a transcript that was just written")?;
            let changed = facts.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
            Ok(Written { size: facts.len(), at: Millis(0).plus(changed) })
        };
        tokio::task::spawn_blocking(write).await.map_err(|cause| Error::internal("writing a transcript panicked").caused_by(cause))?
    }

    /// One page, newest call first, and how many match.
    pub async fn list(&self, filter: Filter, page: Page) -> Result<(Vec<TranscriptItem>, u64)> {
        self.setup.db.read(move |conn| list_store::page(conn, &filter, page)).await
    }

    /// The transcript of a call, by its id or by its exact file name; of several attempts of one order the newest.
    pub async fn get(&self, call_id_or_file: String) -> Result<Document> {
        let missing = Error::not_found(format!("No transcript for callId={call_id_or_file}"));
        let found = self.setup.db.read(move |conn| store::find(conn, &call_id_or_file)).await?;
        let (_, file) = found.ok_or_else(|| Error::not_found(missing.message().to_owned()))?;
        read_document(self.setup.folder.join(file)).await?.ok_or(missing)
    }
}

/// The sidecar beside a text file; none when somebody removed it.
pub(super) async fn read_document(text_path: PathBuf) -> Result<Option<Document>> {
    let bytes = match tokio::fs::read(text_path.with_extension("json")).await {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::internal("cannot read a transcript").caused_by(cause)),
    };
    serde_json::from_slice(&bytes).context("a transcript's sidecar cannot be read").map(Some)
}
