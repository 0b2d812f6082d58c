//! What lies in the file of a recording, by its name.

use std::path::Path;

use crate::contract::config::RecordingFormat;

/// What a recording's file holds, for HTTP.
pub(super) fn recording_type(file: &Path) -> &'static str {
    if is_ogg(file) { "audio/ogg" } else { "audio/wav" }
}

/// Whether it holds Opus.
pub(super) fn is_ogg(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == RecordingFormat::Ogg.ending())
}
