//! Calls as people see them: a list, one call, its timeline.

use serde_json::Value;

use super::list::{self, Filter, Sort};
use super::marks::marks_store;
use super::model::CallStatus;
use super::record::CallRecord;
use super::service::Calls;
use super::stale::Staleness;
use super::timeline::{Entry, timeline};
use super::view::{Beside, CallSummary, CallView, Recording, RecordingNow};
use super::{events_store, store};
use crate::base::id::SessionId;
use crate::base::page::Page;
use crate::base::{Context, Result};
use crate::platform::db::{Conn, TraceLine};

impl Calls {
    /// One page of calls and how many match.
    pub(super) async fn list(&self, filter: Filter, sort: Sort, page: Page) -> Result<(Vec<CallSummary>, u64)> {
        let calls = self.clone();
        let read = move |conn: &_| {
            let (found, total) = list::page(conn, &filter, sort, page)?;
            Ok((calls.summaries(conn, &found)?, total))
        };
        self.db().read(read).await
    }

    /// Calls as a list shows them.
    pub(super) fn summaries(&self, conn: &Conn, calls: &[CallRecord]) -> Result<Vec<CallSummary>> {
        let mut staleness = Staleness::new(&self.inner.setup.bots, self.inner.setup.clock.now());
        let summary = |call: &CallRecord| {
            let (is_stale, tags) = (staleness.of(conn, call)?, marks_store::tags(conn, call.id)?);
            Ok(CallSummary::new(call, &Beside { is_stale, recording_now: recording_now(conn, call)?, tags, ..Beside::default() }))
        };
        calls.iter().map(summary).collect()
    }

    /// One call as the admin API shows it.
    pub(super) async fn view(&self, session_id: SessionId) -> Result<CallView> {
        let calls = self.clone();
        let read = move |conn: &_| {
            let call = store::get(conn, &session_id)?;
            let events = events_store::list(conn, &session_id)?;
            Ok((calls.beside(conn, &call)?, call, events))
        };
        let (beside, call, events) = self.db().read(read).await?;
        let recording = self.recording_token(&call)?.map(|token| Recording { link: self.recording_link(&token), token });
        Ok(CallView::new(&call, beside, &events, recording))
    }

    /// One call as JSON, with everything that is kept of it.
    pub(super) fn plain(&self, conn: &Conn, call: &CallRecord) -> Result<Value> {
        let view = CallView::new(call, self.beside(conn, call)?, &[], None);
        serde_json::to_value(view).context("a call cannot be written")
    }

    /// What is known of a call beside its row.
    pub(super) fn beside(&self, conn: &Conn, call: &CallRecord) -> Result<Beside> {
        Ok(Beside {
            is_stale: Staleness::new(&self.inner.setup.bots, self.inner.setup.clock.now()).of(conn, call)?,
            recording_now: recording_now(conn, call)?,
            tags: marks_store::tags(conn, call.id)?,
            notes: marks_store::notes(conn, call.id)?,
            legal_hold: marks_store::hold_of(conn, call.id)?,
        })
    }

    /// Raw events and log lines of a call after a position.
    pub(super) async fn trace(&self, session_id: SessionId, after: i64, limit: u32) -> Result<Vec<TraceLine>> {
        let known = session_id.clone();
        self.db().read(move |conn| store::id_of(conn, &known)).await?;
        self.inner.setup.trace.lines(session_id, after, limit).await
    }

    /// Everything that happened on a call, in order.
    pub(super) async fn timeline(&self, session_id: SessionId) -> Result<Vec<Entry>> {
        let read = move |conn: &_| Ok((store::get(conn, &session_id)?, events_store::list(conn, &session_id)?));
        let (call, events) = self.db().read(read).await?;
        Ok(timeline(&call, &events))
    }
}

/// Whether what is said on a call is recorded; of one that is over nothing is asked.
fn recording_now(conn: &Conn, call: &CallRecord) -> Result<Option<RecordingNow>> {
    if call.status == CallStatus::Active { events_store::recording_now(conn, &call.session_id) } else { Ok(None) }
}
