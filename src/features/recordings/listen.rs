//! Who hears a recording: people by its call, others by a link; each listening is noted once.

use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

use axum::response::Response;
use serde_json::json;
use tracing::warn;

use super::answer::{self, Asked};
use super::service::{Recordings, key_of};
use crate::base::id::SessionId;
use crate::base::{Kind, Result};
use crate::platform::access::Actor;
use crate::platform::audit;

/// Whoever heard a recording is noted again after this time: players ask for one piece after the other.
const ONE_LISTENING: Duration = Duration::from_secs(600);
/// Most listenings remembered.
const MOST_LISTENINGS: usize = 10_000;

impl Recordings {
    /// The recording of a call, wherever it lies, or "not found".
    pub(super) async fn of_session(&self, actor: &Actor, session_id: SessionId, asked: &Asked) -> Result<Response> {
        let call = self.call(&session_id).await?;
        let heard = answer::heard(self, &key_of(&call)?, asked).await?;
        self.note_listener(actor, &session_id, &format!("{}@{}", actor.user_id, ip_word(actor.ip))).await?;
        Ok(heard)
    }

    /// The recording behind a public link: its lasting token, or a signed one that lives for a while. An address that guesses too often is
    /// refused. `Gone` when the link was revoked or has lived its time.
    pub(super) async fn of_token(&self, token: &str, ip: Option<IpAddr>, asked: &Asked) -> Result<Response> {
        if let Some(ip) = ip {
            self.inner.misses.check(ip)?;
        }
        let heard = self.behind(token, ip, asked).await;
        if let (Err(error), Some(ip)) = (&heard, ip)
            && error.kind() == Kind::NotFound
        {
            self.inner.misses.count(ip);
        }
        heard
    }

    async fn behind(&self, token: &str, ip: Option<IpAddr>, asked: &Asked) -> Result<Response> {
        let call = self.call_of_token(token).await?;
        let heard = answer::heard(self, &key_of(&call)?, asked).await?;
        let actor = Actor::link(ip);
        self.note_listener(&actor, &call.session_id, &format!("link@{}", ip_word(ip))).await?;
        Ok(heard)
    }

    /// Writes into the audit trail who hears what, once per listening. A disk without room does not keep anybody from hearing.
    async fn note_listener(&self, actor: &Actor, session_id: &SessionId, who: &str) -> Result<()> {
        if !self.begins_listening(who, session_id) {
            return Ok(());
        }
        let (by, target) = (actor.clone(), session_id.clone());
        let noted = self.db().write(move |tx| audit::append(tx, &by, "recording.read", target.as_str(), &json!({}))).await;
        match noted {
            Err(failure) if failure.kind() == Kind::DiskFull => {
                warn!("Who heard a recording could not be noted: {failure}");
                Ok(())
            }
            noted => noted,
        }
    }

    fn begins_listening(&self, who: &str, session_id: &SessionId) -> bool {
        let now = self.inner.setup.clock.ticks();
        let mut heard = self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= MOST_LISTENINGS {
            heard.retain(|_, at| now.since(*at) < ONE_LISTENING);
            if heard.len() >= MOST_LISTENINGS {
                heard.clear();
            }
        }
        let key = (who.to_owned(), session_id.clone());
        if heard.get(&key).is_some_and(|at| now.since(*at) < ONE_LISTENING) {
            return false;
        }
        heard.insert(key, now);
        true
    }
}

fn ip_word(ip: Option<IpAddr>) -> String {
    ip.map_or_else(|| "local".to_owned(), |ip| ip.to_string())
}
