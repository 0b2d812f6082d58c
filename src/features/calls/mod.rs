//! Calls: from the skeleton at config time to the result and its recording.
//!
//! Owns the tables `calls`, `call_events` and those made of them (lists, figures). Announces [`crate::contract::fact::Fact`]s with each change; imports none of its listeners.

mod attempts_store;
mod cache_summary;
mod cdr;
mod cdr_store;
mod engine_routes;
mod events_store;
mod export;
mod figures_store;
mod follow;
mod forget_store;
mod list;
mod live_routes;
mod marks;
mod model;
mod outcome;
mod payload;
mod person;
mod record;
mod results_store;
mod routes;
mod series;
mod service;
mod shown;
mod stale;
mod store;
#[cfg(test)]
mod tests;
mod timeline;
mod trace_routes;
mod view;

pub use attempts_store::{Unplaced, cancel, carried_by, close, forget, n_live_on, n_live_up_to, supersede};
pub use figures_store::{CallFigures, figures};
pub use forget_store::{
    Class, DueCall, Of, due, each_number, erase, forget_analysis, forget_recording, forget_transcript, is_held, remove,
};
pub use model::{CallStatus, Direction, NewCall, Origin};
pub use person::{CallsOf, is_number_of};
pub use record::CallRecord;
pub use results_store::session_of_token;
pub use routes::routes;
pub use service::{Calls, CallsSetup, Live};
pub use store::{add_to_doc, find, find_by_call_id, get, note_transcript_file, open_skeleton, saves_transcript};

use std::sync::Arc;

use crate::platform::access::{Permission, Role};
use crate::platform::outbox::Upkeep;

/// Lists calls that are new or have changed, and counts those that are over.
pub fn upkeep() -> [Upkeep; 2] {
    [Upkeep { name: "calls.list", run: Arc::new(list::list_some) }, Upkeep { name: "calls.count", run: Arc::new(series::count_some) }]
}

/// May see calls, their transcripts and analyses.
pub enum ReadCalls {}
impl Permission for ReadCalls {
    const RANK: Role = Role::Supervisor;
}

/// May put tags and notes on calls.
pub enum MarkCalls {}
impl Permission for MarkCalls {
    const RANK: Role = Role::Supervisor;
}

/// May put calls on legal hold, and release them.
pub enum HoldCalls {}
impl Permission for HoldCalls {
    const RANK: Role = Role::Admin;
}

/// May take calls out of the box as a file.
pub enum ExportCalls {}
impl Permission for ExportCalls {
    const RANK: Role = Role::Admin;
}

/// May read raw events and log lines.
pub enum ReadTraces {}
impl Permission for ReadTraces {
    const RANK: Role = Role::Admin;
}
