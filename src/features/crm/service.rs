//! The handle of this slice.

use std::sync::Arc;

use serde_json::json;

use super::model::{PushState, PushView};
use super::store;
use super::work::begin;
use crate::base::id::SessionId;
use crate::base::mapping::Templates;
use crate::base::page::Page;
use crate::base::{Clock, Error, Result};
use crate::features::bots::Bots;
use crate::features::calls::{self, Calls};
use crate::features::recordings::Recordings;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Db, Tx};
use crate::platform::net::Outbound;

/// What the slice is built from.
pub struct CrmSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// The calls.
    pub calls: Calls,
    /// The bots, for what they ask and push.
    pub bots: Bots,
    /// The links of their recordings.
    pub recordings: Recordings,
    /// The client for CRMs; reads answers of up to [`super::MOST_ANSWER`] bytes.
    pub outbound: Outbound,
}

/// CRMs: what is asked of them and what they are sent. Cheap to clone.
#[derive(Clone)]
pub struct Crm {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) setup: CrmSetup,
    pub(super) templates: Templates,
}

impl Crm {
    /// The slice over its parts.
    pub fn new(setup: CrmSetup) -> Self {
        Self { inner: Arc::new(Inner { setup, templates: Templates::default() }) }
    }

    pub(super) fn setup(&self) -> &CrmSetup {
        &self.inner.setup
    }

    /// One page of pushes, newest first, and how many match.
    pub(super) async fn list(&self, state: Option<PushState>, bot_id: Option<String>, page: Page) -> Result<(Vec<PushView>, u64)> {
        self.setup().db.read(move |conn| store::list(conn, state, bot_id.as_deref(), page)).await
    }

    /// Begins a push again, with all its attempts before it. One that is sent or was to be left out is begun only by `force`.
    pub(super) async fn retry(&self, actor: &Actor, session_id: SessionId, force: bool) -> Result<PushView> {
        let (crm, actor) = (self.clone(), actor.clone());
        self.setup().db.write(move |tx| crm.retry_in(tx, &actor, &session_id, force)).await
    }

    fn retry_in(&self, tx: &Tx<'_>, actor: &Actor, session_id: &SessionId, force: bool) -> Result<PushView> {
        let call = calls::get(tx, session_id)?;
        if call.completed_at.is_none() {
            return Err(Error::conflict("this call is not over yet").code("call_active"));
        }
        let bot_id = call.bot_id.clone().ok_or_else(|| Error::conflict("this call has no bot, so there is nothing to push"))?;
        if self.mapping(tx, &bot_id)?.is_none() {
            return Err(Error::conflict("the bot pushes nothing: set its post_call_push").code("no_push"));
        }
        let known = store::find(tx, session_id)?;
        match known.as_ref().map(|push| push.view.status) {
            Some(PushState::Pending) => return Err(Error::conflict("this push is on its way").code("push_pending")),
            Some(PushState::Sent) if !force => {
                return Err(Error::conflict("the CRM has this call already; force=true sends it again").code("already_sent"));
            }
            Some(PushState::Skipped) if !force => {
                return Err(Error::conflict("this call asked for no push; force=true sends it all the same").code("push_skipped"));
            }
            _ => {}
        }
        let round = match known {
            Some(_) => store::begin_again(tx, session_id)?,
            None => store::insert(tx, session_id, &bot_id, PushState::Pending).map(|_| 1)?,
        };
        audit::append(tx, actor, "crm_push.retry", session_id.as_str(), &json!({ "force": force }))?;
        begin(tx, session_id, &bot_id, round)?;
        let view = store::get(tx, session_id)?.view;
        calls::add_to_doc(tx, session_id, &view.log())?;
        Ok(view)
    }
}
