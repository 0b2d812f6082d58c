//! Copies of the database from before its schema changed, in the folder of backups. They are for going back to the former program; a month
//! later, when a newer backup is whole, they are only old data about people, and go.

use std::path::Path;
use std::time::Duration;

use crate::base::{Context, Millis, Result};

/// How long a copy is kept.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Removes the copies whose time is over. Says how many.
pub(super) fn remove_old(folder: &Path, now: Millis) -> Result<usize> {
    let mut n_removed = 0;
    for entry in std::fs::read_dir(folder).context("cannot list the backups")? {
        let entry = entry.context("cannot list the backups")?;
        let made_at = made_at(&entry.file_name().to_string_lossy());
        if made_at.is_some_and(|at| now.since(at) >= KEPT) {
            std::fs::remove_file(entry.path()).context("cannot remove an old copy of the database")?;
            n_removed += 1;
        }
    }
    Ok(n_removed)
}

/// When a copy was made, out of its name; none for what is no copy.
fn made_at(name: &str) -> Option<Millis> {
    name.strip_prefix("before-schema-")?.strip_suffix(".db")?.split_once('-')?.1.parse().ok().map(Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_copies_go_and_only_after_their_month() {
        let folder = tempfile::tempdir().expect("a folder");
        let day = 86_400_000;
        for name in ["before-schema-7-0.db", "before-schema-8-86400000.db", "before-schema-x.db", "cxbox-20260601T030000Z.tar", "main.db"] {
            std::fs::write(folder.path().join(name), "x").expect("written");
        }
        assert_eq!(remove_old(folder.path(), Millis(30 * day - 1)).expect("looked"), 0);
        assert_eq!(remove_old(folder.path(), Millis(30 * day)).expect("removed"), 1);
        assert!(!folder.path().join("before-schema-7-0.db").exists() && folder.path().join("before-schema-8-86400000.db").exists());
        assert_eq!(remove_old(folder.path(), Millis(90 * day)).expect("removed"), 1);
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 3);
    }
}
