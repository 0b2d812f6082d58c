//! The data folder: one method per path, so that nobody else spells one.

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::base::{Context, Result};

/// The one folder that holds everything the appliance keeps. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
}

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)+) => {
        $(
            $(#[$doc])*
            pub fn $name(&self) -> PathBuf {
                self.root.join($path)
            }
        )+
    };
}

impl DataDir {
    /// Opens the folder and makes what is missing in it, readable by the owner only.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        make_folder(&root)?;
        let root = root.canonicalize().context("cannot open the data folder")?;
        let dir = Self { root };
        for folder in [
            dir.search(),
            dir.knowledge(),
            dir.recordings(),
            dir.transcripts(),
            dir.prompts(),
            dir.secrets(),
            dir.spool(),
            dir.backups(),
            dir.tls(),
            dir.run(),
        ] {
            make_folder(&folder)?;
        }
        Ok(dir)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    paths! {
        /// The business database.
        main_db = "main.db";
        /// Raw live events; may be deleted.
        trace_db = "trace.db";
        /// Search indexes; rebuilt from rows.
        search = "search";
        /// Files of documents, as they were uploaded or fetched.
        knowledge = "knowledge";
        /// Recordings on local disk.
        recordings = "recordings";
        /// Transcript files.
        transcripts = "transcripts";
        /// Prompts by slug: `<slug>.txt`.
        prompts = "prompts";
        /// Generated secrets, 0600 each.
        secrets = "secrets";
        /// The engine's results and call journals on their way.
        spool = "spool";
        /// The ledger of erasures; in no backup, and it stays when one is restored.
        erasures = "erasures.jsonl";
        /// Database backups.
        backups = "backups";
        /// Local CA and leaf.
        tls = "tls";
        /// Sockets and locks of running processes.
        run = "run";
        /// Held by `serve`, or by a command that writes while it does not run.
        lock = "lock";
        /// HTTP of the control plane for the engine and the command line.
        control_socket = "run/control.sock";
        /// HTTP of the engine for the control plane.
        engine_socket = "run/engine.sock";
        /// Held by the running engine.
        engine_lock = "run/engine.lock";
        /// The internal secret of engine and control plane.
        core_secret = "secrets/cxbcore_secret";
        /// Signs `/api/v1/auth/login` tokens.
        jwt_secret = "secrets/jwt_secret";
        /// Seals stored credentials.
        master_key = "secrets/master.key";
        /// Signs OIDC tokens (PKCS#8 PEM).
        oidc_key = "secrets/oidc_rsa.pem";
        /// Public keys that signed OIDC tokens before the present one, as long as such tokens may live.
        oidc_retired_keys = "secrets/oidc_retired_keys.json";
        /// Lets a browser make the first admin.
        setup_token = "secrets/setup_token";
    }
}

/// The folder's lock, held as long as this lives. The kernel frees it when the process dies, however it dies.
#[derive(Debug)]
pub struct Lock {
    _file: std::fs::File,
}

impl DataDir {
    /// Takes `lock`, under which one process writes to the database. None if another process holds it.
    pub fn try_lock(&self) -> Result<Option<Lock>> {
        let doing = || format!("cannot lock {}", self.lock().display());
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.lock()).context(doing())?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error).context(doing()),
        }
    }
}

/// Makes a folder (0700) and its parents. An existing one is left as it is.
fn make_folder(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).context(format!("cannot make the folder {}", path.display()))
}

/// Writes a small file so that it is whole or absent after a crash: temporary file (0600), sync, rename, sync of the folder.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let doing = || format!("cannot write {}", path.display());
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let temporary = folder.join(format!(".{name}.new"));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary).context(doing())?;
    file.write_all(bytes).context(doing())?;
    file.sync_all().context(doing())?;
    std::fs::rename(&temporary, path).context(doing())?;
    std::fs::File::open(folder).and_then(|f| f.sync_all()).context(doing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_has_one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let held = dir.try_lock().unwrap();
        assert!(held.is_some());
        assert!(dir.try_lock().unwrap().is_none());
        drop(held);
        assert!(dir.try_lock().unwrap().is_some());
    }
}
