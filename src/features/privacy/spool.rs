//! Results of a person's calls that were refused and wait for an operator in the engine's spool.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::base::id::SessionId;
use crate::base::{Context, Error, Result};
use crate::features::calls::is_number_of;

/// Where refused results lie, below the spool.
const PARKED: &str = "parked";

/// Removes parked results that are about these sessions, or name the number as that of one end.
pub(super) async fn forget(spool: PathBuf, phone: String, sessions: Vec<SessionId>) -> Result<()> {
    tokio::task::spawn_blocking(move || forget_in(&spool.join(PARKED), &phone, &sessions))
        .await
        .map_err(|cause| Error::internal("looking through the spool panicked").caused_by(cause))?
}

fn forget_in(folder: &Path, phone: &str, sessions: &[SessionId]) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause).context("cannot look through the spool"),
    };
    for entry in entries {
        let path = entry.context("cannot look through the spool")?.path();
        let is_result = path.is_file() && path.metadata().is_ok_and(|about| about.len() < 32 * 1024 * 1024);
        if is_result && std::fs::read(&path).is_ok_and(|bytes| is_about(&bytes, phone, sessions)) {
            std::fs::remove_file(&path).context("cannot remove a parked result")?;
        }
    }
    Ok(())
}

fn is_about(bytes: &[u8], phone: &str, sessions: &[SessionId]) -> bool {
    let Ok(result) = serde_json::from_slice::<Value>(bytes) else { return false };
    let said = |name: &str| result[name].as_str().unwrap_or_default();
    let numbers = ["from_number", "to_number", "caller_id"];
    numbers.into_iter().any(|name| is_number_of(phone, said(name))) || sessions.iter().any(|id| id.as_str() == said("session_id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_of_the_person_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let parked = folder.path().join(PARKED);
        std::fs::create_dir(&parked).expect("made");
        for (name, text) in [
            ("a.json", r#"{"session_id":"1","caller_id":"sip:+15551234567@host"}"#),
            ("b.json", r#"{"session_id":"2"}"#),
            ("c.json", r#"{"session_id":"3","from_number":"+15551230000"}"#),
            ("d.json", "no JSON +15551234567"),
        ] {
            std::fs::write(parked.join(name), text).expect("written");
        }
        forget_in(&parked, "+15551234567", &["2".into()]).expect("looked");
        let mut left: Vec<_> = std::fs::read_dir(&parked).expect("listed").map(|e| e.expect("an entry").file_name()).collect();
        left.sort();
        assert_eq!(left, ["c.json", "d.json"]);
    }
}
