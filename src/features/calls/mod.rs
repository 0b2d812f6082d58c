//! Calls: from the skeleton at config time to the result and its recording.
//!
//! Owns the tables `calls` and `call_events`. Announces [`crate::contract::fact::Fact`]s with each change; imports none of its listeners.

mod attempts_store;
mod cache_summary;
mod engine_routes;
mod events_store;
mod figures_store;
mod list_store;
mod live_routes;
mod model;
mod outcome;
mod payload;
mod range;
mod record;
mod recordings_routes;
mod results_store;
mod routes;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod view;

pub use attempts_store::{Unplaced, cancel, close, forget, n_live_up_to, supersede};
pub use figures_store::{CallFigures, figures};
pub use model::{CallStatus, Direction, NewCall, Origin};
pub use record::CallRecord;
pub use routes::routes;
pub use service::{Calls, CallsSetup, Live};
pub use store::{find, find_by_call_id, get, note_transcript_file, open_skeleton, saves_transcript};

use crate::platform::access::{Permission, Role};

/// May see calls, their transcripts and analyses.
pub enum ReadCalls {}
impl Permission for ReadCalls {
    const RANK: Role = Role::Supervisor;
}

/// May hear recordings.
pub enum ReadRecordings {}
impl Permission for ReadRecordings {
    const RANK: Role = Role::Admin;
}
