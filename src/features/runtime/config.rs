//! The config of a call, and the call's row (contract §2.3).

use serde::Deserialize;
use utoipa::IntoParams;

use super::assemble::{Overrides, Parts, assemble};
use super::hours;
use super::number::announcement;
use super::service::Runtime;
use super::variables::{Connected, connected, variables};
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::{Error, Result};
use crate::contract::config::CallConfig;
use crate::features::bots::{BotStatus, Published};
use crate::features::calls::{self, CallRecord, NewCall};
use crate::features::numbers::{NumberMode, NumberView};
use crate::platform::db::{Conn, Tx};

/// What an engine says about the call it wants a config for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConfigQuery {
    /// Key of a call that has a row already, from an inbound decision or an outbound call.
    pub(super) session_id: Option<String>,
    /// Who calls, or is called.
    pub(super) caller_id: Option<String>,
    /// Key of a WebSocket stream.
    pub(super) stream_id: Option<String>,
    /// JSON object of the call's variables; anything else counts as empty.
    pub(super) connected_event: Option<String>,
}

impl Runtime {
    /// The config of a call. Opens the call's row, or fills the one that exists: asking twice with the same key changes nothing.
    pub(super) async fn config(&self, bot_id: BotId, query: ConfigQuery) -> Result<CallConfig> {
        let runtime = self.clone();
        self.inner.db.write(move |tx| runtime.config_in(tx, &bot_id, &query)).await
    }

    fn config_in(&self, tx: &Tx<'_>, bot_id: &BotId, query: &ConfigQuery) -> Result<CallConfig> {
        let connected = connected(query.connected_event.as_deref());
        let session_id = self.session_of(query, &connected);
        let number = self.number_of(tx, &session_id)?;
        if let Some(number) = number.as_ref().filter(|number| number.body.mode == NumberMode::Tts) {
            let call = calls::get(tx, &session_id)?;
            let ids = (session_id, call_id(&call), bot_id.clone());
            return Ok(announcement(ids, &number.body, self.webhook_url()));
        }
        let bot = self.running_bot(tx, bot_id)?;
        hours::gate(&bot.body, tx.now)?;
        calls::open_skeleton(tx, &self.skeleton(&session_id, &bot, query, &connected))?;
        let call = calls::get(tx, &session_id)?;
        if call.bot_id.as_ref().is_some_and(|own| own != bot_id) {
            return Err(Error::conflict(format!("the call {session_id} belongs to another bot")));
        }
        let keys = self.inner.orders.claim(tx, &call)?;
        Ok(assemble(Parts {
            call_id: call_id(&call),
            bot_id: bot.id,
            bot_version: bot.version,
            body: &bot.body,
            overrides: &Overrides::of(call.overrides.as_ref()),
            keys: &keys,
            variables: &variables(&call, &connected, &bot.body.timezone, tx.now),
            webhook_url: self.webhook_url(),
            llm_key: number.map(|number| self.inner.numbers.open_key(&number)).transpose()?.flatten(),
            session_id,
        }))
    }

    /// The virtual number that a known call reached, unless it was removed meanwhile.
    fn number_of(&self, conn: &Conn, session_id: &SessionId) -> Result<Option<NumberView>> {
        let number_id = calls::find(conn, session_id)?.and_then(|call| call.number_id);
        number_id.map(|id| self.inner.numbers.find(conn, &id)).transpose().map(Option::flatten)
    }

    fn webhook_url(&self) -> String {
        format!("{}/api/v1/call-results", self.inner.base_url)
    }

    /// The published version of a bot that takes calls, or "no such bot" with the reason.
    pub(super) fn running_bot(&self, conn: &Conn, id: &BotId) -> Result<Published> {
        let bot = self.inner.bots.find_published(conn, id)?.ok_or_else(|| Error::not_found(format!("no bot {id}")))?;
        match bot.body.status {
            BotStatus::Active => Ok(bot),
            status => Err(Error::not_found(format!("the bot {id} is {} and takes no calls", status.word())).code("bot_not_active")),
        }
    }

    fn session_of(&self, query: &ConfigQuery, connected: &Connected) -> SessionId {
        let asked = query.session_id.as_deref().filter(|id| !id.is_empty()).map(SessionId::from);
        asked.or_else(|| connected.session_id.clone()).unwrap_or_else(|| SessionId::new(&self.inner.random))
    }

    fn skeleton(&self, session_id: &SessionId, bot: &Published, query: &ConfigQuery, connected: &Connected) -> NewCall {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        NewCall {
            bot_id: Some(bot.id.clone()),
            bot_version: Some(bot.version),
            stream_id: given(&query.stream_id),
            caller_id: given(&query.caller_id),
            from_number: given(&query.caller_id),
            skip_post_push: connected.skip_post_push,
            save_transcript: true,
            voice: bot.body.tts.voice.clone(),
            language: Some(bot.body.language.clone()),
            model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
            connected_event: (!connected.event.is_empty()).then(|| connected.event.clone()),
            ..NewCall::of(session_id.clone())
        }
    }
}

/// The CodeB key of a call; one that has none goes by its session.
fn call_id(call: &CallRecord) -> CallId {
    call.call_id.clone().unwrap_or_else(|| CallId::from(call.session_id.as_str()))
}
