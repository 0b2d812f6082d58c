//! Mails to whoever runs the box: a webhook paused itself, so a receiver hears of nothing any more. A notice is a job for each recipient.

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tracing::info;

use super::service::{Mails, server};
use super::work::RETRY;
use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::features::auth;
use crate::features::settings::SettingsDoc;
use crate::platform::db::Tx;
use crate::platform::mail::Letter;
use crate::platform::outbox::{Event, Handler, Job, NewJob, Outcome, enqueue};

/// Kind of the job that sends a notice.
const MAIL_NOTICE: &str = "mail.notice";

/// Body of that job.
#[derive(Debug, Serialize, Deserialize)]
struct Notice {
    to: String,
    host: String,
    because: String,
    at: Millis,
}

/// The handler of notices.
pub(super) fn handler(mails: &Mails) -> (&'static str, Handler) {
    let mails = mails.clone();
    let send = move |job: Job| -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let mails = mails.clone();
        Box::pin(async move { mails.send_notice(job).await })
    };
    (MAIL_NOTICE, Arc::new(send))
}

impl Mails {
    /// Makes the notices of a webhook that paused itself, one for each active super_admin.
    pub(super) fn notice(&self, tx: &Tx<'_>, event: &Event) -> Result<()> {
        let Fact::WebhookPaused { webhook_id, host, because } = &event.fact else { return Ok(()) };
        for to in auth::addresses_of_owners(tx)? {
            let key = format!("{webhook_id}:{}:{to}", event.id);
            let body = Notice { to, host: host.clone(), because: because.clone(), at: event.at };
            enqueue(tx, &NewJob { kind: MAIL_NOTICE, key: &key, body: &body, due_at: tx.now })?;
        }
        Ok(())
    }

    async fn send_notice(&self, job: Job) -> Outcome {
        let Ok(notice) = serde_json::from_value::<Notice>(job.body) else {
            return Outcome::Park { error: "the job says nothing that could be mailed".to_owned() };
        };
        let settings = self.setup().settings.current();
        // The mail server was taken out of the settings meanwhile: nobody wants mail.
        let Some(server) = server(&settings) else { return Outcome::Done };
        match self.setup().mailer.send(&server, &letter(&job.key, &notice, &settings)).await {
            Ok(()) => {
                info!("A notice about the webhook to {} was sent", notice.host);
                Outcome::Done
            }
            Err(failure) => match RETRY.after(job.attempt).filter(|_| !failure.is_final) {
                Some(after) => Outcome::Again { after, error: failure.sentence },
                None => Outcome::Park { error: failure.sentence },
            },
        }
    }
}

fn letter(key: &str, notice: &Notice, settings: &SettingsDoc) -> Letter {
    let what = format!("The webhook to {} is paused: {}.", notice.host, notice.because);
    let next =
        "It gets no more events until somebody resumes it on the page Webhooks. What could not be delivered is kept and can be sent then.";
    let escaped = minijinja::HtmlEscape(&what);
    Letter {
        id: key.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        date: notice.at,
        from_name: settings.brand.name.clone(),
        from: settings.mail.from.clone(),
        to: notice.to.clone(),
        reply_to: settings.brand.support_email.clone(),
        subject: format!("Webhook paused: {}", notice.host),
        html: format!("<p>{escaped}</p><p>{next}</p>"),
        text: format!("{what}\n\n{next}\n"),
    }
}
