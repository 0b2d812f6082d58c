//! Sends mails. Safe to repeat: a mail that is sent stays sent, and a repeat carries the same Message-ID.

use std::pin::Pin;
use std::sync::Arc;

use tracing::{error, info};

use super::model::{MailState, StoredMail};
use super::service::{Mails, server};
use super::work::{MAIL_SEND, RETRY, SendJob};
use super::{notices, store};
use crate::base::{Error, Kind, Result};
use crate::features::calls;
use crate::platform::mail::MailError;
use crate::platform::outbox::{Handler, Job, Outcome};

/// The handlers of this slice, by kind.
pub fn handlers(mails: &Mails) -> Vec<(&'static str, Handler)> {
    let (mails, notified) = (mails.clone(), mails.clone());
    let send = move |job: Job| -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let mails = mails.clone();
        Box::pin(async move { mails.run(job).await })
    };
    vec![(MAIL_SEND, Arc::new(send)), notices::handler(&notified)]
}

impl Mails {
    async fn run(&self, job: Job) -> Outcome {
        let attempt = job.attempt;
        let Ok(body) = serde_json::from_value::<SendJob>(job.body) else {
            return Outcome::Park { error: "the job names no mail".to_owned() };
        };
        match self.attempt(&body, attempt).await {
            Ok(outcome) => outcome,
            // The database did not answer; the row says nothing yet.
            Err(failure) => Outcome::Again { after: RETRY.after(1).unwrap_or_default(), error: failure.to_string() },
        }
    }

    async fn attempt(&self, job: &SendJob, attempt: u32) -> Result<Outcome> {
        let id = job.mail_id.clone();
        let found = self.setup().db.read(move |conn| store::find(conn, &id)).await?;
        let Some(mail) = found.filter(|mail| mail.round == job.round && mail.view.state == MailState::Waiting) else {
            return Ok(Outcome::Done);
        };
        let id = mail.view.id.clone();
        match self.send(&mail).await {
            Ok(()) => {
                info!("Mail {id} about the call {} was sent", mail.view.call_id);
                self.setup().db.write(move |tx| store::set_sent(tx, &id, attempt)).await?;
                Ok(Outcome::Done)
            }
            Err(failure) => self.failed(mail, attempt, failure).await,
        }
    }

    /// The letter as it is now: settings and call are read for each attempt.
    async fn send(&self, mail: &StoredMail) -> Result<(), MailError> {
        let settings = self.setup().settings.current();
        let given_up = |error: Error| MailError {
            is_final: matches!(error.kind(), Kind::NotFound | Kind::Invalid | Kind::Conflict),
            sentence: error.message().to_owned(),
        };
        let server = server(&settings).ok_or_else(|| given_up(Error::conflict("no mail server is set")))?;
        let session_id = mail.view.session_id.clone();
        let call = self.setup().db.read(move |conn| calls::get(conn, &session_id)).await.map_err(given_up)?;
        let letter = self.inner.writer.outcome(mail, &call, &settings, mail.view.created_at).map_err(given_up)?;
        self.setup().mailer.send(&server, &letter).await
    }

    async fn failed(&self, mail: StoredMail, attempt: u32, failure: MailError) -> Result<Outcome> {
        let MailError { is_final, sentence } = failure;
        let after = RETRY.after(attempt).filter(|_| !is_final);
        let state = if after.is_some() { MailState::Waiting } else { MailState::Parked };
        let (id, error) = (mail.view.id.clone(), sentence.clone());
        self.setup().db.write(move |tx| store::set_failed(tx, &id, state, attempt, &error)).await?;
        Ok(match after {
            Some(after) => Outcome::Again { after, error: sentence },
            None => {
                error!("Mail {} about the call {} is parked: {sentence}", mail.view.id, mail.view.call_id);
                Outcome::Done
            }
        })
    }
}
