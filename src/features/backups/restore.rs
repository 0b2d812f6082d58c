//! Checks a backup, and puts one in the place of a data folder. Blocking. Nothing of the folder changes before the backup has been found
//! whole; what was there stays in a folder beside it.

use std::path::{Path, PathBuf};

use super::archive::{self, DATABASE, Manifest};
use super::sealed;
use crate::base::seal::Sealer;
use crate::base::secret::Secret;
use crate::base::{Context, Error, Millis, Random, Result};
use crate::platform::data_dir::{DataDir, write_whole};
use crate::platform::db;

/// What stays in its place when a backup is put into a folder: locks and sockets of this machine, the folder of backups itself, and the ledger
/// of those who must not come back with a backup.
const STAYS: &[&str] = &["lock", "run", "backups", "erasures.jsonl"];

/// What came of a check.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the backup holds.
    pub manifest: Manifest,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// How a backup is restored.
#[derive(Debug, Clone, Default)]
pub struct RestoreOptions {
    /// Whether a folder that holds something may be replaced.
    pub force: bool,
    /// Opens the master key of the backup.
    pub passphrase: Option<Secret>,
    /// The master key itself: 32 bytes or 64 hexadecimal digits.
    pub master_key: Option<[u8; 32]>,
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What the backup held.
    pub manifest: Manifest,
    /// Where the former content of the folder lies now; none when it was empty.
    pub former: Option<PathBuf>,
    /// Recordings of the list that lie nowhere in the folder and in no object store.
    pub n_missing: usize,
}

/// Unpacks a backup into a temporary folder inside `workshop` and checks all of it: bytes, files, database, schema, and the sealed part when a
/// key is given. The temporary folder is removed.
pub fn check(file: &Path, workshop: &Path, master: Option<&[u8; 32]>, random: &Random) -> Result<Checked> {
    in_workshop(workshop, random, |folder| {
        let checked = unpack_and_check(file, folder)?;
        master.map_or(Ok(()), |master| open_sealed(folder, master, random))?;
        Ok(checked)
    })
}

/// Checks a backup as [`check`] does, with the key that [`restore`] into the data folder would take. Says whether there was one: without it
/// the sealed part is only known to be unchanged.
pub fn rehearse(file: &Path, data: &Path, options: &RestoreOptions, workshop: &Path, random: &Random) -> Result<(Checked, bool)> {
    in_workshop(workshop, random, |folder| {
        let checked = unpack_and_check(file, folder)?;
        let master = find_master(data, folder, options, random)?;
        master.as_ref().map_or(Ok(()), |master| open_sealed(folder, master, random))?;
        Ok((checked, master.is_some()))
    })
}

/// Works in a temporary folder that is removed at the end.
fn in_workshop<T>(workshop: &Path, random: &Random, work: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let folder = workshop.join(format!(".check-{}", random.hex::<6>()));
    let done = work(&folder);
    // It may not have come to be.
    let _ = std::fs::remove_dir_all(&folder);
    done
}

fn open_sealed(folder: &Path, master: &[u8; 32], random: &Random) -> Result<()> {
    let text = std::fs::read_to_string(folder.join(sealed::SEALED)).context("cannot read the sealed files")?;
    sealed::open_files(&text, &Sealer::new(master, random.clone())?, None)
}

fn unpack_and_check(file: &Path, folder: &Path) -> Result<Checked> {
    use std::os::unix::fs::DirBuilderExt as _;
    let sha256 = archive::check_bytes(file)?;
    std::fs::DirBuilder::new().mode(0o700).create(folder).context(format!("cannot make {}", folder.display()))?;
    let manifest = archive::unpack(file, folder)?;
    let found = db::inspect(&folder.join(DATABASE), true)?;
    if let Some(fault) = found.faults.first() {
        return Err(Error::invalid(format!("the database of the backup is damaged: {fault}")).code("backup_damaged"));
    }
    if found.schema > found.known_schema {
        return Err(Error::conflict(format!(
            "the backup has schema {}, this program knows {}: install cxbox {} or newer first (cxbox upgrade --file TARBALL)",
            found.schema, found.known_schema, manifest.version
        ))
        .code("newer_schema"));
    }
    check_recordings(&manifest, folder)?;
    Ok(Checked { manifest, sha256 })
}

/// The recordings inside must be those of the list.
fn check_recordings(manifest: &Manifest, folder: &Path) -> Result<()> {
    for line in &manifest.recordings {
        let name = format!("recordings/{}", line.key);
        let Some(file) = manifest.files.iter().find(|file| file.path == name) else { continue };
        let fits = file.size == line.size && line.sha256.as_ref().is_none_or(|hash| *hash == file.sha256);
        if !fits || !folder.join(&name).exists() {
            return Err(Error::invalid(format!("the recording {} is not the one that was stored", line.key)).code("backup_damaged"));
        }
    }
    Ok(())
}

/// Puts a backup into a data folder. The caller holds the folder's lock. `at` names the folder that keeps what was there.
pub fn restore(file: &Path, data: &Path, options: &RestoreOptions, at: Millis, random: &Random) -> Result<Restored> {
    let names = present(data)?;
    if !names.is_empty() && !options.force {
        return Err(Error::conflict(format!(
            "{} is not empty: give --force to replace what is there (it is kept beside it), or another --data-dir",
            data.display()
        ))
        .code("not_empty"));
    }
    let fresh = data.join(format!(".restore-{}", random.hex::<6>()));
    let prepared = prepare(file, data, &fresh, options, random);
    let manifest = match prepared {
        Ok(manifest) => manifest,
        Err(failure) => {
            // It may not have come to be.
            let _ = std::fs::remove_dir_all(&fresh);
            return Err(failure);
        }
    };
    belong_like(&fresh, data)?;
    let former = swap(data, &fresh, &names, at, manifest.has_recordings)?;
    DataDir::open(data)?;
    let is_missing = |key: &str| !data.join("recordings").join(key).exists();
    let n_missing = manifest.recordings.iter().filter(|line| line.uploaded_to.is_none() && is_missing(&line.key)).count();
    Ok(Restored { manifest, former, n_missing })
}

/// Gives a file or a folder and all in it to whoever owns the data folder: root may restore for the user that the box runs as.
pub fn belong_like(path: &Path, data: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, lchown};
    let doing = || format!("cannot give {} to the owner of {}", path.display(), data.display());
    let (owner, is) = (std::fs::metadata(data).context(doing())?, std::fs::symlink_metadata(path).context(doing())?);
    if (owner.uid(), owner.gid()) != (is.uid(), is.gid()) {
        lchown(path, Some(owner.uid()), Some(owner.gid())).context(doing())?;
    }
    if is.is_dir() {
        for entry in std::fs::read_dir(path).context(doing())? {
            belong_like(&entry.context(doing())?.path(), data)?;
        }
    }
    Ok(())
}

/// Everything of the backup in a folder of its own, opened and checked.
fn prepare(file: &Path, data: &Path, fresh: &Path, options: &RestoreOptions, random: &Random) -> Result<Manifest> {
    let checked = unpack_and_check(file, fresh)?;
    let master = master_of(data, fresh, options, random)?;
    let text = std::fs::read_to_string(fresh.join(sealed::SEALED)).context("cannot read the sealed files")?;
    sealed::open_files(&text, &Sealer::new(&master, random.clone())?, Some(fresh))?;
    write_whole(&fresh.join("secrets/master.key"), &master)?;
    for name in [sealed::SEALED, sealed::MASTER] {
        // Only one of them is always there.
        let _ = std::fs::remove_file(fresh.join(name));
    }
    Ok(checked.manifest)
}

/// The master key: given, or inside under a passphrase, or the one that the folder has now.
fn master_of(data: &Path, fresh: &Path, options: &RestoreOptions, random: &Random) -> Result<[u8; 32]> {
    if let Some(key) = find_master(data, fresh, options, random)? {
        return Ok(key);
    }
    let way = if fresh.join(sealed::MASTER).exists() {
        "--passphrase-file with the passphrase it was made under, or --master-key-file"
    } else {
        "--master-key-file"
    };
    Err(Error::invalid(format!("stored credentials cannot be opened without the master key of the box: give {way}")).code("no_master_key"))
}

fn find_master(data: &Path, fresh: &Path, options: &RestoreOptions, random: &Random) -> Result<Option<[u8; 32]>> {
    if options.master_key.is_some() {
        return Ok(options.master_key);
    }
    let inside = std::fs::read_to_string(fresh.join(sealed::MASTER)).ok();
    if let (Some(text), Some(passphrase)) = (&inside, &options.passphrase) {
        return sealed::open_master(text, passphrase, random).map(Some);
    }
    Ok(std::fs::read(data.join("secrets/master.key")).ok().as_deref().and_then(read_key))
}

/// A master key as its file holds it: 32 bytes or 64 hexadecimal digits.
pub fn read_key(bytes: &[u8]) -> Option<[u8; 32]> {
    let digits = String::from_utf8_lossy(bytes);
    hex::decode(digits.trim()).ok().and_then(|decoded| decoded.try_into().ok()).or_else(|| bytes.try_into().ok())
}

/// Moves what is there into a folder of its own and the new content into its place. Recordings stay when the backup has none.
fn swap(data: &Path, fresh: &Path, names: &[String], at: Millis, has_recordings: bool) -> Result<Option<PathBuf>> {
    use std::os::unix::fs::DirBuilderExt as _;
    let stays = |name: &str| STAYS.contains(&name) || (name == "recordings" && !has_recordings);
    let moved: Vec<&String> = names.iter().filter(|name| !stays(name)).collect();
    let former = data.join(format!("before-restore-{}", at.0));
    if !moved.is_empty() {
        std::fs::DirBuilder::new().mode(0o700).create(&former).context(format!("cannot make {}", former.display()))?;
        belong_like(&former, data)?;
    }
    for name in &moved {
        std::fs::rename(data.join(name), former.join(name)).context(format!("cannot move {name} away"))?;
    }
    for entry in std::fs::read_dir(fresh).context("cannot list what was unpacked")? {
        let entry = entry.context("cannot list what was unpacked")?;
        std::fs::rename(entry.path(), data.join(entry.file_name())).context("cannot put the backup in its place")?;
    }
    std::fs::remove_dir(fresh).context("cannot remove the folder that was unpacked into")?;
    std::fs::File::open(data).and_then(|folder| folder.sync_all()).context("cannot sync the data folder")?;
    Ok((!moved.is_empty()).then_some(former))
}

/// What counts as content of a folder: not its locks, nor former contents, nor what a broken-off restore left.
fn present(data: &Path) -> Result<Vec<String>> {
    let listed = match std::fs::read_dir(data) {
        Ok(listed) => listed,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(cause).context(format!("cannot list {}", data.display())),
    };
    let names: Vec<String> = listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let counts = |name: &String| {
        !name.starts_with("before-restore-")
            && !name.starts_with(".restore-")
            && !matches!(name.as_str(), "lock" | "run" | "erasures.jsonl")
    };
    let is_fresh = !data.join(DATABASE).exists() && names.iter().all(|name| is_empty_folder(&data.join(name)) || !counts(name));
    Ok(if is_fresh { Vec::new() } else { names.into_iter().filter(counts).collect() })
}

fn is_empty_folder(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut listed| listed.next().is_none())
}
