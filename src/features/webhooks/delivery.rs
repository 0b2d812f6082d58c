//! Sends one delivery: the work behind each row. Safe to repeat, because id and body are the same on every attempt.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{info, warn};

use super::deliveries_store::{self as deliveries, Attempt, Due, Standing};
use super::job::JobBody;
use super::retry::{self, Answered, MOST_FAILURES, Next};
use super::service::Webhooks;
use super::sign::{self, Signed};
use super::{counted, store};
use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Tx, to_json};
use crate::platform::net::{Failure, NetError, Request};
use crate::platform::outbox::{self, Job, Outcome};

/// A receiver must have answered by then.
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer that are kept for the log.
const EXCERPT: usize = 1024;
/// The beginning of an answer must arrive by then; its status counts in any case.
const EXCERPT_WITHIN: Duration = Duration::from_secs(1);
/// When our own database or our own limit of connections is in the way.
const AFTER_OUR_FAULT: Duration = Duration::from_secs(5);
/// Every delivery carries these.
const OWN_HEADERS: [(&str, &str); 3] = [("content-type", "application/json"), ("user-agent", "cxbox-webhooks"), ("accept", "*/*")];

/// What came back.
struct Came {
    answered: Answered,
    excerpt: String,
    took: Duration,
}

impl Webhooks {
    /// Makes one attempt at the delivery a job names. Its end and the job's are written in one transaction.
    pub async fn deliver(&self, job: Job) -> Outcome {
        let Ok(body) = serde_json::from_value::<JobBody>(job.body.clone()) else {
            return Outcome::Park { error: "the job does not name a delivery and its round".to_owned() };
        };
        match self.attempt(&job, &body).await {
            Ok(outcome) => outcome,
            Err(error) => {
                warn!("Delivery {} could not be attempted: {error}", body.delivery_id);
                Outcome::Again { after: AFTER_OUR_FAULT, error: error.to_string() }
            }
        }
    }

    async fn attempt(&self, job: &Job, body: &JobBody) -> Result<Outcome> {
        let wanted = body.clone();
        let Some(due) = self.db().read(move |conn| deliveries::due(conn, &wanted)).await? else { return Ok(Outcome::Done) };
        let now = self.clock().now();
        let headers = self.headers(body, &due, now)?;
        let Some(came) = self.send(&due, &headers, now).await else {
            return Ok(Outcome::Again { after: AFTER_OUR_FAULT, error: "too many connections are open".to_owned() });
        };
        let next = retry::decide(due.schedule, due.attempts + 1, &came.answered);
        counted::count(&next);
        let attempt = noted(came, &headers, now)?;
        let job_id = job.id;
        self.db().write(move |tx| record(tx, job_id, &due, &attempt, &next)).await?;
        Ok(Outcome::Written)
    }

    /// Sends the request and waits for the answer's beginning. `None` when all connections of this process are in use.
    async fn send(&self, due: &Due, headers: &[(&'static str, String)], now: Millis) -> Option<Came> {
        let request = Request::post(&due.url).lane(due.webhook_id.as_str()).within(WITHIN);
        let request = headers.iter().fold(request.body(due.body.clone()), |request, (name, value)| request.header(name, value));
        let began = Instant::now();
        let mut answer = match self.outbound().guarded(request, WITHIN).await {
            Ok(answer) => answer,
            Err(NetError { class: Failure::Busy, .. }) => return None,
            Err(error) => {
                info!("A webhook receiver was not reached: {}", error.message());
                return Some(Came { answered: Answered::Failed(error.class), excerpt: String::new(), took: began.elapsed() });
            }
        };
        let retry_after = answer.header("retry-after").and_then(|header| retry::read_retry_after(header, now));
        let answered = Answered::Status { status: answer.status, retry_after };
        let took = began.elapsed();
        let first = tokio::time::timeout(EXCERPT_WITHIN, answer.first(EXCERPT)).await;
        let excerpt = first.ok().and_then(Result::ok).map(|(bytes, _)| printable(&bytes)).unwrap_or_default();
        Some(Came { answered, excerpt, took })
    }

    fn headers(&self, body: &JobBody, due: &Due, now: Millis) -> Result<Vec<(&'static str, String)>> {
        let (secret, next_secret) = self.open(&due.webhook_id, &due.sealed, now)?;
        let mut headers: Vec<_> = OWN_HEADERS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        headers.extend(sign::headers(&Signed {
            event: &due.event,
            delivery_id: body.delivery_id.as_str(),
            attempt: due.attempts + 1,
            sequence: due.fact_id,
            now,
            body: due.body.as_bytes(),
            secret: secret.expose(),
            next_secret: next_secret.as_ref().map(|next| next.expose()),
        }));
        Ok(headers)
    }
}

/// An attempt as the log keeps it.
fn noted(came: Came, headers: &[(&'static str, String)], at: Millis) -> Result<Attempt> {
    let (http_status, error) = match came.answered {
        Answered::Status { status, .. } => (Some(status), (!(200..300).contains(&status)).then_some("status")),
        Answered::Failed(failure) => (None, Some(failure.word())),
    };
    let headers: Map<String, Value> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
    let duration_ms = u64::try_from(came.took.as_millis()).unwrap_or(u64::MAX);
    Ok(Attempt { headers: to_json(&headers)?, http_status, error, excerpt: came.excerpt, duration_ms, at })
}

/// Writes down what an attempt came to, what follows from it, and the end of the job.
fn record(tx: &Tx<'_>, job_id: i64, due: &Due, attempt: &Attempt, next: &Next) -> Result<()> {
    match next {
        Next::Delivered => {
            deliveries::note_attempt(tx, due, attempt, Standing::Delivered)?;
            store::note_success(tx, &due.webhook_id)?;
            outbox::done(tx, job_id)?;
        }
        Next::Again(after) => {
            let at = tx.now.plus(*after);
            if deliveries::note_attempt(tx, due, attempt, Standing::WaitsUntil(at))? {
                outbox::put_back(tx, job_id, Some(at), attempt.error.unwrap_or("failed"))?;
            } else {
                outbox::done(tx, job_id)?;
            }
        }
        Next::GiveUp | Next::GiveUpAndPause => {
            if deliveries::note_attempt(tx, due, attempt, Standing::Parked)? {
                given_up(tx, due, *next == Next::GiveUpAndPause)?;
            }
            outbox::done(tx, job_id)?;
        }
    }
    due.session_id.as_ref().map_or(Ok(()), |session_id| deliveries::release_next(tx, &due.webhook_id, session_id))
}

fn given_up(tx: &Tx<'_>, due: &Due, is_unwanted: bool) -> Result<()> {
    let n_failures = store::note_failure(tx, &due.webhook_id)?;
    if is_unwanted {
        pause_by_itself(tx, due, "the receiver answered 410: it wants no more deliveries", n_failures)
    } else if n_failures >= MOST_FAILURES {
        pause_by_itself(tx, due, "20 deliveries in a row failed", n_failures)
    } else {
        Ok(())
    }
}

fn pause_by_itself(tx: &Tx<'_>, due: &Due, because: &str, n_failures: u32) -> Result<()> {
    if !store::pause(tx, &due.webhook_id, because)? {
        return Ok(());
    }
    let n_parked = deliveries::park_waiting(tx, &due.webhook_id)?;
    warn!(webhook.id = %due.webhook_id, "Webhook {} is paused: {because}", due.webhook_id);
    let host = due.url.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned)).unwrap_or_default();
    outbox::append(tx, &Fact::WebhookPaused { webhook_id: due.webhook_id.clone(), host, because: because.to_owned() })?;
    let detail = serde_json::json!({ "because": because, "failures": n_failures, "parked": n_parked });
    audit::append(tx, &Actor::system(), "webhook.pause", due.webhook_id.as_str(), &detail)
}

/// An answer's beginning as text for the log: no control characters.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}
