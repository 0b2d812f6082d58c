//! Results on their way: on disk and synced before the first attempt, removed when they were taken, tried without end.
//!
//! Without room on the disk they are held in memory, with their journals kept, until there is room or the control plane took them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

use super::trunks::TrunkWatch;
use super::{Control, answer, report};
use crate::base::{Clock, Context, Error, Kind, Millis, Result};
use crate::contract::result::CallResultsPayload;
use crate::platform::data_dir::write_whole;

/// Delays after the first failed attempts, in seconds; afterwards hourly.
const STEPS_S: &[u64] = &[5, 30, 120, 600];
/// The delay after all others.
const HOURLY: Duration = Duration::from_secs(3600);
/// The delay when a disk is full, ours or the control plane's: room comes back without a word.
const NO_ROOM: Duration = Duration::from_secs(5);
/// How long the control plane may take to store a result.
const POST_WITHIN: Duration = Duration::from_secs(30);

/// One result as it lies on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parcel {
    /// The result.
    pub result: CallResultsPayload,
    /// The recording to upload before it, if there is one.
    pub recording: Option<PathBuf>,
}

/// The folder of results. Cheap to clone; the delivering ends with the last handle.
#[derive(Clone)]
pub struct Spool {
    inner: Arc<Inner>,
    _task: Arc<AbortOnDropHandle<()>>,
}

struct Inner {
    folder: PathBuf,
    parked: PathBuf,
    due: Mutex<BTreeMap<PathBuf, Due>>,
    /// What could not be written to its file yet.
    held: Mutex<HashMap<PathBuf, Held>>,
    n_waiting: watch::Sender<usize>,
    changed: Notify,
    clock: Clock,
}

/// A file that stands for a result until that is safe: the journal of its call.
#[derive(Debug)]
pub struct StandIn(pub(super) PathBuf);

impl StandIn {
    /// Removes it: the result is safe, or there is none.
    pub fn remove(self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            warn!(%error, "A call's journal could not be removed");
        }
    }
}

/// A result that has no file.
struct Held {
    parcel: Parcel,
    journal: Option<StandIn>,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    at: Millis,
    n_failed: usize,
}

impl Spool {
    /// Opens `root` (`D/spool`), finds what waits there and begins to deliver it.
    pub fn start(root: &Path, control: Control, trunks: &TrunkWatch, clock: Clock) -> Result<Self> {
        let (folder, parked) = (root.join("results"), root.join("parked"));
        for path in [&folder, &parked] {
            std::fs::create_dir_all(path).context("cannot make the spool folder")?;
        }
        let now = clock.ticks();
        let due: BTreeMap<_, _> = waiting_in(&folder)?.into_iter().map(|file| (file, Due { at: now, n_failed: 0 })).collect();
        if !due.is_empty() {
            info!(n = due.len(), "Results of an earlier run wait to be delivered");
        }
        let (n_waiting, _) = watch::channel(due.len());
        let inner =
            Arc::new(Inner { folder, parked, due: Mutex::new(due), held: Mutex::default(), n_waiting, changed: Notify::new(), clock });
        let task = tokio::spawn(deliver_all(inner.clone(), control, trunks.clone()));
        Ok(Self { inner, _task: Arc::new(AbortOnDropHandle::new(task)) })
    }

    /// Takes a result: when this returns it is on disk, synced, its journal is gone, and it will be delivered. On a full disk it is held in
    /// memory instead and its journal stays. A second result of one call replaces the first.
    pub async fn put(&self, parcel: Parcel, journal: Option<StandIn>) -> Result<()> {
        let id = parcel.result.session_id.as_ref().ok_or_else(|| Error::internal("a result without a session id"))?;
        let file = self.inner.folder.join(format!("{}.json", file_name(id.as_str())));
        if let Err(error) = write(&file, &parcel).await {
            error!(call.id = %id, %error, "The result of call {id} is held in memory: it could not be written");
            self.inner.held().insert(file.clone(), Held { parcel, journal });
        } else if let Some(journal) = journal {
            journal.remove();
        }
        self.inner.set(file, Some(Due { at: self.inner.clock.ticks(), n_failed: 0 }));
        self.inner.changed.notify_one();
        Ok(())
    }

    /// Waits until nothing waits any more.
    pub async fn delivered(&self) {
        let mut n_waiting = self.inner.n_waiting.subscribe();
        // The sender lives in `inner`, so waiting cannot fail.
        let _ = n_waiting.wait_for(|n| *n == 0).await;
    }

    /// Results that wait.
    pub fn n_waiting(&self) -> usize {
        *self.inner.n_waiting.borrow()
    }
}

impl Inner {
    fn set(&self, file: PathBuf, due: Option<Due>) {
        let mut all = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        match due {
            Some(due) => all.insert(file, due),
            None => all.remove(&file),
        };
        self.n_waiting.send_replace(all.len());
    }

    fn held(&self) -> MutexGuard<'_, HashMap<PathBuf, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries again to write what is held of this file; gives it back when there is still no room.
    async fn write_held(&self, file: &Path) -> Option<Held> {
        let held = self.held().remove(file)?;
        if write(file, &held.parcel).await.is_err() {
            return Some(held);
        }
        if let Some(journal) = held.journal {
            journal.remove();
        }
        None
    }

    /// The parcel that is due first, and when.
    fn next(&self) -> Option<(PathBuf, Due)> {
        let all = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().min_by_key(|(_, due)| due.at).map(|(file, due)| (file.clone(), *due))
    }

    /// Everything is due now: the control plane is back.
    fn all_due(&self) {
        let now = self.clock.ticks();
        for due in self.due.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            due.at = due.at.min(now);
        }
    }
}

/// A session id as a file name: nothing in it can leave the folder.
pub(super) fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}

fn waiting_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).context("cannot read the spool folder")?;
    let files = entries.filter_map(|entry| entry.ok().map(|e| e.path()));
    Ok(files.filter(|path| path.extension().is_some_and(|e| e == "json") && !is_hidden(path)).collect())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}

async fn deliver_all(inner: Arc<Inner>, control: Control, trunks: TrunkWatch) {
    let mut known = trunks.subscribe();
    loop {
        let wait = match inner.next() {
            Some((file, due)) if due.at <= inner.clock.ticks() => {
                deliver_one(&inner, &control, file, due).await;
                continue;
            }
            Some((_, due)) => due.at.since(inner.clock.ticks()),
            None => HOURLY,
        };
        let was_connected = known.borrow_and_update().is_connected;
        tokio::select! {
            () = inner.clock.sleep(wait) => {}
            () = inner.changed.notified() => {}
            _ = known.wait_for(move |k| k.is_connected && !was_connected) => inner.all_due(),
        }
    }
}

async fn deliver_one(inner: &Inner, control: &Control, file: PathBuf, due: Due) {
    let name = file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let held = inner.write_held(&file).await;
    let parcel = match &held {
        Some(held) => Ok(held.parcel.clone()),
        None => read(&file).await,
    };
    let outcome = match parcel {
        Ok(parcel) => send(control, parcel).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(recording) => {
            // The result first: a recording without a result is uploaded again, which is harmless.
            match held {
                Some(held) => held.journal.into_iter().for_each(StandIn::remove),
                None => remove(&file).await,
            }
            if let Some(recording) = recording {
                remove(&recording).await;
            }
            inner.set(file, None);
            info!(call.id = %name, "Result of call {name} delivered");
        }
        Err(problem) if is_final(&problem) && held.is_none() => {
            error!(call.id = %name, error = %problem, "Result of call {name} is refused for good and parked");
            park(&inner.parked, &file).await;
            inner.set(file, None);
        }
        Err(problem) => {
            let after = pause(&problem, held.is_some(), due.n_failed);
            if let Some(held) = held {
                inner.held().insert(file.clone(), held);
            }
            warn!(call.id = %name, error = %problem, "Result of call {name} not delivered; next attempt in {} s", after.as_secs());
            inner.set(file, Some(Due { at: inner.clock.ticks().plus(after), n_failed: due.n_failed + 1 }));
        }
    }
}

/// How long to wait after a failed attempt.
fn pause(problem: &Error, is_held: bool, n_failed: usize) -> Duration {
    if is_held || problem.kind() == Kind::DiskFull {
        return NO_ROOM;
    }
    STEPS_S.get(n_failed).map_or(HOURLY, |s| Duration::from_secs(*s))
}

/// Writes a parcel so that it is whole or absent, and synced.
async fn write(file: &Path, parcel: &Parcel) -> Result<()> {
    let bytes = serde_json::to_vec(parcel).context("cannot write a result as JSON")?;
    let target = file.to_owned();
    tokio::task::spawn_blocking(move || write_whole(&target, &bytes)).await.context("the disk task ended")?
}

/// Whether a repeat cannot help: the file or the result is wrong, not the moment.
fn is_final(problem: &Error) -> bool {
    matches!(problem.kind(), Kind::Invalid | Kind::NotFound | Kind::Conflict | Kind::TooLarge)
}

async fn read(file: &Path) -> Result<Parcel> {
    let bytes = tokio::fs::read(file).await.context("cannot read a result")?;
    serde_json::from_slice(&bytes).map_err(|cause| Error::invalid("the spooled result is not readable").caused_by(cause))
}

/// Recording first, then the result. Gives the recording that may be removed.
async fn send(control: &Control, mut parcel: Parcel) -> Result<Option<PathBuf>> {
    let recording = parcel.recording.take().filter(|path| path.exists());
    if let (Some(path), Some(key)) = (&recording, &parcel.result.recording_key) {
        match report::upload(control, key, path).await {
            Ok(()) => {}
            Err(problem) if is_final(&problem) => {
                error!(error = %problem, "The recording {key} is refused; the result goes without it");
                parcel.result.recording_key = None;
            }
            Err(problem) => return Err(problem),
        }
    } else {
        parcel.result.recording_key = None;
    }
    post(control, &parcel.result).await?;
    Ok(recording.filter(|_| parcel.result.recording_key.is_some()))
}

async fn post(control: &Control, result: &CallResultsPayload) -> Result<()> {
    let request = control.request(Method::POST, "/api/v1/call-results").json(result)?.within(POST_WITHIN);
    let answer = control.send(request).await?;
    match answer.status {
        200..300 => Ok(()),
        408 | 425 | 429 => Err(Error::unavailable(format!("the control plane answered {}", answer.status))),
        400..500 => Err(Error::invalid(answer::refusal(answer).await.message().to_owned())),
        _ => Err(answer::refusal(answer).await),
    }
}

async fn park(folder: &Path, file: &Path) {
    let Some(name) = file.file_name() else { return };
    if let Err(error) = tokio::fs::rename(file, folder.join(name)).await {
        error!(%error, "A refused result could not be parked");
    }
}

async fn remove(file: &Path) {
    if let Err(error) = tokio::fs::remove_file(file).await {
        warn!(%error, "A delivered file could not be removed");
    }
}
