//! Links that open a recording without a login: the lasting one of each call, and signed ones that live for a while.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::model::is_over;
use super::service::{Recordings, key_of, missing};
use super::store;
use crate::base::id::SessionId;
use crate::base::secret::sha256;
use crate::base::{Error, Millis, Result};
use crate::features::calls::{self, CallRecord};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Conn;

/// What signed tokens begin with; lasting ones have 32 characters, so none is taken for the other.
const SIGNED: &str = "signed.";
/// What signed tokens are bound to.
const OWNER: &str = "recordings.signed";
/// Life of a signed link that names none, in minutes.
const USUAL_MINUTES: u32 = 24 * 60;
/// Longest life, in minutes.
const MOST_MINUTES: u32 = 7 * 24 * 60;

/// A public link.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Link {
    /// The link that may be given away.
    pub(super) recording_link: String,
    /// Its token.
    pub(super) recording_access_token: String,
}

/// A link that lives for a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedUrl {
    /// The link.
    pub url: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Millis,
}

impl Recordings {
    /// The call whose recording a token opens. `Gone` when the link was revoked or has lived its time.
    pub(super) async fn call_of_token(&self, token: &str) -> Result<CallRecord> {
        if let Some(sealed) = token.strip_prefix(SIGNED) {
            return self.call_of_signed(sealed).await;
        }
        let hash = sha256(token);
        let read = move |conn: &_| Ok((calls::session_of_token(conn, &hash)?, store::was_revoked(conn, &hash)?));
        let (session_id, was_revoked) = self.db().read(read).await?;
        let session_id = session_id.ok_or_else(|| if was_revoked { gone() } else { missing() })?;
        let call = self.call(&session_id).await?;
        let ended_at = call.completed_at.unwrap_or(call.created_at);
        if is_over(ended_at, self.storage().link_days, self.inner.setup.clock.now()) {
            return Err(gone());
        }
        Ok(call)
    }

    async fn call_of_signed(&self, sealed: &str) -> Result<CallRecord> {
        let sealed = sealed.replace('-', "+").replace('_', "/");
        let opened = self.inner.setup.sealer.open(OWNER, &sealed).map_err(|_| missing())?;
        let mut parts = opened.splitn(3, ' ');
        let (until, link, session_id) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let until = Millis(until.and_then(|text| text.parse().ok()).ok_or_else(missing)?);
        let call = self.call(&SessionId::from(session_id)).await?;
        let is_revoked = mark_of(&call) != link;
        if is_revoked || self.inner.setup.clock.now() >= until { Err(gone()) } else { Ok(call) }
    }

    /// Ends the public link of a call's recording, and every signed one.
    pub(super) async fn revoke_link(&self, actor: &Actor, session_id: SessionId) -> Result<()> {
        key_of(&self.call(&session_id).await?)?;
        let (calls, actor) = (self.inner.setup.calls.clone(), actor.clone());
        self.db()
            .write(move |tx| {
                if let Some(hash) = calls.end_token(tx, &session_id)? {
                    store::note_revoked(tx, &hash, &session_id, &actor)?;
                }
                audit::append(tx, &actor, "recording.link.revoke", session_id.as_str(), &json!({}))
            })
            .await
    }

    /// Makes a new public link for a call's recording; the former one ends.
    pub(super) async fn renew_link(&self, actor: &Actor, session_id: SessionId) -> Result<Link> {
        key_of(&self.call(&session_id).await?)?;
        let (calls, actor) = (self.inner.setup.calls.clone(), actor.clone());
        let token = self
            .db()
            .write(move |tx| {
                let (token, former) = calls.renew_token(tx, &session_id)?;
                if let Some(hash) = former {
                    store::note_revoked(tx, &hash, &session_id, &actor)?;
                }
                audit::append(tx, &actor, "recording.link.renew", session_id.as_str(), &json!({}))?;
                Ok(token)
            })
            .await?;
        Ok(Link { recording_link: self.inner.setup.calls.recording_link(&token), recording_access_token: token })
    }

    /// Makes a link that opens a call's recording for so many minutes.
    pub(super) async fn sign_link(&self, actor: &Actor, session_id: SessionId, minutes: Option<u32>) -> Result<SignedUrl> {
        let minutes = minutes.unwrap_or(USUAL_MINUTES);
        if !(1..=MOST_MINUTES).contains(&minutes) {
            let sentence = "must be 1 to 10080";
            return Err(Error::invalid(format!("minutes: {sentence}")).field("minutes", sentence));
        }
        let call = self.call(&session_id).await?;
        key_of(&call)?;
        let signed = self.signed_url(&call, Duration::from_secs(u64::from(minutes) * 60))?;
        let (actor, detail) = (actor.clone(), json!({ "expires_at": signed.expires_at }));
        self.db().write(move |tx| audit::append(tx, &actor, "recording.link.sign", session_id.as_str(), &detail)).await?;
        Ok(signed)
    }

    /// The link of a call's recording that others outside the box are told: the lasting one, else a signed one that lives for a week. `None`
    /// without a recording, and when its link was revoked: then nobody is to be told another one.
    pub fn link_for_others(&self, conn: &Conn, call: &CallRecord) -> Result<Option<String>> {
        if key_of(call).is_err() {
            return Ok(None);
        }
        if let Some(token) = self.inner.setup.calls.recording_token(call)? {
            return Ok(Some(self.inner.setup.calls.recording_link(&token)));
        }
        if store::was_revoked_of(conn, &call.session_id)? {
            return Ok(None);
        }
        Ok(Some(self.signed_url(call, Duration::from_secs(u64::from(MOST_MINUTES) * 60))?.url))
    }

    /// A link of this box that opens a call's recording for a while, for whoever has no lasting one to give away.
    pub fn signed_url(&self, call: &CallRecord, life: Duration) -> Result<SignedUrl> {
        let expires_at = self.inner.setup.clock.now().plus(life);
        let sealed = self.inner.setup.sealer.seal(OWNER, &format!("{} {} {}", expires_at.0, mark_of(call), call.session_id))?;
        let token = format!("{SIGNED}{}", sealed.replace('+', "-").replace('/', "_"));
        Ok(SignedUrl { url: self.inner.setup.calls.recording_link(&token), expires_at })
    }
}

/// What changes with each new or revoked link of a call: signed links end with it.
fn mark_of(call: &CallRecord) -> String {
    call.recording_token_sealed.as_deref().map_or_else(|| "none".to_owned(), |sealed| hex::encode(&sha256(sealed)[..8]))
}

fn gone() -> Error {
    Error::gone("this link has ended")
}
