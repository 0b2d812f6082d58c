//! The work behind a document, in steps: each is a job of its own that ends with the row of the next, so that a crash repeats one step and
//! nothing else. A step that broke off three times ends the document with a reason.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::service::Knowledge;
use super::work::{INDEX, IndexJob, REEMBED, ReembedJob, Step};
use super::{documents_store as documents, index_steps, sources};
use crate::base::Kind;
use crate::base::backoff::Backoff;
use crate::platform::outbox::{self, Chore, Handler, Job, Outcome};

/// Reading that never came to an end this often is not tried again: the document brings the box down.
const TRIES_OF_READING: u32 = 3;
/// The same for embedding, which may also wait for a service.
const TRIES_OF_EMBEDDING: u32 = 10;
/// When something outside the document is in the way: a service, a disk.
const RETRY: Backoff = Backoff::Steps(&[5, 30, 120, 600, 1_800, 3_600]);

/// The handlers of this slice, by kind.
pub fn handlers(knowledge: &Knowledge) -> Vec<(&'static str, Handler)> {
    let (indexing, embedding) = (knowledge.clone(), knowledge.clone());
    let index = move |job: Job| -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let knowledge = indexing.clone();
        Box::pin(async move { knowledge.run_step(job).await })
    };
    let reembed = move |job: Job| -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let knowledge = embedding.clone();
        Box::pin(async move { knowledge.run_reembedding(job).await })
    };
    vec![(INDEX, Arc::new(index)), (REEMBED, Arc::new(reembed))]
}

/// Asks URLs again whose time has come.
pub fn chore() -> Chore {
    Chore { name: "knowledge.refresh", run: Arc::new(sources::refresh_due) }
}

impl Knowledge {
    async fn run_step(&self, job: Job) -> Outcome {
        let Ok(body) = serde_json::from_value::<IndexJob>(job.body.clone()) else {
            return Outcome::Park { error: "the job names no step of a document".to_owned() };
        };
        let id = body.document_id.clone();
        let document = match self.inner.db.read(move |conn| documents::find(conn, &id)).await {
            Ok(found) => found.filter(|document| document.round == body.round),
            Err(failure) => return again(&job, &failure.to_string()),
        };
        // Removed, or begun anew: this step is nobody's any more.
        let Some(document) = document else { return Outcome::Done };
        let most = match body.step {
            Step::Read => TRIES_OF_READING,
            Step::Embed => TRIES_OF_EMBEDDING,
            Step::Fetch | Step::Show => u32::MAX,
        };
        if job.attempt > most {
            return self.give_up(&job, &body, "could not be taken in: the work on it broke off again and again").await;
        }
        let outcome = match body.step {
            Step::Fetch => self.fetch(&job, &body, document).await,
            Step::Read => self.read_file(&job, &body, document).await,
            Step::Embed => self.embed_chunks(&job, &body, document).await,
            Step::Show => self.show_chunks(&job, &body, document).await,
        };
        match outcome {
            Ok(outcome) => outcome,
            Err(failure) if failure.kind() == Kind::Upstream && RETRY.after(job.attempt + 1).is_none() => {
                self.give_up(&job, &body, failure.message()).await
            }
            Err(failure) => {
                warn!("Document {} goes on later: {failure}", body.document_id);
                again(&job, &failure.to_string())
            }
        }
    }

    /// Ends a document with the reason, and the job with it.
    pub(super) async fn give_up(&self, job: &Job, body: &IndexJob, reason: &str) -> Outcome {
        let (id, round, reason, job_id) = (body.document_id.clone(), body.round, reason.to_owned(), job.id);
        let ended = self
            .inner
            .db
            .write(move |tx| {
                outbox::done(tx, job_id)?;
                documents::set_failed(tx, &id, round, &reason).map(drop)
            })
            .await;
        match ended {
            Ok(()) => {
                self.tell(&body.document_id).await;
                Outcome::Written
            }
            Err(failure) => again(job, &failure.to_string()),
        }
    }

    async fn run_reembedding(&self, job: Job) -> Outcome {
        let Ok(body) = serde_json::from_value::<ReembedJob>(job.body.clone()) else {
            return Outcome::Park { error: "the job names no base".to_owned() };
        };
        match index_steps::reembed(self, &job, &body).await {
            Ok(outcome) => outcome,
            Err(failure) => {
                error!("Knowledge base {} is embedded anew later: {failure}", body.kb_id);
                again(&job, &failure.to_string())
            }
        }
    }
}

fn again(job: &Job, error: &str) -> Outcome {
    Outcome::Again { after: RETRY.after(job.attempt).unwrap_or(Duration::from_secs(3_600)), error: error.to_owned() }
}
