//! The handle of this slice: one method per use case.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;

use super::store;
use crate::base::id::SessionId;
use crate::base::seal::Sealer;
use crate::base::{Clock, Error, Millis, Result};
use crate::features::calls::{self, CallRecord, Calls};
use crate::features::fleet::Fleet;
use crate::features::settings::{Settings, Storage};
use crate::platform::access::Misses;
use crate::platform::db::Db;
use crate::platform::net::Outbound;
use crate::platform::objects::{ObjectKey, Objects, S3, S3Options, Stored};
use crate::platform::space::Disk;

/// What the slice is built from.
pub struct RecordingsSetup {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Signs links that live for a while.
    pub sealer: Arc<Sealer>,
    /// Recordings on local disk.
    pub objects: Objects,
    /// The disk they lie on.
    pub disk: Disk,
    /// The client for the object store.
    pub net: Outbound,
    /// The settings, for the object store and the life of links.
    pub settings: Settings,
    /// The calls.
    pub calls: Calls,
    /// The engines, which keep what they could not bring.
    pub fleet: Fleet,
}

/// The recordings of this box. Cheap to clone.
#[derive(Clone)]
pub struct Recordings {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) setup: RecordingsSetup,
    pub(super) misses: Misses,
    /// The object store as the settings last had it.
    s3: Mutex<Option<(i64, S3)>>,
    /// Who heard which call, and when that was written into the audit trail.
    pub(super) heard: Mutex<HashMap<(String, SessionId), Millis>>,
}

impl Recordings {
    /// The slice over its parts.
    pub fn new(setup: RecordingsSetup) -> Self {
        let misses = Misses::new(setup.clock.clone());
        Self { inner: Arc::new(Inner { setup, misses, s3: Mutex::default(), heard: Mutex::default() }) }
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.setup.db
    }

    pub(super) fn objects(&self) -> &Objects {
        &self.inner.setup.objects
    }

    pub(super) fn storage(&self) -> Storage {
        self.inner.setup.settings.current().storage.clone()
    }

    /// The object store of the settings as they are now; none when none is set.
    pub fn s3(&self) -> Result<Option<S3>> {
        let settings = self.inner.setup.settings.current();
        if !settings.storage.is_on() {
            return Ok(None);
        }
        let mut kept = self.inner.s3.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, s3)) = kept.as_ref().filter(|(revision, _)| *revision == settings.revision) {
            return Ok(Some(s3.clone()));
        }
        let s3 = S3::new(&options(&settings.storage), self.inner.setup.net.clone())?;
        *kept = Some((settings.revision, s3.clone()));
        Ok(Some(s3))
    }

    /// Stores a recording an engine uploads: on local disk, synced, before this answers; its upload to the object store is a job in the same
    /// breath. `DiskFull` when little room is left; the engine keeps the file and comes again.
    pub async fn store<S, E>(&self, key: &str, stream: S) -> Result<Stored>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let key = ObjectKey::parse(key)?;
        self.inner.setup.disk.check()?;
        let stored = self.objects().put(&key, stream).await?;
        let is_uploaded = self.storage().is_on();
        let noted = stored.clone();
        self.db()
            .write(move |tx| {
                store::note(tx, key.as_str(), &noted)?;
                if is_uploaded { store::enqueue_upload(tx, key.as_str()) } else { Ok(()) }
            })
            .await?;
        Ok(stored)
    }

    pub(super) async fn call(&self, session_id: &SessionId) -> Result<CallRecord> {
        let wanted = session_id.clone();
        self.db().read(move |conn| calls::find(conn, &wanted)).await?.ok_or_else(missing)
    }
}

/// The object store's options out of the settings.
fn options(storage: &Storage) -> S3Options {
    S3Options {
        endpoint: storage.endpoint.clone(),
        secure: storage.secure,
        region: storage.region.clone(),
        bucket: storage.bucket.clone(),
        path_style: storage.path_style,
        access_key: storage.access_key.clone(),
        secret_key: storage.secret_key.clone(),
    }
}

pub(super) fn key_of(call: &CallRecord) -> Result<ObjectKey> {
    call.recording_object().and_then(|key| ObjectKey::parse(&key).ok()).ok_or_else(missing)
}

pub(super) fn missing() -> Error {
    Error::not_found("no such recording")
}
