//! Sends what a CRM is told after a call. Safe to repeat: a push that is sent stays sent, and a repeat carries the same `X-CXB-Push-Id`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tracing::{error, info};

use super::mapping::{Prepared, prepare};
use super::model::PushState;
use super::names;
use super::retry::{Answered, Next, next};
use super::service::Crm;
use super::store::{self, Attempted};
use super::work::{CRM_PUSH, PushJob};
use crate::base::id::{BotId, SessionId};
use crate::base::mapping::Names;
use crate::base::{Error, Kind, Result};
use crate::contract::crm::PostCallPush;
use crate::features::calls::{self, CallRecord};
use crate::platform::db::Conn;
use crate::platform::net::{Answer, Failure, NetError, Request};
use crate::platform::outbox::{Handler, Job, Outcome, done, put_back};

/// The pause after the database did not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The handlers of this slice, by kind.
pub fn handlers(crm: &Crm) -> Vec<(&'static str, Handler)> {
    let crm = crm.clone();
    let push = move |job: Job| -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let crm = crm.clone();
        Box::pin(async move { crm.run(job).await })
    };
    vec![(CRM_PUSH, Arc::new(push))]
}

/// Everything one attempt needs.
struct Due {
    bot_id: BotId,
    push: PostCallPush,
    names: Arc<Names>,
}

/// How an attempt ended, in words.
struct Ended {
    next: Next,
    http_status: Option<u16>,
    error: String,
}

impl Crm {
    /// What a bot pushes, if it does.
    pub(super) fn mapping(&self, conn: &Conn, bot_id: &BotId) -> Result<Option<PostCallPush>> {
        let bot = self.setup().bots.find_published(conn, bot_id)?;
        Ok(bot.and_then(|bot| bot.body.post_call_push).filter(|push| push.enabled))
    }

    /// What tokens stand for in a call that is over.
    pub(super) fn names_after(&self, conn: &Conn, call: &CallRecord, bot_id: &BotId) -> Result<Names> {
        let bot = self.setup().bots.find_published(conn, bot_id)?;
        let timezone = bot.map_or_else(|| "UTC".to_owned(), |bot| bot.body.timezone);
        let recording = self.setup().recordings.link_for_others(conn, call)?.unwrap_or_default();
        Ok(names::after(call, &recording, &timezone, self.setup().clock.now()))
    }

    async fn run(&self, job: Job) -> Outcome {
        let (id, attempt) = (job.id, job.attempt);
        let Ok(body) = serde_json::from_value::<PushJob>(job.body) else {
            return Outcome::Park { error: "the job names no call".to_owned() };
        };
        match self.attempt(id, &body, attempt).await {
            Ok(outcome) => outcome,
            // The database did not answer; the row says nothing yet.
            Err(failure) => Outcome::Again { after: AFTER_FAILURE, error: failure.to_string() },
        }
    }

    async fn attempt(&self, id: i64, job: &PushJob, attempt: u32) -> Result<Outcome> {
        let (crm, session_id, round) = (self.clone(), job.session_id.clone(), job.round);
        let due = match self.setup().db.read(move |conn| crm.due(conn, &session_id, round)).await {
            Ok(None) => return Ok(Outcome::Done),
            Ok(Some(due)) => Ok(due),
            Err(failure) if matches!(failure.kind(), Kind::NotFound | Kind::Invalid) => Err(failure),
            Err(failure) => return Err(failure),
        };
        let ended = match due {
            Ok(due) => self.send(&job.session_id, due, attempt).await,
            Err(failure) => given_up(&failure),
        };
        self.note(id, job, attempt, ended).await
    }

    /// What is to be sent, unless the push is over or was begun anew.
    fn due(&self, conn: &Conn, session_id: &SessionId, round: u32) -> Result<Option<Due>> {
        let Some(stored) = store::find(conn, session_id)?.filter(|push| push.round == round && push.view.status == PushState::Pending)
        else {
            return Ok(None);
        };
        let bot_id = stored.view.bot_id;
        let push = self.mapping(conn, &bot_id)?.ok_or_else(|| Error::not_found("the bot pushes nothing any more"))?;
        let call = calls::get(conn, session_id)?;
        let names = Arc::new(self.names_after(conn, &call, &bot_id)?);
        Ok(Some(Due { bot_id, push, names }))
    }

    async fn send(&self, session_id: &SessionId, due: Due, attempt: u32) -> Ended {
        let prepared = match prepare(&due.push, session_id.as_str(), &due.names, &self.inner.templates) {
            Ok(prepared) => prepared,
            Err(failure) => return given_up(&failure),
        };
        let within = Duration::from_millis(due.push.timeout_ms.into());
        let request = request(prepared).within(within).lane(due.bot_id.as_str());
        match self.setup().outbound.guarded(request, within).await {
            Ok(answer) => answered(&due.push, &answer, attempt),
            Err(failure) => unanswered(&due.push, &failure, attempt),
        }
    }

    /// Writes the end of an attempt and what becomes of its job, in one transaction.
    async fn note(&self, id: i64, job: &PushJob, attempt: u32, ended: Ended) -> Result<Outcome> {
        let (session_id, round) = (job.session_id.clone(), job.round);
        match &ended.next {
            Next::Sent => info!("The call {session_id} was pushed to its CRM"),
            Next::Failed => error!("The call {session_id} was not pushed to its CRM: {}", ended.error),
            Next::Again(_) => {}
        }
        self.setup()
            .db
            .write(move |tx| {
                let state = match ended.next {
                    Next::Sent => PushState::Sent,
                    Next::Again(_) => PushState::Pending,
                    Next::Failed => PushState::Failed,
                };
                let end = Attempted { state, attempts: attempt, http_status: ended.http_status, error: ended.error };
                if store::set(tx, &session_id, round, &end)? {
                    calls::add_to_doc(tx, &session_id, &store::get(tx, &session_id)?.view.log())?;
                }
                match ended.next {
                    Next::Again(after) => put_back(tx, id, Some(tx.now.plus(after)), &end.error),
                    Next::Sent | Next::Failed => done(tx, id),
                }
            })
            .await?;
        Ok(Outcome::Written)
    }
}

fn request(prepared: Prepared) -> Request {
    let request = match prepared.method {
        "PUT" => Request::put(prepared.url),
        "PATCH" => Request::new(Method::PATCH, prepared.url),
        _ => Request::post(prepared.url),
    };
    let request = request.bytes(prepared.content_type, prepared.bytes);
    prepared.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn answered(push: &PostCallPush, answer: &Answer, attempt: u32) -> Ended {
    let retry_after = answer.header("retry-after").and_then(|wish| wish.trim().parse().ok());
    let next = next(push, &Answered::Status { status: answer.status, retry_after }, attempt);
    let error = if next == Next::Sent { String::new() } else { format!("the CRM answered {}", answer.status) };
    Ended { next, http_status: Some(answer.status), error }
}

fn unanswered(push: &PostCallPush, failure: &NetError, attempt: u32) -> Ended {
    let error = format!("{} ({})", failure.message(), failure.class.word());
    let next =
        if matches!(failure.class, Failure::BadUrl | Failure::Blocked) { Next::Failed } else { next(push, &Answered::Network, attempt) };
    Ended { next, http_status: None, error }
}

fn given_up(failure: &Error) -> Ended {
    Ended { next: Next::Failed, http_status: None, error: failure.message().to_owned() }
}
