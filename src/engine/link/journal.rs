//! What is known of a running call, on disk while it runs: an engine that starts after a crash makes results of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::{info, warn};

use super::recording::is_ogg;
use super::spool::{Parcel, Spool, StandIn, file_name};
use crate::base::{Context, Millis, Result};
use crate::contract::config::RecordingFormat;
use crate::contract::result::CallResultsPayload;
use crate::contract::turn::Turn;

/// One line of a journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// What the result will say of the call in any case.
    Skeleton(Box<CallResultsPayload>),
    /// The call was answered.
    Answered {
        /// When.
        at: Millis,
        /// From INVITE to 200 OK.
        answer_ms: u32,
    },
    /// A turn was finished.
    Turn(Turn),
    /// Something else happened, as the result lists it.
    Event(Value),
    /// The call is over; only its analysis was still to come.
    Ended {
        /// When.
        at: Millis,
        /// `disconnected_by`.
        by: String,
        /// `outcome`.
        outcome: String,
        /// `error_detail`.
        detail: Option<String>,
    },
}

/// The journal of one running call.
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Begins a journal in `root` (`D/spool`).
    pub fn begin(root: &Path, skeleton: &CallResultsPayload) -> Result<Self> {
        let id = skeleton.session_id.as_ref().map_or("unknown", |id| id.as_str());
        let folder = root.join("journal");
        std::fs::create_dir_all(&folder).context("cannot make the journal folder")?;
        let path = folder.join(format!("{}.jsonl", file_name(id)));
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).context("cannot begin the call's journal")?;
        let mut journal = Self { path, file };
        journal.note(&Entry::Skeleton(Box::new(skeleton.clone())));
        Ok(journal)
    }

    /// Adds a line. It reaches the kernel, which keeps it when this process dies. A failure is logged; the call goes on.
    pub fn note(&mut self, entry: &Entry) {
        let written = serde_json::to_vec(entry).map_err(std::io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        if let Err(error) = written {
            warn!(%error, "The call's journal could not be written");
        }
    }

    /// Ends the journal. Its file stands for the result until that is safe.
    pub fn close(self) -> StandIn {
        StandIn(self.path)
    }
}

/// Where the recording of a call is written.
pub fn recording_path(root: &Path, session_id: &str, format: RecordingFormat) -> PathBuf {
    root.join("recordings").join(format!("{}.{}", file_name(session_id), format.ending()))
}

/// Makes results of the calls that were running when an earlier engine died: each goes into the spool; its journal goes when it is safe there.
pub async fn adopt_orphans(root: &Path, spool: &Spool, now: Millis) -> Result<()> {
    for orphan in orphans(root, now) {
        spool.put(orphan.parcel, Some(orphan.journal)).await?;
    }
    Ok(())
}

/// A call that was running when an earlier engine died.
#[derive(Debug)]
struct Orphan {
    /// Its result, by the journal.
    parcel: Parcel,
    /// To be removed once the result is safe.
    journal: StandIn,
}

/// Finds the calls that were running when an earlier engine died. Their recordings are mended, so that they can be played.
fn orphans(root: &Path, now: Millis) -> Vec<Orphan> {
    let Ok(entries) = std::fs::read_dir(root.join("journal")) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|e| e == "jsonl")) {
        match std::fs::read_to_string(&path).map(|text| recover(&text, now)) {
            Ok(Some(result)) => found.push(orphan(root, path, result)),
            Ok(None) | Err(_) => warn!("The journal {} says nothing of a call and is left", path.display()),
        }
    }
    if !found.is_empty() {
        info!(n = found.len(), "Calls of an engine that died are turned into results");
    }
    found
}

fn orphan(root: &Path, journal: PathBuf, mut result: CallResultsPayload) -> Orphan {
    let places = result.session_id.iter().flat_map(|id| RecordingFormat::ALL.map(|format| recording_path(root, id.as_str(), format)));
    let recording = places.into_iter().find(|path| path.exists());
    if let Some(path) = &recording {
        // The pages of an Ogg file stand for themselves: what is there is played.
        if !is_ogg(path)
            && let Err(error) = mend_wav(path)
        {
            warn!(%error, "The recording of a crashed call could not be mended");
        }
        result.recording_key = path.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    Orphan { parcel: Parcel { result, recording }, journal: StandIn(journal) }
}

/// The result of a call that was cut off, from the lines of its journal. A last line that is not whole is skipped.
fn recover(text: &str, now: Millis) -> Option<CallResultsPayload> {
    let mut result = None;
    let (mut turns, mut events) = (Vec::new(), Vec::new());
    let mut answered: BTreeMap<&str, Value> = BTreeMap::new();
    let mut last = None;
    let mut end = ("error".to_owned(), "failed".to_owned(), Some("the engine died during the call".to_owned()));
    for entry in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match entry {
            Entry::Skeleton(skeleton) => result = Some(*skeleton),
            Entry::Answered { at, answer_ms } => {
                last = Some(at);
                answered.insert("at", at.0.into());
                answered.insert("ms", answer_ms.into());
            }
            Entry::Turn(turn) => {
                last = Some(turn.ts);
                turns.push(serde_json::to_value(turn).unwrap_or_default());
            }
            Entry::Event(event) => events.push(event),
            Entry::Ended { at, by, outcome, detail } => {
                last = Some(at);
                end = (by, outcome, detail);
            }
        }
    }
    let mut result: CallResultsPayload = result?;
    let answered_at = answered.get("at").and_then(Value::as_i64).map(Millis);
    result.answered_at = answered_at;
    result.answer_ms = answered.get("ms").and_then(Value::as_u64).and_then(|ms| u32::try_from(ms).ok());
    result.ended_at = last.or(result.started_at).or(Some(now));
    result.call_duration_seconds = answered_at.zip(result.ended_at).map(|(from, to)| to.since(from).as_secs_f64().round());
    result.transcript = Some(turns);
    result.events = Some(events);
    (result.disconnected_by, result.outcome, result.error_detail) = (Some(end.0), Some(end.1), end.2);
    Some(result)
}

/// Writes the true lengths into the header of a WAV file whose writer died.
fn mend_wav(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut head = vec![0; 512.min(usize::try_from(length).unwrap_or(512))];
    file.read_exact(&mut head)?;
    let Some(data) = head.windows(4).position(|w| w == b"data").filter(|_| head.starts_with(b"RIFF")) else {
        return Err(std::io::Error::other("not a WAV file"));
    };
    let data = data as u64;
    let size = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    file.seek(SeekFrom::Start(4))?;
    file.write_all(&size(length - 8))?;
    file.seek(SeekFrom::Start(data + 4))?;
    file.write_all(&size(length - data - 8))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    use crate::contract::turn::Role;

    fn skeleton() -> CallResultsPayload {
        CallResultsPayload { session_id: Some("s-1".into()), started_at: Some(Millis(1000)), ..CallResultsPayload::default() }
    }

    #[test]
    fn a_call_that_was_cut_off_becomes_a_result_with_its_turns_and_its_recording() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::begin(folder.path(), &skeleton()).expect("a journal");
        journal.note(&Entry::Answered { at: Millis(2000), answer_ms: 40 });
        journal.note(&Entry::Turn(Turn { role: Role::User, content: "hello".to_owned(), ts: Millis(9000), extra: Map::new() }));
        journal.file.write_all(b"{\"turn\":{\"ro").expect("half a line");
        drop(journal); // the process dies: nobody calls `end`
        let wav = recording_path(folder.path(), "s-1", RecordingFormat::Wav);
        std::fs::create_dir_all(wav.parent().expect("a folder")).expect("made");
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        bytes.extend([0; 16]);
        bytes.extend(b"data\0\0\0\0");
        bytes.extend([7; 100]);
        std::fs::write(&wav, &bytes).expect("written");

        let found = orphans(folder.path(), Millis(99_000));
        let result = &found[0].parcel.result;
        assert_eq!((result.disconnected_by.as_deref(), result.call_duration_seconds), (Some("error"), Some(7.0)));
        assert_eq!(result.transcript.as_ref().map(Vec::len), Some(1));
        assert_eq!(result.recording_key.as_deref(), Some("s-1.wav"));
        let mended = std::fs::read(&wav).expect("read");
        assert_eq!((mended[4..8].to_vec(), mended[40..44].to_vec()), (136_u32.to_le_bytes().to_vec(), 100_u32.to_le_bytes().to_vec()));
        found.into_iter().for_each(|orphan| orphan.journal.remove());
        assert!(orphans(folder.path(), Millis(0)).is_empty());
    }

    #[test]
    fn a_call_that_ended_well_leaves_no_journal() {
        let folder = tempfile::tempdir().expect("a folder");
        Journal::begin(folder.path(), &skeleton()).expect("a journal").close().remove();
        assert!(orphans(folder.path(), Millis(0)).is_empty());
    }
}
