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
const ALL_WITHIN: Duration = Duration::from_millis(4500);
/// Bytes that are read from disk at once; it bounds what one listener costs in memory.
const CHUNK: usize = 32 * 1024;

/// A recording that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: ObjectKey,
    pub(super) size: u64,
    /// Changes with the bytes.
    pub(super) etag: String,
    place: Place,
}

/// Where it lies.
#[derive(Debug)]
enum Place {
    Disk,
    ObjectStore,
    Engine(Host),
}

/// Finds a recording: local disk, then the object store, then every engine in turn. `NotFound` when nobody has it; `Unavailable` when
/// the object store may have it and does not answer.
pub(super) async fn find(recordings: &Recordings, key: &ObjectKey) -> Result<Found> {
    let too_late = |_| Error::unavailable("nobody who may have the recording answers").retry_after(5);
    tokio::time::timeout(ALL_WITHIN, looked_for(recordings, key)).await.map_err(too_late)?
}

async fn looked_for(recordings: &Recordings, key: &ObjectKey) -> Result<Found> {
    let wanted = key.clone();
    let known = recordings.db().read(move |conn| store::find(conn, wanted.as_str())).await?;
    let found = |size, etag, place| Found { key: key.clone(), size, etag, place };
    if let Some(object) = recordings.objects().find(key).await? {
        let etag = known.as_ref().filter(|row| row.size == object.size).and_then(|row| row.etag());
        return Ok(found(object.size, etag.unwrap_or_else(|| etag_of(object)), Place::Disk));
    }
    let mut trouble = None;
    if let Some(s3) = recordings.s3()? {
        match s3.size(key.as_str()).await {
            Ok(Some(size)) => {
                let etag = known.as_ref().filter(|row| row.size == size).and_then(|row| row.etag());
                return Ok(found(size, etag.unwrap_or_else(|| format!("\"{size:x}\"")), Place::ObjectStore));
            }
            Ok(None) => {}
            Err(failure) => {
                warn!("The object store cannot be asked for a recording: {failure}");
                trouble = Some(failure);
            }
        }
    }
    let with_engine = recordings.inner.setup.fleet.find_recording(key.as_str()).await;
    match (with_engine, trouble) {
        (Some((host, size)), _) => Ok(found(size, format!("\"{size:x}\""), Place::Engine(host))),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(missing()),
    }
}

impl Recordings {
    /// `length` bytes of a recording from `start` on, streamed. `length` is not zero.
    pub(super) async fn open(&self, found: &Found, start: u64, length: u64) -> Result<Body> {
        let part = (start > 0 || length < found.size).then_some((start, start + length - 1));
        match &found.place {
            Place::Disk => {
                let file = self.objects().open(&found.key, start, length).await?;
                Ok(Body::from_stream(ReaderStream::with_capacity(file, CHUNK)))
            }
            Place::ObjectStore => {
                let s3 = self.s3()?.ok_or_else(missing)?;
                let answer = s3.read(found.key.as_str(), part).await?.ok_or_else(missing)?;
                Ok(cut(answer, start, length))
            }
            Place::Engine(host) => {
                let answer = self.inner.setup.fleet.recording(host, found.key.as_str(), part).await?.ok_or_else(missing)?;
                Ok(cut(answer, start, length))
            }
        }
    }
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
