//! Calls: from the skeleton at config time to the result, its recording and its transcript.
//!
//! Owns the tables `calls` and `call_events`. Announces [`crate::contract::fact::Fact`]s with each change; imports none of its listeners.

mod model;
mod record;
mod store;

pub use model::{CallStatus, CodebStatus, Direction, NewCall, Origin};
pub use record::CallRecord;
pub use store::{find, find_by_call_id, get, open_skeleton};
