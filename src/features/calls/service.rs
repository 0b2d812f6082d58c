//! The handle of this slice: one method per use case.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast;

use super::payload::{self, Results};
use super::record::CallRecord;
use super::results_store::{self, Token};
use super::{events_store, store};
use crate::base::id::SessionId;
use crate::base::seal::Sealer;
use crate::base::secret::sha256;
use crate::base::{Clock, Error, Random, Result};
use crate::contract::event::{CallEvent, CallEventKind};
use crate::contract::log::LogLine;
use crate::features::bots::Bots;
use crate::platform::bulletin::Bulletin;
use crate::platform::db::{Db, Trace, TraceLine, Tx};
use crate::platform::objects::Objects;

/// Live events that may wait for a slow listener; it then loses the oldest and is told so.
const LIVE: usize = 1024;

/// What the slice is built from.
pub struct CallsSetup {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Randomness, for tokens.
    pub random: Random,
    /// Seals recording tokens.
    pub sealer: Arc<Sealer>,
    /// Where recordings lie on this machine.
    pub recordings: Objects,
    /// Where raw events are noted.
    pub trace: Trace,
    /// The bots, for how long their calls may last.
    pub bots: Bots,
    /// `https://host` of this box as callers see it; recording links begin with it.
    pub public_base: String,
    /// What other features tell live.
    pub bulletin: Bulletin,
}

/// Something that has just happened on a running call. Not stored here: it may be lost.
#[derive(Debug, Clone)]
pub struct Live {
    /// The call.
    pub session_id: SessionId,
    /// What happened.
    pub event: CallEvent,
}

/// The calls of this box. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) setup: CallsSetup,
    live: broadcast::Sender<Arc<Live>>,
}

impl Calls {
    /// The slice over its parts.
    pub fn new(setup: CallsSetup) -> Self {
        Self { inner: Arc::new(Inner { setup, live: broadcast::channel(LIVE).0 }) }
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.setup.db
    }

    /// What happens on running calls from now on.
    pub fn live(&self) -> broadcast::Receiver<Arc<Live>> {
        self.inner.live.subscribe()
    }

    /// What other features tell from now on.
    pub(super) fn bulletin(&self) -> &Bulletin {
        &self.inner.setup.bulletin
    }

    /// The public link of a recording.
    pub fn recording_link(&self, token: &str) -> String {
        format!("{}/api/v1/public/recordings/{token}", self.inner.setup.public_base.trim_end_matches('/'))
    }

    /// The recording token of a call that has one, opened.
    pub fn recording_token(&self, call: &CallRecord) -> Result<Option<String>> {
        let sealed = call.recording_token_sealed.as_deref();
        sealed.map(|sealed| self.inner.setup.sealer.open(call.session_id.as_str(), sealed)).transpose()
    }

    /// Ends the recording link of a call: no token opens it until [`Calls::renew_token`]. Gives the hash of the token that ended.
    pub fn end_token(&self, tx: &Tx<'_>, session_id: &SessionId) -> Result<Option<Vec<u8>>> {
        // A hash that nobody has the token for keeps a repeated result from making a new link.
        let nobodys = sha256(&self.inner.setup.random.url_safe::<24>());
        results_store::set_token(tx, session_id, &nobodys, None)
    }

    /// Gives a call's recording a new token. Answers with it and with the hash of the former one.
    pub fn renew_token(&self, tx: &Tx<'_>, session_id: &SessionId) -> Result<(String, Option<Vec<u8>>)> {
        let token = self.inner.setup.random.url_safe::<24>();
        let sealed = self.inner.setup.sealer.seal(session_id.as_str(), &token)?;
        let former = results_store::set_token(tx, session_id, &sha256(&token), Some(&sealed))?;
        Ok((token, former))
    }

    /// Stores a result (seed 000). When this answers, the result and its fact are on disk. A repeat changes nothing: the engine may send it
    /// again. A body that does not fit is refused as a whole.
    pub async fn record_result(&self, body: Bytes) -> Result<SessionId> {
        let results = payload::read(&body)?;
        drop(body);
        let session_id = results.session_id.clone().ok_or_else(|| Error::internal("a result without a session was let through"))?;
        let token = self.token_for(&session_id, &results)?;
        let answer = session_id.clone();
        self.db().write(move |tx| results_store::record(tx, &session_id, &results, token.as_ref())).await?;
        self.show_end(&answer);
        Ok(answer)
    }

    /// Shows live listeners that nothing more will happen on a call.
    pub fn show_end(&self, session_id: &SessionId) {
        if self.inner.live.receiver_count() > 0 {
            let event = CallEvent { seq: u32::MAX, at: self.inner.setup.clock.now(), what: CallEventKind::Completed };
            // No listener, no matter.
            let _ = self.inner.live.send(Arc::new(Live { session_id: session_id.clone(), event }));
        }
    }

    /// The token of the result's recording: the sent one, or a new one that counts only if the call has none.
    fn token_for(&self, session_id: &SessionId, results: &Results) -> Result<Option<Token>> {
        let text = match &results.recording_token {
            Some(sent) => sent.clone(),
            None if results.has_recording => self.inner.setup.random.url_safe::<24>(),
            None => return Ok(None),
        };
        let sealed = self.inner.setup.sealer.seal(session_id.as_str(), &text)?;
        Ok(Some(Token { hash: sha256(&text), sealed, was_sent: results.recording_token.is_some() }))
    }

    /// Stores what the engine reports of a running call and shows it to live listeners. A repeated `seq` changes nothing.
    pub async fn record_event(&self, session_id: SessionId, event: CallEvent) -> Result<()> {
        let (id, stored) = (session_id.clone(), event.clone());
        self.trace_event(&id, &stored);
        if self.db().write(move |tx| events_store::record(tx, &id, &stored)).await? {
            // No listener, no matter.
            let _ = self.inner.live.send(Arc::new(Live { session_id, event }));
        }
        Ok(())
    }

    /// Notes an event as it came, also one that changes nothing.
    fn trace_event(&self, session_id: &SessionId, event: &CallEvent) {
        let body = serde_json::to_string(event).unwrap_or_default();
        let (source, level) = ("event".to_owned(), "info".to_owned());
        self.inner.setup.trace.note(TraceLine { id: 0, at: event.at, session_id: Some(session_id.clone()), source, level, body });
    }

    /// Notes what an engine logged. Says how many lines those were.
    pub(super) fn trace_log(&self, lines: impl Iterator<Item = LogLine>) -> usize {
        let source = "engine".to_owned();
        let noted = lines.map(|LogLine { at, level, session_id, text }| {
            let line = TraceLine { id: 0, at, session_id: Some(session_id), source: source.clone(), level, body: text };
            self.inner.setup.trace.note(line);
        });
        noted.count()
    }

    /// What a listener missed since the live event with this id (`session:seq`), as far as that call still runs.
    pub(super) async fn missed(&self, last_id: &str) -> Result<Vec<Live>> {
        let Some((session_id, seq)) = last_id.rsplit_once(':').and_then(|(id, seq)| Some((SessionId::from(id), seq.parse::<u32>().ok()?)))
        else {
            return Ok(Vec::new());
        };
        let wanted = session_id.clone();
        let read = move |conn: &_| Ok((store::find(conn, &wanted)?, events_store::list(conn, &wanted)?));
        let (call, mut events) = self.db().read(read).await?;
        // The events of a call that is over are in its record; the listener has to know that it is over.
        if let Some(at) = call.and_then(|call| call.completed_at) {
            events.push(CallEvent { seq: u32::MAX, at, what: CallEventKind::Completed });
        }
        let later = events.into_iter().filter(|event| event.seq > seq);
        Ok(later.map(|event| Live { session_id: session_id.clone(), event }).collect())
    }

    /// One call, or "not found".
    pub async fn get(&self, session_id: SessionId) -> Result<CallRecord> {
        self.db().read(move |conn| store::get(conn, &session_id)).await
    }
}
