//! Makes a backup file of a data folder, in use or not. Blocking.

use std::path::{Path, PathBuf};

use super::archive::{DATABASE, Manifest, Writer};
use super::model::Made;
use super::sealed;
use crate::base::seal::Sealer;
use crate::base::secret::Secret;
use crate::base::{Context, Millis, Random, Result};
use crate::features::recordings::Manifest as RecordingLine;
use crate::platform::data_dir::DataDir;
use crate::platform::db::{self, CopyKind};

/// Folders whose files go along as they are; one that this box does not have is passed over.
const FOLDERS: &[&str] = &["prompts", "transcripts", "knowledge"];

/// What a backup is made from.
pub(super) struct Making {
    pub(super) data: DataDir,
    /// The configuration file, wherever it is.
    pub(super) config: Option<PathBuf>,
    pub(super) master: [u8; 32],
    pub(super) random: Random,
    pub(super) at: Millis,
    pub(super) is_compact: bool,
    pub(super) with_recordings: bool,
    /// Puts the master key in, under this.
    pub(super) passphrase: Option<Secret>,
}

/// Writes the file. It has its name only when it is whole; nothing is there when this fails.
pub(super) fn make(making: &Making, to: &Path) -> Result<Made> {
    let name = to.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let folder = to.parent().unwrap_or_else(|| Path::new("."));
    let copy = making.data.backups().join(format!(".{name}.db"));
    let unfinished = folder.join(format!(".{name}.unfinished"));
    for left in [&copy, &unfinished] {
        // One that a crash left.
        let _ = std::fs::remove_file(left);
    }
    let made = write(making, &copy, &unfinished).and_then(|made| {
        std::fs::rename(&unfinished, to).context("cannot name the backup")?;
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context("cannot sync the backup's folder")?;
        Ok(made)
    });
    for left in [&copy, &unfinished] {
        // Gone already when all went well.
        let _ = std::fs::remove_file(left);
    }
    made
}

fn write(making: &Making, copy: &Path, unfinished: &Path) -> Result<Made> {
    let kind = if making.is_compact { CopyKind::Compact } else { CopyKind::Pages };
    db::copy_file(&making.data.main_db(), copy, kind)?;
    db::edit_file(copy, super::store::forget_running)?;
    let schema = db::inspect(copy, false)?.schema;
    let recordings = db::read_file(copy, crate::features::recordings::manifest)?;
    let sealer = Sealer::new(&making.master, making.random.clone())?;
    let mut writer = Writer::begin(unfinished, making.at)?;
    writer.add_file(DATABASE, copy)?;
    writer.add_bytes(sealed::SEALED, sealed::seal_files(&making.data, making.config.as_deref(), &sealer)?.as_bytes())?;
    if let Some(passphrase) = &making.passphrase {
        writer.add_bytes(sealed::MASTER, sealed::seal_master(&making.master, passphrase, &making.random)?.as_bytes())?;
    }
    for folder in FOLDERS {
        add_folder(&mut writer, making.data.root(), folder)?;
    }
    if making.with_recordings {
        add_recordings(&mut writer, &making.data.recordings(), &recordings)?;
    }
    let sha256 = writer.finish(Manifest {
        format: 0,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        created_at: making.at,
        has_master_key: making.passphrase.is_some(),
        has_recordings: making.with_recordings,
        files: Vec::new(),
        recordings,
    })?;
    let size = std::fs::metadata(unfinished).context("cannot look at the backup")?.len();
    Ok(Made { size, sha256, schema })
}

/// Adds the files of a folder and of the folders in it; what begins with a dot is unfinished and stays out.
fn add_folder(writer: &mut Writer, root: &Path, name: &str) -> Result<()> {
    let listed = match std::fs::read_dir(root.join(name)) {
        Ok(listed) => listed,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause).context(format!("cannot list {name}")),
    };
    let mut entries = listed.collect::<Result<Vec<_>, _>>().context(format!("cannot list {name}"))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let file = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().context("cannot look at a file")?;
        if file.starts_with('.') {
            continue;
        }
        let name = format!("{name}/{file}");
        if kind.is_dir() {
            add_folder(writer, root, &name)?;
        } else if kind.is_file() {
            writer.add_file(&name, &entry.path())?;
        }
    }
    Ok(())
}

fn add_recordings(writer: &mut Writer, folder: &Path, recordings: &[RecordingLine]) -> Result<()> {
    for line in recordings.iter().filter(|line| line.is_local) {
        writer.add_file(&format!("recordings/{}", line.key), &folder.join(&line.key))?;
    }
    Ok(())
}
