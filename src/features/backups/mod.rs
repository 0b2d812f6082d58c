//! Backups: made while the box works, checked, brought to the object store, restored. Owns the tables `backups` and `backup_schedule`, and the
//! files in the folder `backups`.
//!
//! A backup is one file: the database, prompts, transcripts, the list of recordings with their hashes, and under seal the configuration and the
//! secrets. Announces no facts and hears none; a job makes each one, so a crash makes it anew.

mod archive;
mod copies;
mod jobs;
mod make;
mod model;
mod offline;
mod restore;
mod routes;
mod sealed;
mod service;
mod store;
mod work;

pub use archive::{FileLine, Manifest};
pub use jobs::{chore, handlers, ledger_chore};
pub use model::{BackupView, NewBackup, State};
pub use offline::{Offline, make_offline};
pub use restore::{Checked, RestoreOptions, Restored, belong_like, check, read_key, rehearse, restore};
pub use routes::routes;
pub use service::{Backups, BackupsSetup, Health};

use crate::platform::access::{Permission, Role};

/// May make, see, take away and delete backups (decision 30).
pub enum ManageBackups {}

impl Permission for ManageBackups {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}
