//! Sends one delivery: the job behind each row. Safe to repeat, because id and body are the same on every attempt.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

use super::deliveries_store::{self as deliveries, Attempt, Due, JobBody};
use super::retry::{self, Answered, MOST_FAILURES, Next};
use super::service::Webhooks;
use super::sign::{self, Signed};
use super::store;
use crate::base::id::DeliveryId;
use crate::base::{Millis, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Tx;
use crate::platform::net::{Failure, NetError, Request, Target};
use crate::platform::outbox::{Job, Outcome};

/// Kind of the jobs that send deliveries.
pub const JOB: &str = "webhooks.deliver";
/// A receiver must have answered by then.
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer that are kept for the log.
const EXCERPT: usize = 1024;
/// The beginning of an answer must arrive by then; its status counts in any case.
const EXCERPT_WITHIN: Duration = Duration::from_secs(1);
/// How long finished deliveries stay in the log.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// When our own database is in the way.
const AFTER_OUR_FAULT: Duration = Duration::from_secs(5);

/// What came back, if the receiver was reached at all.
enum Sent {
    Answered { answered: Answered, excerpt: String, took: Duration },
    Busy,
}

impl Webhooks {
    /// Makes one attempt at the delivery a job names.
    pub async fn deliver(&self, job: Job) -> Outcome {
        let Ok(JobBody { delivery_id }) = serde_json::from_value(job.body) else {
            return Outcome::Park { error: "the job does not name a delivery".to_owned() };
        };
        match self.attempt(&delivery_id).await {
            Ok(outcome) => outcome,
            Err(error) => {
                warn!("Delivery {delivery_id} could not be attempted: {error}");
                Outcome::Again { after: AFTER_OUR_FAULT, error: error.to_string() }
            }
        }
    }

    async fn attempt(&self, id: &DeliveryId) -> Result<Outcome> {
        let wanted = id.clone();
        let due = self.db().read(move |conn| deliveries::due(conn, &wanted)).await?;
        let Some(due) = due.filter(|due| due.is_waiting) else { return Ok(Outcome::Done) };
        let now = self.clock().now();
        if due.next_attempt_at > now {
            // The process died between the note of an attempt and the job's new date.
            return Ok(Outcome::Again { after: due.next_attempt_at.since(now), error: "not due yet".to_owned() });
        }
        let host = Target::read(&due.url).map_or_else(|_| due.url.clone(), |target| format!("{}:{}", target.host, target.port));
        let (answered, excerpt, took) = match self.send(id, &due, &host, now).await? {
            Sent::Answered { answered, excerpt, took } => (answered, excerpt, took),
            Sent::Busy => {
                return Ok(Outcome::Again {
                    after: self.lanes().postponed(&host),
                    error: "all connections to the receiver are in use".to_owned(),
                });
            }
        };
        self.lanes().took(&host, took);
        let next = retry::decide(due.attempts + 1, &answered);
        self.note(id, due, told(&answered, excerpt, took, now), next).await
    }

    async fn send(&self, id: &DeliveryId, due: &Due, host: &str, now: Millis) -> Result<Sent> {
        let request = self.signed_request(id, due, now).await?;
        let patience = self.lanes().patience(host);
        let began = Instant::now();
        let mut answer = match self.outbound().guarded(request, patience).await {
            Ok(answer) => answer,
            Err(NetError { class: Failure::Busy, .. }) => return Ok(Sent::Busy),
            Err(error) => {
                info!("A webhook receiver was not reached: {}", error.message());
                return Ok(Sent::Answered { answered: Answered::Failed(error.class), excerpt: String::new(), took: began.elapsed() });
            }
        };
        let retry_after = answer.header("retry-after").and_then(|header| retry::read_retry_after(header, now));
        let answered = Answered::Status { status: answer.status, retry_after };
        let took = began.elapsed();
        let first = tokio::time::timeout(EXCERPT_WITHIN, answer.first(EXCERPT)).await;
        let excerpt = first.ok().and_then(Result::ok).map(|(bytes, _)| printable(&bytes)).unwrap_or_default();
        Ok(Sent::Answered { answered, excerpt, took })
    }

    async fn signed_request(&self, id: &DeliveryId, due: &Due, now: Millis) -> Result<Request> {
        let (secret, next_secret) = self.secrets(&due.webhook_id, now).await?;
        let signed = Signed {
            event: &due.event,
            delivery_id: id.as_str(),
            attempt: due.attempts + 1,
            now,
            body: due.body.as_bytes(),
            secret: secret.expose(),
            next_secret: next_secret.as_ref().map(|next| next.expose()),
        };
        let request = Request::post(&due.url).within(WITHIN).header("user-agent", "cxbox-webhooks").header("accept", "*/*");
        let request = sign::headers(&signed).into_iter().fold(request, |request, (name, value)| request.header(name, &value));
        Ok(request.bytes("application/json", due.body.clone()))
    }

    /// Writes down what an attempt came to, and what follows from it.
    async fn note(&self, id: &DeliveryId, due: Due, attempt: Attempt, next: Next) -> Result<Outcome> {
        let result = if next == Next::Delivered { "delivered" } else { "failed" };
        metrics::counter!("cxbox_webhook_deliveries_total", "result" => result).increment(1);
        let error = attempt.error.unwrap_or("failed");
        let (id, after) = (id.clone(), next.clone());
        self.db().write(move |tx| record(tx, &id, &due, &attempt, &next)).await?;
        Ok(match after {
            Next::Again(after) => Outcome::Again { after, error: error.to_owned() },
            Next::Delivered | Next::GiveUp | Next::GiveUpAndPause => Outcome::Done,
        })
    }
}

/// An attempt as the log keeps it.
fn told(answered: &Answered, excerpt: String, took: Duration, at: Millis) -> Attempt {
    let (http_status, error) = match answered {
        Answered::Status { status, .. } => (Some(*status), (!(200..300).contains(status)).then_some("status")),
        Answered::Failed(failure) => (None, Some(failure.word())),
    };
    Attempt { http_status, error, excerpt, duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX), at }
}

fn record(tx: &Tx<'_>, id: &DeliveryId, due: &Due, attempt: &Attempt, next: &Next) -> Result<()> {
    match next {
        Next::Delivered => {
            deliveries::note_attempt(tx, id, attempt, "delivered", None)?;
            store::note_success(tx, &due.webhook_id)?;
            deliveries::forget(tx, tx.now.minus(KEPT))?;
        }
        Next::Again(after) => deliveries::note_attempt(tx, id, attempt, "waiting", Some(tx.now.plus(*after)))?,
        Next::GiveUp | Next::GiveUpAndPause => {
            deliveries::note_attempt(tx, id, attempt, "failed", None)?;
            let n_failures = store::note_failure(tx, &due.webhook_id)?;
            if *next == Next::GiveUpAndPause {
                pause_by_itself(tx, due, "the receiver answered 410: it wants no more deliveries", n_failures)?;
            } else if n_failures >= MOST_FAILURES {
                pause_by_itself(tx, due, "20 deliveries in a row failed", n_failures)?;
            }
        }
    }
    due.session_id.as_ref().map_or(Ok(()), |session_id| deliveries::release_next(tx, &due.webhook_id, session_id))
}

fn pause_by_itself(tx: &Tx<'_>, due: &Due, because: &str, n_failures: u32) -> Result<()> {
    store::pause(tx, &due.webhook_id, because)?;
    let n_parked = deliveries::park_waiting(tx, &due.webhook_id)?;
    warn!(webhook.id = %due.webhook_id, "Webhook {} is paused: {because}", due.webhook_id);
    let detail = serde_json::json!({ "because": because, "failures": n_failures, "parked": n_parked });
    audit::append(tx, &Actor::system(), "webhook.pause", due.webhook_id.as_str(), &detail)
}

/// An answer's beginning as text for the log: no control characters.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}
