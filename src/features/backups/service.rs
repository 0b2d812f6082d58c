//! The handle of this slice: one method per use case.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tracing::{error, info, warn};

use super::make::{Making, make};
use super::model::{BackupView, Made, NewBackup, State, checked_name, name_at};
use super::restore;
use super::work::{self, MakeBody};
use super::{copies, sealed, store};
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::secret::Secret;
use crate::base::{Clock, Context as _, Error, Millis, Random, Result};
use crate::features::recordings::Recordings;
use crate::features::settings::{Backup, Settings};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::data_dir::DataDir;
use crate::platform::db::{Db, Tx};
use crate::platform::objects::Progress;

/// Who asks for backups that nobody asked for.
const SCHEDULE: &str = "schedule";

/// What the slice is built from.
pub struct BackupsSetup {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Randomness, for names and salts.
    pub random: Random,
    /// The data folder.
    pub data: DataDir,
    /// The configuration file, wherever it is.
    pub config: Option<PathBuf>,
    /// The master key.
    pub master: [u8; 32],
    /// Keeps passphrases in rows.
    pub sealer: Arc<Sealer>,
    /// The settings, for the schedule.
    pub settings: Settings,
    /// Knows the object store.
    pub recordings: Recordings,
}

/// How backups go.
#[derive(Debug, Clone)]
pub struct Health {
    /// The newest that is whole.
    pub newest: Option<BackupView>,
    /// Whether the last one that ended could not be made.
    pub last_failed: bool,
    /// Since when the schedule counts.
    pub counts_since: Option<Millis>,
}

/// The backups of this box. Cheap to clone.
#[derive(Clone)]
pub struct Backups {
    inner: Arc<Inner>,
}

struct Inner {
    setup: BackupsSetup,
    /// Names that are being made by this process.
    running: Mutex<HashSet<String>>,
    /// Size of the ledger of erasures when it was last on its way to the object store.
    ledger: AtomicU64,
}

impl Backups {
    /// The slice over its parts.
    pub fn new(setup: BackupsSetup) -> Self {
        Self { inner: Arc::new(Inner { setup, running: Mutex::default(), ledger: AtomicU64::new(0) }) }
    }

    fn db(&self) -> &Db {
        &self.inner.setup.db
    }

    fn wishes(&self) -> Backup {
        self.inner.setup.settings.current().backup.clone()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.inner.setup.data.backups().join(name)
    }

    /// Begins a backup: a row and a job. 409 while another one is being made.
    pub async fn start(&self, actor: &Actor, new: NewBackup) -> Result<BackupView> {
        if let Some(passphrase) = &new.passphrase {
            sealed::check_passphrase(passphrase)?;
        }
        let (backups, actor) = (self.clone(), actor.clone());
        self.db()
            .write(move |tx| {
                let view = backups.begin(tx, "manual", &actor.name, &new)?;
                let detail = json!({ "with_recordings": view.has_recordings, "with_master_key": view.has_master_key });
                audit::append(tx, &actor, "backup.create", &view.name, &detail)?;
                Ok(view)
            })
            .await
    }

    fn begin(&self, tx: &Tx<'_>, origin: &str, by: &str, new: &NewBackup) -> Result<BackupView> {
        if let Some(name) = store::running(tx)? {
            return Err(Error::conflict(format!("the backup {name} is being made")).code("backup_running"));
        }
        let wishes = self.wishes();
        let name = free_name(tx)?;
        let view = BackupView {
            has_recordings: new.with_recordings.unwrap_or(wishes.with_recordings),
            has_master_key: new.passphrase.is_some(),
            ..running_view(name.clone(), origin, by, tx.now)
        };
        store::insert(tx, &view)?;
        let seal = |passphrase: &Secret| self.inner.setup.sealer.seal(&name, passphrase.expose());
        let body = MakeBody {
            compact: new.compact.unwrap_or(wishes.compact),
            with_recordings: view.has_recordings,
            passphrase: new.passphrase.as_ref().map(seal).transpose()?,
            name,
        };
        work::enqueue_make(tx, &body)?;
        Ok(view)
    }

    /// Begins the scheduled backup if it is due. Says whether it was.
    pub(super) fn begin_if_due(&self, tx: &Tx<'_>) -> Result<bool> {
        let settings = self.inner.setup.settings.current();
        let since = store::counts_since(tx)?;
        if since > tx.now {
            // The clock was set back: the schedule would stand still until that time comes again.
            store::count_from_now(tx)?;
            return Ok(false);
        }
        let is_due = settings.backup.schedule.next(since, &settings.outbound.timezone).is_some_and(|at| tx.now >= at);
        if !is_due || store::running(tx)?.is_some() {
            return Ok(false);
        }
        store::count_from_now(tx)?;
        self.begin(tx, SCHEDULE, SCHEDULE, &NewBackup::default()).map(|_| true)
    }

    /// Makes the file of a backup whose row and job exist. `None` when this process is making it already.
    pub(super) async fn make(&self, body: MakeBody) -> Result<Option<()>> {
        if !self.lock_running().insert(body.name.clone()) {
            return Ok(None);
        }
        let made = self.make_file(&body).await;
        self.lock_running().remove(&body.name);
        match &made {
            Ok(made) => info!("The backup {} was made, {} bytes", body.name, made.size),
            Err(failure) => error!("The backup {} could not be made: {failure}", body.name),
        }
        let (name, made) = (body.name, made.map_err(|failure| failure.message().to_owned()));
        let is_whole = made.is_ok();
        let is_uploaded = is_whole && self.wishes().to_s3;
        self.db()
            .write(move |tx| {
                store::finish(tx, &name, &made)?;
                if is_uploaded { work::enqueue_upload(tx, &name) } else { Ok(()) }
            })
            .await?;
        if is_whole {
            let (folder, now) = (self.inner.setup.data.backups(), self.inner.setup.clock.now());
            blocking(move || copies::remove_old(&folder, now)).await?;
        }
        self.remove_superseded().await.map(Some)
    }

    fn lock_running(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make_file(&self, body: &MakeBody) -> Result<Made> {
        let setup = &self.inner.setup;
        let passphrase = body.passphrase.as_deref().map(|sealed| setup.sealer.open(&body.name, sealed)).transpose()?;
        let making = Making {
            data: setup.data.clone(),
            config: setup.config.clone(),
            master: setup.master,
            random: setup.random.clone(),
            at: setup.clock.now(),
            is_compact: body.compact,
            with_recordings: body.with_recordings,
            passphrase: passphrase.map(Secret::new),
        };
        let to = self.path(&body.name);
        blocking(move || make(&making, &to)).await
    }

    async fn remove_superseded(&self) -> Result<()> {
        let keep = self.wishes().keep;
        for name in self.db().read(move |conn| store::superseded(conn, keep)).await? {
            self.remove(&name).await?;
        }
        Ok(())
    }

    async fn remove(&self, name: &str) -> Result<()> {
        match tokio::fs::remove_file(self.path(name)).await {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause).context("cannot delete the backup"),
            _ => {}
        }
        let wanted = name.to_owned();
        let row = self.db().read(move |conn| store::get(conn, &wanted)).await?;
        let name = name.to_owned();
        self.db()
            .write(move |tx| {
                if row.uploaded_at.is_some() {
                    work::enqueue_remove(tx, &name)?;
                }
                store::delete(tx, &name)
            })
            .await
    }

    /// Brings a backup to the object store.
    pub(super) async fn upload(&self, name: &str) -> Result<()> {
        let done = self.bring(name).await;
        let (noted, fault) = (name.to_owned(), done.as_ref().err().map(|failure| failure.message().to_owned()));
        self.db().write(move |tx| store::note_upload(tx, &noted, fault.as_deref())).await?;
        if let Err(failure) = &done {
            warn!("The backup {name} could not be uploaded and will be tried again: {failure}");
        }
        done
    }

    async fn bring(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        let Some(s3) = self.inner.setup.recordings.s3()? else { return Err(Error::unavailable("no object store is set")) };
        let Ok(mut file) = tokio::fs::File::open(&path).await else { return Ok(()) };
        let size = file.metadata().await.context("cannot look at the backup")?.len();
        let (key, mut progress) = (remote_key(name), Progress::default());
        loop {
            match s3.upload(&key, &mut file, size, &mut progress).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(failure) => {
                    // Its parts would take room for ever; the next attempt begins anew.
                    let _ = s3.abandon(&key, &progress).await;
                    return Err(failure);
                }
            }
        }
    }

    /// Size of the ledger of erasures, if backups go to the object store and it has grown since this was last asked.
    pub(super) fn new_ledger(&self) -> Option<u64> {
        let size = std::fs::metadata(self.inner.setup.data.erasures()).ok()?.len();
        let is_wanted = self.wishes().to_s3 && matches!(self.inner.setup.recordings.s3(), Ok(Some(_)));
        (is_wanted && self.inner.ledger.swap(size, Ordering::Relaxed) != size).then_some(size)
    }

    /// Brings the ledger of erasures to the object store, beside the backups.
    pub(super) async fn upload_ledger(&self) -> Result<()> {
        let Some(s3) = self.inner.setup.recordings.s3()? else { return Ok(()) };
        let bytes = tokio::fs::read(self.inner.setup.data.erasures()).await.context("cannot read the ledger of erasures")?;
        s3.put(&remote_key("erasures.jsonl"), &bytes).await
    }

    /// Removes a backup from the object store.
    pub(super) async fn remove_remote(&self, name: &str) -> Result<()> {
        match self.inner.setup.recordings.s3()? {
            Some(s3) => s3.delete(&remote_key(name)).await,
            None => Ok(()),
        }
    }

    /// One page of backups, newest first, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<BackupView>, u64)> {
        self.db().read(move |conn| store::list(conn, page)).await
    }

    /// One backup, or "not found".
    pub async fn get(&self, name: &str) -> Result<BackupView> {
        checked_name(name)?;
        let name = name.to_owned();
        self.db().read(move |conn| store::get(conn, &name)).await
    }

    /// The newest backup that is whole, for whoever watches its age.
    pub async fn newest(&self) -> Result<Option<BackupView>> {
        self.db().read(store::newest).await
    }

    /// How backups of this box go.
    pub async fn health(&self) -> Result<Health> {
        self.db()
            .read(|conn| {
                let (newest, last_failed) = (store::newest(conn)?, store::last_failed(conn)?);
                Ok(Health { newest, last_failed, counts_since: store::counted_since(conn)? })
            })
            .await
    }

    /// The file of a backup that is whole.
    pub(super) async fn file(&self, name: &str) -> Result<(PathBuf, BackupView)> {
        let view = self.get(name).await?;
        let path = self.path(name);
        match (view.state, path.exists()) {
            (State::Done, true) => Ok((path, view)),
            (State::Running, _) => Err(Error::conflict("the backup is still being made").code("backup_running")),
            _ => Err(Error::not_found("the file of this backup is not there")),
        }
    }

    /// Restores a backup into a temporary folder, checks everything and removes it again. What it finds is in the answer.
    pub async fn verify(&self, actor: &Actor, name: &str) -> Result<BackupView> {
        let (path, _) = self.file(name).await?;
        let setup = &self.inner.setup;
        let (workshop, master, random) = (setup.data.backups(), setup.master, setup.random.clone());
        let checked = blocking(move || restore::check(&path, &workshop, Some(&master), &random)).await;
        let fault = match checked {
            Ok(_) => None,
            Err(failure) if failure.kind() == crate::base::Kind::DiskFull => return Err(failure),
            Err(failure) => Some(failure.message().to_owned()),
        };
        let (noted, actor) = (name.to_owned(), actor.clone());
        self.db()
            .write(move |tx| {
                store::note_check(tx, &noted, fault.as_deref())?;
                audit::append(tx, &actor, "backup.verify", &noted, &json!({ "fault": fault }))
            })
            .await?;
        self.get(name).await
    }

    /// Notes who took a copy away.
    pub(super) async fn note_download(&self, actor: &Actor, name: &str) -> Result<()> {
        let (actor, name) = (actor.clone(), name.to_owned());
        self.db().write(move |tx| audit::append(tx, &actor, "backup.download", &name, &json!({}))).await
    }

    /// Deletes a backup, here and in the object store. 409 while it is being made.
    pub async fn delete(&self, actor: &Actor, name: &str) -> Result<()> {
        if self.get(name).await?.state == State::Running {
            return Err(Error::conflict("the backup is still being made").code("backup_running"));
        }
        self.remove(name).await?;
        let (actor, name) = (actor.clone(), name.to_owned());
        self.db().write(move |tx| audit::append(tx, &actor, "backup.delete", &name, &json!({}))).await
    }
}

/// A name that no backup has: that of this second, or of the first one after it that is free.
fn free_name(tx: &Tx<'_>) -> Result<String> {
    let mut at = tx.now;
    while store::has(tx, &name_at(at))? {
        at = at.plus(Duration::from_secs(1));
    }
    Ok(name_at(at))
}

fn running_view(name: String, origin: &str, by: &str, at: Millis) -> BackupView {
    BackupView {
        name,
        origin: origin.to_owned(),
        state: State::Running,
        started_at: at,
        finished_at: None,
        size: None,
        sha256: None,
        schema: None,
        has_recordings: false,
        has_master_key: false,
        error: None,
        verified_at: None,
        verify_error: None,
        uploaded_at: None,
        upload_error: None,
        started_by: by.to_owned(),
    }
}

fn remote_key(name: &str) -> String {
    format!("backups/{name}")
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("work on a backup panicked").caused_by(cause))?
}
