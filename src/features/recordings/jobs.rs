//! Brings recordings to the object store and removes them there. Safe to repeat; while the store is away the work waits.

use std::sync::Arc;
use std::time::Duration;

use super::model::Recording;
use super::service::Recordings;
use super::store;
use super::work::{DELETE, KeyBody, UPLOAD};
use crate::base::backoff::Backoff;
use crate::base::{Context as _, Error, Result};
use crate::platform::db::Tx;
use crate::platform::objects::{ObjectKey, S3};
use crate::platform::outbox::{Chore, Handler, Job, Outcome};

/// A store may be away for long; the work waits for it without end.
const RETRY: Backoff = Backoff::Doubling { first: Duration::from_secs(5), most: Duration::from_secs(300) };
/// A run of an upload gives way after this time, well before its lease ends, and goes on in its next run.
const ONE_RUN: Duration = Duration::from_secs(120);

/// The handlers of this slice, by kind.
pub fn handlers(recordings: &Recordings) -> Vec<(&'static str, Handler)> {
    let (up, away) = (recordings.clone(), recordings.clone());
    let upload: Handler = Arc::new(move |job| {
        let recordings = up.clone();
        Box::pin(async move { outcome(&job, upload(&recordings, &job).await) })
    });
    let delete: Handler = Arc::new(move |job| {
        let recordings = away.clone();
        Box::pin(async move { outcome(&job, delete(&recordings, &job).await.map(|()| true)) })
    });
    vec![(UPLOAD, upload), (DELETE, delete)]
}

/// Takes up recordings that are not where the settings want them: stored before the object store was set, or left by a crash.
pub fn chore(recordings: &Recordings) -> Chore {
    let recordings = recordings.clone();
    let run = move |tx: &Tx<'_>| match recordings.s3()? {
        Some(s3) => store::take_up(tx, s3.location(), recordings.storage().keep_local),
        None => Ok(0),
    };
    Chore { name: "recordings.uploads", run: Arc::new(run) }
}

/// Removes recordings everywhere that calls have forgotten: by their age, or because a person asked to be erased.
pub fn erasure() -> Chore {
    Chore { name: "recordings.erasure", run: Arc::new(store::take_up_erasures) }
}

fn outcome(job: &Job, done: Result<bool>) -> Outcome {
    match done {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::Again { after: Duration::ZERO, error: "the upload goes on".to_owned() },
        Err(failure) => Outcome::Again { after: RETRY.after(job.attempt).unwrap_or(Duration::from_secs(300)), error: failure.to_string() },
    }
}

fn key_of(job: &Job) -> Result<ObjectKey> {
    let body: KeyBody = serde_json::from_value(job.body.clone()).context("the job names no recording")?;
    ObjectKey::parse(&body.key)
}

/// Brings one recording to the store. Says whether it is there and its local copy as the settings want it.
async fn upload(recordings: &Recordings, job: &Job) -> Result<bool> {
    let key = key_of(job)?;
    let wanted = key.clone();
    let row = recordings.db().read(move |conn| store::find(conn, wanted.as_str())).await?;
    let (Some(mut row), Some(s3)) = (row, recordings.s3()?) else {
        // It was erased, or the operator has switched the object store off.
        return release(recordings, &key).await;
    };
    if row.uploaded_to.as_deref() != Some(s3.location()) {
        if row.is_removed || recordings.objects().find(&key).await?.is_none() {
            // Neither here nor there: nothing will ever bring it.
            note_removal(recordings, &key).await?;
            return release(recordings, &key).await;
        }
        if !bring(recordings, &s3, &key, &mut row).await? {
            return Ok(false);
        }
    }
    if !recordings.storage().keep_local && !row.is_removed {
        // The store says itself that it has all of it before the only other copy goes.
        if s3.size(key.as_str()).await? != Some(row.size) {
            let (gone, hash) = (key.clone(), row.sha256.clone());
            recordings.db().write(move |tx| store::note_upload(tx, gone.as_str(), hash.as_deref(), "")).await?;
            return Ok(false);
        }
        recordings.objects().remove_copy(&key).await?;
        note_removal(recordings, &key).await?;
    }
    release(recordings, &key).await
}

async fn note_removal(recordings: &Recordings, key: &ObjectKey) -> Result<()> {
    let key = key.clone();
    recordings.db().write(move |tx| store::note_removal(tx, key.as_str())).await
}

async fn release(recordings: &Recordings, key: &ObjectKey) -> Result<bool> {
    let key = key.clone();
    recordings.db().write(move |tx| store::release(tx, key.as_str())).await?;
    Ok(true)
}

/// Takes the upload further for a while. Each part is noted before the next one begins.
async fn bring(recordings: &Recordings, s3: &S3, key: &ObjectKey, row: &mut Recording) -> Result<bool> {
    let clock = &recordings.inner.setup.clock;
    let began = clock.monotonic();
    let mut file = recordings.objects().file(key).await?;
    while clock.monotonic().saturating_duration_since(began) < ONE_RUN {
        let is_whole = s3.upload(key.as_str(), &mut file, row.size, &mut row.progress).await?;
        let (hash, progress, noted, location) = (row.sha256.clone(), row.progress.clone(), key.clone(), s3.location().to_owned());
        let is_same = recordings
            .db()
            .write(move |tx| match is_whole {
                true => store::note_upload(tx, noted.as_str(), hash.as_deref(), &location),
                false => store::keep_progress(tx, noted.as_str(), hash.as_deref(), &progress),
            })
            .await?;
        if is_whole && !is_same {
            remove_unwanted(recordings, s3, key).await?;
        }
        if is_whole || !is_same {
            return Ok(is_whole && is_same);
        }
    }
    Ok(false)
}

/// Takes an upload back that came through after its recording was erased. One that was stored anew meanwhile is uploaded over it.
async fn remove_unwanted(recordings: &Recordings, s3: &S3, key: &ObjectKey) -> Result<()> {
    let wanted = key.clone();
    match recordings.db().read(move |conn| store::find(conn, wanted.as_str())).await? {
        Some(_) => Ok(()),
        None => s3.delete(key.as_str()).await,
    }
}

/// Removes one recording wherever it lies.
async fn delete(recordings: &Recordings, job: &Job) -> Result<()> {
    // Under a key that is none nothing can ever have been stored.
    let Ok(key) = key_of(job) else { return Ok(()) };
    recordings.objects().delete(&key).await?;
    let (wanted, s3) = (key.clone(), recordings.s3()?);
    let row = recordings.db().read(move |conn| store::find(conn, wanted.as_str())).await?;
    let elsewhere = row.as_ref().and_then(|row| row.uploaded_to.as_deref()).filter(|place| !place.is_empty());
    if let Some(place) = elsewhere.filter(|place| s3.as_ref().is_none_or(|s3| s3.location() != *place)) {
        // To forget where the copy lies would be to keep it for ever.
        return Err(Error::unavailable(format!(
            "a copy lies at {place}, which the settings name no more: set it again to have it removed"
        )));
    }
    if let Some(s3) = s3 {
        if let Some(row) = &row {
            s3.abandon(key.as_str(), &row.progress).await?;
        }
        s3.delete(key.as_str()).await?;
    }
    recordings.db().write(move |tx| store::forget(tx, key.as_str())).await
}
