//! The ledger of erasures: a file beside the database that is in no backup and stays when one is restored. It knows whom the box has
//! forgotten by a keyed mark alone, so that a database that still knows a person, because it is older, is made to forget them again.

use std::io::Write as _;
use std::path::Path;

use tracing::warn;

use super::entry::Entry;
use super::erasures_store;
use crate::base::{Context, Result};
use crate::platform::data_dir::DataDir;
use crate::platform::db;

/// All entries, oldest first; none when there is no file. A line that a crash has cut off is passed over.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(cause).context("cannot read the ledger of erasures"),
    };
    let read = |line: &str| {
        serde_json::from_str::<Entry>(line).inspect_err(|fault| warn!("A line of the ledger of erasures cannot be read: {fault}")).ok()
    };
    Ok(text.lines().filter(|line| !line.trim().is_empty()).filter_map(read).collect())
}

/// Adds the entries that the ledger does not have, synced. Says how many.
pub(super) fn add(path: &Path, entries: &[Entry]) -> Result<usize> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let doing = "cannot write the ledger of erasures";
    let known = read(path)?;
    let new: Vec<&Entry> = entries.iter().filter(|entry| known.iter().all(|known| known.id != entry.id)).collect();
    if new.is_empty() {
        return Ok(0);
    }
    // A line that was cut off must not take the next one with it; empty lines are passed over.
    let mut text =
        if std::fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n')) { "\n" } else { "" }.to_owned();
    for entry in &new {
        text.push_str(&serde_json::to_string(entry).context(doing)?);
        text.push('\n');
    }
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).context(doing)?;
    file.write_all(text.as_bytes()).context(doing)?;
    file.sync_all().context(doing)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context(doing)?;
    }
    Ok(new.len())
}

/// Brings the ledger of a data folder up to date before its database is replaced: with the erasures that the present database knows, and
/// with those of a ledger that was kept elsewhere. A database that is not there or cannot be read adds nothing.
pub fn complete(data: &DataDir, elsewhere: Option<&Path>) -> Result<()> {
    let mut entries = elsewhere.map(read).transpose()?.unwrap_or_default();
    if data.main_db().exists() {
        match db::read_file(&data.main_db(), erasures_store::entries) {
            Ok(known) => entries.extend(known),
            Err(fault) => warn!("The erasures of the present database cannot be read; those of the ledger count: {fault}"),
        }
    }
    add(&data.erasures(), &entries).map(drop)
}

/// How many erasures of the ledger the database of a folder does not know.
pub fn n_to_repeat(data: &DataDir) -> Result<usize> {
    // A schema from before there were erasures knows none.
    let known = db::read_file(&data.main_db(), erasures_store::entries).unwrap_or_default();
    Ok(read(&data.erasures())?.iter().filter(|entry| known.iter().all(|known| known.id != entry.id)).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::ErasureId;
    use crate::base::{Millis, Random};
    use crate::features::permit::DoNotCallChoice;

    fn entry(random: &Random) -> Entry {
        Entry {
            id: ErasureId::new(random),
            at: Millis(5000),
            person: "mark".into(),
            phone_end: "4567".into(),
            requested_by: "anna".into(),
            do_not_call: DoNotCallChoice::Hash,
        }
    }

    #[test]
    fn entries_are_added_once_and_a_line_that_was_cut_off_costs_only_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, random) = (folder.path().join("erasures.jsonl"), Random::seeded(4));
        assert_eq!(read(&path).expect("none yet"), []);
        let (one, two, three) = (entry(&random), entry(&random), entry(&random));
        assert_eq!(add(&path, &[one.clone(), two.clone()]).expect("added"), 2);
        assert_eq!(add(&path, &[two.clone(), one.clone()]).expect("nothing new"), 0);
        let mut text = std::fs::read_to_string(&path).expect("read");
        text.truncate(text.len() - 20);
        std::fs::write(&path, text).expect("cut off");
        assert_eq!(add(&path, std::slice::from_ref(&three)).expect("added"), 1);
        assert_eq!(read(&path).expect("read"), [one, three]);
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}
