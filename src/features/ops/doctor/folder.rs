//! The data folder: who may read it, its disk, its database, its secrets, its certificate. Blocking.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use super::model::Finding;
use crate::base::{Clock, Random};
use crate::platform::config::{Config, TlsMode, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::db;
use crate::platform::secrets::Secrets;
use crate::platform::space::Disk;
use crate::platform::tls;

const MB: u64 = 1024 * 1024;
/// A disk that takes longer to sync makes every acknowledged result wait.
const SLOW_SYNC: Duration = Duration::from_millis(100);
/// The log beside the database is cut off at its checkpoints; one that grows beyond this shows that they do not come.
const LARGE_WAL: u64 = 256 * MB;
const WEEK: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn look(data: &DataDir, config: &Config, clock: &Clock) -> Vec<Finding> {
    vec![
        modes(data),
        owners(data),
        space(data, config),
        inodes(data),
        sync_time(data, clock),
        database(data),
        log_file(data),
        secrets(data),
        certificate(data, config, clock),
        parked(data),
    ]
}

/// Nobody but the owner may read the folder and the secrets in it.
fn modes(data: &DataDir) -> Finding {
    let open = |path: &Path| std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0);
    let root = data.root();
    if open(root) {
        return Finding::broken("file_modes", format!("others may read {}", root.display()), format!("chmod 700 {}", root.display()));
    }
    let listed = std::fs::read_dir(data.secrets()).into_iter().flatten().flatten();
    match listed.map(|entry| entry.path()).find(|path| open(path)) {
        Some(path) => Finding::broken("file_modes", format!("others may read {}", path.display()), format!("chmod 600 {}", path.display())),
        None => Finding::ok("file_modes", "only the owner may read the data folder"),
    }
}

/// Everything belongs to whoever owns the folder; what a command left there that ran as somebody else stops the box.
fn owners(data: &DataDir) -> Finding {
    let root = data.root();
    let uid = |path: &Path| std::fs::metadata(path).ok().map(|file| file.uid());
    let owner = uid(root);
    let below = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let folders = [root.to_owned(), data.secrets(), data.tls(), data.spool(), data.backups()];
    let all: Vec<_> = folders.iter().flat_map(|folder| below(folder)).collect();
    match all.into_iter().find(|path| uid(path).is_some_and(|found| Some(found) != owner)) {
        Some(path) => {
            let (path, root) = (path.display(), root.display());
            Finding::broken("owner", format!("{path} belongs to somebody else"), format!("chown -R --reference={root} {root}"))
        }
        None => Finding::ok("owner", "everything in the data folder belongs to its owner"),
    }
}

/// The name of the user that a path belongs to, or its number.
pub(super) fn owner_of(path: &Path) -> Option<String> {
    let uid = std::fs::metadata(path).ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut lines = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let name = lines.find(|user| user.get(2) == Some(&uid.as_str())).and_then(|user| user.first().map(|name| (*name).to_owned()));
    Some(name.unwrap_or_else(|| format!("'#{uid}'")))
}

fn space(data: &DataDir, config: &Config) -> Finding {
    let disk = Disk::of(data.root(), config.server.reserve());
    let make_room = format!("cxbox doctor --data-dir {0}; du -xh --max-depth=1 {0} | sort -h", data.root().display());
    match (disk.check(), disk.space()) {
        (Err(error), _) => Finding::broken("disk", error.message().to_owned(), make_room),
        (Ok(()), Ok(space)) if space.free < space.total / 10 => {
            Finding::watch("disk", format!("{} MB are free, less than a tenth of the disk", space.free / MB), make_room)
        }
        (Ok(()), Ok(space)) => Finding::ok("disk", format!("{} MB of {} MB are free", space.free / MB, space.total / MB)),
        (Ok(()), Err(error)) => Finding::broken("disk", error.message().to_owned(), make_room),
    }
}

fn inodes(data: &DataDir) -> Finding {
    let Ok(stat) = rustix::fs::statvfs(data.root()) else { return Finding::ok("inodes", "this file system does not count them") };
    // Some file systems make them as they are needed and say zero.
    if stat.f_files > 0 && stat.f_favail < stat.f_files / 20 {
        let path = data.root().display();
        return Finding::watch(
            "inodes",
            format!("{} of {} inodes are free", stat.f_favail, stat.f_files),
            format!("du --inodes -x --max-depth=2 {path} | sort -n"),
        );
    }
    Finding::ok("inodes", "there are enough")
}

/// Writes and syncs a block, as every acknowledged result does.
fn sync_time(data: &DataDir, clock: &Clock) -> Finding {
    let path = data.run().join(".doctor");
    let began = clock.monotonic();
    let written = std::fs::write(&path, [0; 4096]).and_then(|()| std::fs::File::open(&path)?.sync_all());
    let took = clock.monotonic().saturating_duration_since(began);
    // It may not have come to be.
    let _ = std::fs::remove_file(&path);
    let mend = format!("ls -ld {}; mount | grep ' / '", data.root().display());
    match written {
        Err(cause) => Finding::broken("sync", format!("nothing can be written: {cause}"), mend),
        Ok(()) if took > SLOW_SYNC => Finding::watch("sync", format!("the disk takes {} ms to sync", took.as_millis()), "iostat -x 1 5"),
        Ok(()) => Finding::ok("sync", format!("the disk syncs within {} ms", took.as_millis())),
    }
}

fn database(data: &DataDir) -> Finding {
    if !data.main_db().exists() {
        return Finding::ok("database", "there is none yet; the first start makes it");
    }
    let root = data.root().display();
    let restore = format!("cxbox restore BACKUP --data-dir {root} --force");
    match db::inspect(&data.main_db(), false) {
        Err(error) => Finding::broken("database", format!("it cannot be read: {}", error.message()), restore),
        Ok(found) if found.schema > found.known_schema => Finding::broken(
            "database",
            format!("it has schema {}, this program knows {}", found.schema, found.known_schema),
            format!("cxbox upgrade --file TARBALL --data-dir {root}"),
        ),
        Ok(found) if !found.faults.is_empty() => {
            Finding::broken("database", format!("it is damaged: {}", found.faults.join("; ")), restore)
        }
        Ok(found) => Finding::ok("database", format!("it is whole, schema {} of {}", found.schema, found.known_schema)),
    }
}

fn log_file(data: &DataDir) -> Finding {
    let wal = std::fs::metadata(data.root().join("main.db-wal")).map_or(0, |file| file.len());
    if wal > LARGE_WAL {
        return Finding::watch("wal", format!("the log beside the database has {} MB", wal / MB), "systemctl restart cxbox");
    }
    Finding::ok("wal", format!("the log beside the database has {} MB", wal / MB))
}

/// Secrets are long, no placeholders, and the master key has its size.
fn secrets(data: &DataDir) -> Finding {
    if !data.master_key().exists() && !data.main_db().exists() {
        return Finding::ok("secrets", "there are none yet; the first start makes them");
    }
    let is_credential = process_environment().iter().any(|(name, _)| name == "CREDENTIALS_DIRECTORY");
    if data.main_db().exists() && !data.master_key().exists() && !is_credential {
        return Finding::broken(
            "secrets",
            "the master key is gone: no stored credential can be opened",
            format!("cxbox restore BACKUP --data-dir {} --force --passphrase-file FILE", data.root().display()),
        );
    }
    match Secrets::open(data, &process_environment(), &Random::system()) {
        Ok(_) => Finding::ok("secrets", "all are there and strong"),
        Err(error) => Finding::broken(
            "secrets",
            error.message().to_owned(),
            format!("rm {0} && systemctl restart cxbox", data.jwt_secret().display()),
        ),
    }
}

fn certificate(data: &DataDir, config: &Config, clock: &Clock) -> Finding {
    if config.server.tls == TlsMode::Off {
        return match config.server.http.ip().is_loopback() {
            true => Finding::ok("certificate", "the API speaks plain HTTP on this machine alone"),
            false => Finding::watch(
                "certificate",
                format!("the API speaks plain HTTP on {}: a TLS proxy must stand before it", config.server.http),
                "cxbox serve --tls local",
            ),
        };
    }
    let Some(ends) = tls::leaf_ends_at(data) else {
        return match data.main_db().exists() {
            true => Finding::broken("certificate", "there is none", "systemctl restart cxbox"),
            false => Finding::ok("certificate", "there is none yet; the first start makes it"),
        };
    };
    let left = ends.since(clock.now());
    let days = left.as_secs() / 86_400;
    if left.is_zero() {
        Finding::broken("certificate", "it has ended", "systemctl restart cxbox")
    } else if left < WEEK {
        Finding::watch("certificate", format!("it ends in {days} days"), "systemctl restart cxbox")
    } else {
        Finding::ok("certificate", format!("it holds for {days} days"))
    }
}

/// Results that the control plane has refused wait for somebody to look at them.
fn parked(data: &DataDir) -> Finding {
    let folder = data.spool().join("parked");
    match std::fs::read_dir(&folder).into_iter().flatten().count() {
        0 => Finding::ok("spool", "no result of a call was turned away"),
        n => Finding::watch("spool", format!("{n} results of calls were turned away"), format!("ls -l {}", folder.display())),
    }
}
