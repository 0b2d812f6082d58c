//! Where the bytes of a recording are: on local disk, in the object store, or with an engine that could not bring them yet.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio_util::io::ReaderStream;
use tracing::warn;

use super::model::etag_of;
use super::service::{Recordings, missing};
use super::store;
use crate::base::{Error, Result};
use crate::features::fleet::Host;
use crate::platform::net::{Answer, NetError};
use crate::platform::objects::ObjectKey;

/// Whoever waits for a recording hears within this time that it cannot be had.
pub(super) const ALL_WITHIN: Duration = Duration::from_millis(4500);
/// Bytes that are read from disk at once; it bounds what one listener costs in memory.
const CHUNK: usize = 32 * 1024;

/// A recording that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: ObjectKey,
    pub(super) size: u64,
    /// Changes with the bytes.
    pub(super) etag: String,
    /// Whether the object store was not asked yet: our row says that it has the recording.
    pub(super) is_by_row: bool,
    place: Place,
}

/// Where it lies.
#[derive(Debug)]
enum Place {
    Disk,
    ObjectStore,
    Engine(Host),
}

/// Whether a row that says that the object store has a recording is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// It is: whoever reads at once learns from the store itself whether it was true, and one question is saved.
    Believed,
    /// The store is asked.
    Checked,
}

/// Finds a recording: local disk, then the object store, then every engine in turn. `NotFound` when nobody has it; `Unavailable` when
/// the object store may have it and does not answer in time.
pub(super) async fn find(recordings: &Recordings, key: &ObjectKey) -> Result<Found> {
    tokio::time::timeout(ALL_WITHIN, looked_for(recordings, key, Rows::Checked)).await.map_err(|_| too_late())?
}

/// What is said when nobody who may have a recording answers in time.
pub(super) fn too_late() -> Error {
    Error::unavailable("nobody who may have the recording answers").retry_after(5)
}

/// As [`find`], for as long as it takes.
pub(super) async fn looked_for(recordings: &Recordings, key: &ObjectKey, rows: Rows) -> Result<Found> {
    let wanted = key.clone();
    let known = recordings.db().read(move |conn| store::find(conn, wanted.as_str())).await?;
    let found = |size, etag, place| Found { key: key.clone(), size, etag, is_by_row: false, place };
    if let Some(object) = recordings.objects().find(key).await? {
        let etag = known.as_ref().filter(|row| row.size == object.size).and_then(|row| row.etag());
        return Ok(found(object.size, etag.unwrap_or_else(|| etag_of(object)), Place::Disk));
    }
    let Some(s3) = recordings.s3()? else { return at_engines(recordings, key).await.ok_or_else(missing) };
    if rows == Rows::Believed
        && let Some(row) = known.as_ref().filter(|row| row.uploaded_to.as_deref() == Some(s3.location()))
        && let Some(etag) = row.etag()
    {
        return Ok(Found { is_by_row: true, ..found(row.size, etag, Place::ObjectStore) });
    }
    match s3.size(key.as_str()).await {
        Ok(Some(size)) => {
            let etag = known.as_ref().filter(|row| row.size == size).and_then(|row| row.etag());
            Ok(found(size, etag.unwrap_or_else(|| format!("\"{size:x}\"")), Place::ObjectStore))
        }
        Ok(None) => at_engines(recordings, key).await.ok_or_else(missing),
        Err(failure) => {
            warn!("The object store cannot be asked for a recording: {failure}");
            at_engines(recordings, key).await.ok_or(failure)
        }
    }
}

/// A recording that an engine still keeps.
pub(super) async fn at_engines(recordings: &Recordings, key: &ObjectKey) -> Option<Found> {
    let (host, size) = recordings.inner.setup.fleet.find_recording(key.as_str()).await?;
    Some(Found { key: key.clone(), size, etag: format!("\"{size:x}\""), is_by_row: false, place: Place::Engine(host) })
}

impl Recordings {
    /// `length` bytes of a recording from `start` on, streamed; none when it is not where it was found, or has another size there.
    /// `length` is not zero.
    pub(super) async fn open(&self, found: &Found, start: u64, length: u64) -> Result<Option<Body>> {
        let part = (start > 0 || length < found.size).then_some((start, start + length - 1));
        match &found.place {
            Place::Disk => {
                let file = self.objects().open(&found.key, start, length).await?;
                Ok(Some(Body::from_stream(ReaderStream::with_capacity(file, CHUNK))))
            }
            Place::ObjectStore => {
                let s3 = self.s3()?.ok_or_else(missing)?;
                let answer = s3.read(found.key.as_str(), part).await?;
                Ok(answer.filter(|answer| size_of(answer).is_none_or(|size| size == found.size)).map(|answer| cut(answer, start, length)))
            }
            Place::Engine(host) => {
                let answer = self.inner.setup.fleet.recording(host, found.key.as_str(), part).await?;
                Ok(answer.map(|answer| cut(answer, start, length)))
            }
        }
    }
}

/// Length of the whole object that an answer brings, or brings a part of, if the answer says it.
fn size_of(answer: &Answer) -> Option<u64> {
    let said = match answer.status {
        206 => answer.header("content-range")?.rsplit('/').next(),
        _ => answer.header("content-length"),
    };
    said?.parse().ok()
}

/// The wanted bytes of an answer: as it comes when it is the part that was asked for, else skipped to and cut off.
fn cut(answer: Answer, start: u64, length: u64) -> Body {
    let is_part = answer.status == 206 && answer.header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {start}-")));
    if is_part || start == 0 && answer.header("content-length") == Some(&length.to_string()) {
        return Body::new(answer);
    }
    let skipped = stream::try_unfold((answer, start, length), |(mut answer, mut skip, left)| async move {
        loop {
            if left == 0 {
                return Ok::<_, NetError>(None);
            }
            let Some(mut chunk) = answer.chunk().await? else { return Ok(None) };
            let n_skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= n_skipped as u64;
            let rest: Bytes = chunk.split_off(n_skipped);
            if rest.is_empty() {
                continue;
            }
            let n_taken = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            return Ok(Some((rest.slice(..n_taken), (answer, skip, left - n_taken as u64))));
        }
    });
    Body::from_stream(skipped)
}
