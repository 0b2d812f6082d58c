//! The work this slice leaves to the outbox: the steps behind a document, and those of embedding a base anew.

use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::platform::db::Tx;
use crate::platform::outbox::{self, Job, NewJob, enqueue_in_lane};

/// Takes one document in, a step at a time.
pub(super) const INDEX: &str = "knowledge.index";
/// Embeds a base anew, a step at a time.
pub(super) const REEMBED: &str = "knowledge.reembed";
/// All of it runs in one lane: two steps at once, so that calls keep their processors.
const LANE: &str = "ingest";

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Fetches the file from its URL.
    Fetch,
    /// Reads the file and cuts its text.
    Read,
    /// Makes vectors.
    Embed,
    /// Shows the chunks to searches.
    Show,
}

/// Body of [`INDEX`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct IndexJob {
    pub(super) document_id: DocumentId,
    pub(super) round: u32,
    pub(super) step: Step,
    /// Counts the steps of a kind.
    pub(super) n: u32,
}

/// Body of [`REEMBED`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ReembedJob {
    pub(super) kb_id: KnowledgeBaseId,
    pub(super) space: String,
    pub(super) n: u32,
}

/// Enqueues a step.
pub(super) fn begin(tx: &Tx<'_>, job: &IndexJob) -> Result<()> {
    let step = serde_json::to_value(job.step).ok().and_then(|step| step.as_str().map(str::to_owned)).unwrap_or_default();
    let key = format!("{}:{}:{step}:{}", job.document_id, job.round, job.n);
    enqueue_in_lane(tx, &NewJob { kind: INDEX, key: &key, body: job, due_at: tx.now }, LANE)
}

/// Enqueues the reading of a file.
pub(super) fn begin_reading(tx: &Tx<'_>, document_id: &DocumentId, round: u32) -> Result<()> {
    begin(tx, &IndexJob { document_id: document_id.clone(), round, step: Step::Read, n: 0 })
}

/// Enqueues the fetching of a file.
pub(super) fn begin_fetching(tx: &Tx<'_>, document_id: &DocumentId, round: u32) -> Result<()> {
    begin(tx, &IndexJob { document_id: document_id.clone(), round, step: Step::Fetch, n: 0 })
}

/// Enqueues a part of the embedding anew of a base.
pub(super) fn begin_reembedding(tx: &Tx<'_>, kb_id: &KnowledgeBaseId, space: &str, n: u32) -> Result<()> {
    let body = ReembedJob { kb_id: kb_id.clone(), space: space.to_owned(), n };
    enqueue_in_lane(tx, &NewJob { kind: REEMBED, key: &format!("{kb_id}:{space}:{n}"), body: &body, due_at: tx.now }, LANE)
}

/// Ends a step and begins the next, in one transaction.
pub(super) fn go_on(tx: &Tx<'_>, ended: &Job, next: &IndexJob) -> Result<()> {
    outbox::done(tx, ended.id)?;
    begin(tx, next)
}
