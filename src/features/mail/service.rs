//! The handle of mails.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::letter::{Writer, try_out};
use super::model::{MailState, MailView, TriedOut, TryOut};
use super::store;
use super::work::begin;
use crate::base::email::is_address;
use crate::base::id::MailId;
use crate::base::page::Page;
use crate::base::{Clock, Error, Random, Result};
use crate::features::settings::{MailSecurity, Settings, SettingsDoc};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Db;
use crate::platform::mail::{Mailer, Security, Server};

/// What the slice is built from.
pub struct MailsSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for keys of mails.
    pub random: Random,
    /// The settings, for the server and the brand.
    pub settings: Settings,
    /// Sends letters.
    pub mailer: Mailer,
}

/// Mails. Cheap to clone.
#[derive(Clone)]
pub struct Mails {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) setup: MailsSetup,
    pub(super) writer: Writer,
}

impl Mails {
    /// Mails over their parts.
    pub fn new(setup: MailsSetup) -> Result<Self> {
        Ok(Self { inner: Arc::new(Inner { setup, writer: Writer::new()? }) })
    }

    pub(super) fn setup(&self) -> &MailsSetup {
        &self.inner.setup
    }

    /// One page of mails, newest first, and how many match.
    pub(super) async fn list(&self, state: Option<MailState>, page: Page) -> Result<(Vec<MailView>, u64)> {
        self.setup().db.read(move |conn| store::list(conn, state, page)).await
    }

    /// Sends a mail again that was sent or given up, with all its attempts before it.
    pub(super) async fn resend(&self, actor: &Actor, id: MailId) -> Result<MailView> {
        let actor = actor.clone();
        self.setup()
            .db
            .write(move |tx| {
                if store::get(tx, &id)?.view.state == MailState::Waiting {
                    return Err(Error::conflict("this mail is on its way"));
                }
                let round = store::begin_again(tx, &id)?;
                audit::append(tx, &actor, "mail.resend", id.as_str(), &json!({}))?;
                begin(tx, &id, round)?;
                Ok(store::get(tx, &id)?.view)
            })
            .await
    }

    /// Sends a mail now that only shows that mail works. An error says why it does not.
    pub(super) async fn try_out(&self, actor: &Actor, wish: TryOut) -> Result<TriedOut> {
        let settings = self.setup().settings.current();
        if !is_address(&wish.to) {
            return Err(Error::invalid("to: must be an e-mail address").field("to", "must be an e-mail address"));
        }
        let server =
            server(&settings).ok_or_else(|| Error::conflict("no mail server is set: set mail.host").code("mail_not_configured"))?;
        let id = MailId::new(&self.setup().random).0;
        let letter = try_out(id, wish.to.clone(), &settings, self.setup().clock.now());
        let sent = self.setup().mailer.send(&server, &letter).await;
        let (actor, detail) = (actor.clone(), json!({ "sent": sent.is_ok() }));
        self.setup().db.write(move |tx| audit::append(tx, &actor, "mail.test", "", &detail)).await?;
        sent.map_err(|failure| Error::upstream(failure.sentence).code("mail_failed"))?;
        Ok(TriedOut { sent: true, to: wish.to })
    }
}

/// The mail server of the settings; none when mail is off.
pub(super) fn server(settings: &SettingsDoc) -> Option<Server> {
    let mail = &settings.mail;
    mail.is_on().then(|| Server {
        host: mail.host.clone(),
        port: mail.port,
        security: match mail.security {
            MailSecurity::Starttls => Security::Starttls,
            MailSecurity::Tls => Security::Tls,
            MailSecurity::Off => Security::Off,
        },
        username: mail.username.clone(),
        password: mail.password.clone(),
        ca_pem: mail.ca_pem.clone(),
        within: Duration::from_secs(mail.timeout_seconds.into()),
    })
}
