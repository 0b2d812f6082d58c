//! The config of a call, and the call's row (contract §2.3).

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::assemble::{Overrides, Parts, assemble};
use super::connected::{Connected, connected, session_id};
use super::hours;
use super::number::announcement;
use super::service::Runtime;
use super::variables::{Facts, add_crm, effective_crm, variables};
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::mapping::Names;
use crate::base::{Error, Result};
use crate::contract::config::{CallConfig, WireSecret};
use crate::contract::crm::CrmPrefetch;
use crate::features::bots::{BotState, BotStatus, Published};
use crate::features::calls::{self, CallRecord, NewCall};
use crate::features::crm::{self, Fetched};
use crate::features::numbers::{NumberMode, NumberView};
use crate::features::outbound::Keys;
use crate::platform::db::{Conn, Tx};

/// Field of the call that says how asking the CRM went.
const PREFETCH: &str = "crm_prefetch";
/// What the engine notes on a call about which the CRM said nothing.
const PREFETCH_FAILED: &str = "crm_prefetch_failed";

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

/// What is known before anything is written.
enum Begun {
    /// The call reaches a number that speaks a text; that is all.
    Announced(Box<CallConfig>),
    /// A bot takes it.
    Bot(Box<Taken>),
}

/// A call that a bot takes.
struct Taken {
    session_id: SessionId,
    bot: Published,
    connected: Connected,
    /// Key of the language model that the virtual number carries.
    number_key: Option<WireSecret>,
    /// What the CRM said when the config was asked for before.
    told: Option<Map<String, Value>>,
    /// What the CRM is still to be asked, and what is known of the call by then.
    question: Option<(CrmPrefetch, Names)>,
}

impl Runtime {
    /// The config of a call. Opens the call's row, or fills the one that exists: asking twice with the same key changes nothing.
    ///
    /// The bot is read beside the writer, the row is opened in one short transaction, and a CRM is asked after it, so that a slow CRM
    /// holds up nothing but its own call.
    pub(super) async fn config(&self, bot_id: BotId, query: ConfigQuery) -> Result<CallConfig> {
        let (runtime, asked, id) = (self.clone(), query.clone(), bot_id.clone());
        let taken = match self.inner.db.read(move |conn| runtime.begin(conn, &id, &asked)).await? {
            Begun::Announced(config) => return Ok(*config),
            Begun::Bot(taken) => *taken,
        };
        let asked = match &taken.question {
            Some((prefetch, names)) => Some(self.inner.crm.prefetch(prefetch, &taken.session_id, names.clone()).await),
            None => None,
        };
        let live = asked.as_ref().and_then(|asked| asked.fields.as_ref()).or(taken.told.as_ref());
        let crm = effective_crm(&taken.connected, live);
        let has_failed = asked.as_ref().is_some_and(Fetched::has_failed);
        let row = self.skeleton(&taken, &query, &crm);
        let runtime = self.clone();
        let body = taken.bot.body.clone();
        let (call, keys, within) = self
            .inner
            .db
            .write(move |tx| {
                let (call, keys) = runtime.open(tx, &row, asked.map(|asked| asked.note))?;
                let within = runtime.targets_within(tx, &body, call.from_number.as_deref())?;
                Ok((call, keys, within))
            })
            .await?;
        let mut config = self.assembled(&taken, &call, &keys, &crm);
        config.transfer_inside = within;
        config.callback = self.inner.orders.callback_offer(&call, &taken.bot.body);
        config.notices.extend(has_failed.then(|| PREFETCH_FAILED.to_owned()));
        config.knowledge_phrases = self.knowledge_phrases(&taken.bot.body).await?;
        Ok(config)
    }

    /// Reads what the call needs, and refuses a bot that takes none now.
    fn begin(&self, conn: &Conn, bot_id: &BotId, query: &ConfigQuery) -> Result<Begun> {
        let connected = connected(query.connected_event.as_deref());
        let session_id = self.session_of(query, &connected);
        let known = calls::find(conn, &session_id)?;
        let number = self.number_of(conn, known.as_ref())?;
        // An announcement needs nothing of its bot, which may have been removed.
        if let (Some(call), Some(number)) = (&known, number.as_ref().filter(|number| number.body.mode == NumberMode::Tts)) {
            let ids = (session_id, call_id(call), bot_id.clone());
            return Ok(Begun::Announced(Box::new(announcement(ids, &number.body, self.webhook_url()))));
        }
        let bot = self.bot_of_call(conn, bot_id, known.as_ref())?;
        let stored = known.as_ref().and_then(|call| call.doc.get("connected_event").cloned());
        let connected = connected.admit_headers(bot.body.sip_header_config.as_ref()).or_captured(stored);
        let number_key = number.map(|number| self.inner.numbers.open_key(&number)).transpose()?.flatten();
        let told = known.as_ref().and_then(told_before);
        let caller_id = query.caller_id.as_deref().filter(|caller| !caller.is_empty());
        let of_query =
            Facts { session_id: session_id.as_str(), caller_id, from_number: caller_id, direction: "inbound", ..Facts::default() };
        let facts = known.as_ref().map_or(of_query, Facts::of);
        let question = if told.is_none() { self.question(&bot, &connected, &facts) } else { None };
        Ok(Begun::Bot(Box::new(Taken { session_id, bot, connected, number_key, told, question })))
    }

    /// What a call runs on: the published version of a bot that takes calls now, or the state of it that the call tries out.
    fn bot_of_call(&self, conn: &Conn, bot_id: &BotId, call: Option<&CallRecord>) -> Result<Published> {
        let tries = call.and_then(|call| Overrides::of(call.overrides.as_ref()).tries);
        if let Some(state) = tries.map(|word| BotState::parse("version", &word)).transpose()? {
            return self.inner.bots.in_state(conn, bot_id, state);
        }
        let bot = self.running_bot(conn, bot_id)?;
        hours::gate(&bot.body, self.inner.clock.now())?;
        Ok(bot)
    }

    /// What the CRM of a bot is asked about a call, if it is.
    fn question(&self, bot: &Published, connected: &Connected, facts: &Facts<'_>) -> Option<(CrmPrefetch, Names)> {
        let prefetch = bot.body.crm_prefetch.as_ref().filter(|prefetch| prefetch.enabled && !connected.skip_prefetch)?;
        let names = crm::before(facts.own(), &connected.event, &bot.body.timezone, self.inner.clock.now());
        Some((prefetch.clone(), names))
    }

    /// Opens the row and takes the attempt it belongs to. `asked` is how asking the CRM went.
    fn open(&self, tx: &Tx<'_>, row: &NewCall, asked: Option<Map<String, Value>>) -> Result<(CallRecord, Keys)> {
        calls::open_skeleton(tx, row)?;
        if let Some(note) = asked {
            calls::add_to_doc(tx, &row.session_id, &Map::from_iter([(PREFETCH.to_owned(), Value::Object(note))]))?;
        }
        let call = calls::get(tx, &row.session_id)?;
        if call.bot_id != row.bot_id {
            return Err(Error::conflict(format!("the call {} belongs to another bot", row.session_id)));
        }
        let keys = self.inner.orders.claim(tx, &call)?;
        Ok((call, keys))
    }

    fn assembled(&self, taken: &Taken, call: &CallRecord, keys: &Keys, crm: &Map<String, Value>) -> CallConfig {
        let body = &taken.bot.body;
        let mut variables = variables(&Facts::of(call), &body.timezone, self.inner.clock.now());
        add_crm(&mut variables, crm);
        assemble(Parts {
            session_id: call.session_id.clone(),
            call_id: call_id(call),
            bot_id: taken.bot.id.clone(),
            bot_version: taken.bot.version,
            body,
            overrides: &Overrides::of(call.overrides.as_ref()),
            keys,
            variables: &variables,
            is_campaign: !taken.connected.campaign.is_empty(),
            webhook_url: self.webhook_url(),
            llm_key: taken.number_key.clone(),
            providers: &self.inner.settings.current().providers,
        })
    }

    /// The virtual number that a known call reached, unless it was removed meanwhile.
    fn number_of(&self, conn: &Conn, call: Option<&CallRecord>) -> Result<Option<NumberView>> {
        let number_id = call.and_then(|call| call.number_id.as_ref());
        number_id.map(|id| self.inner.numbers.find(conn, id)).transpose().map(Option::flatten)
    }

    pub(super) fn webhook_url(&self) -> String {
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

    /// The key of the call: the campaign's, else the one that was asked with, else a new one.
    fn session_of(&self, query: &ConfigQuery, connected: &Connected) -> SessionId {
        let asked = query.session_id.as_deref().and_then(session_id);
        connected.session_id.clone().or(asked).unwrap_or_else(|| SessionId::new(&self.inner.random))
    }

    fn skeleton(&self, taken: &Taken, query: &ConfigQuery, crm: &Map<String, Value>) -> NewCall {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let some = |map: &Map<String, Value>| Some(map.clone()).filter(|map| !map.is_empty());
        let (bot, connected) = (&taken.bot, &taken.connected);
        NewCall {
            bot_id: Some(bot.id.clone()),
            // A draft is no version.
            bot_version: Some(bot.version).filter(|version| *version > 0),
            stream_id: given(&query.stream_id),
            caller_id: given(&query.caller_id),
            from_number: given(&query.caller_id),
            skip_post_push: connected.skip_post_push,
            save_transcript: true,
            voice: bot.body.tts.voice.clone(),
            language: Some(bot.body.language.clone()),
            model: bot.body.llm.model.clone().or_else(|| Some(bot.body.llm.provider.clone())),
            connected_event: some(&connected.event),
            crm_data: some(crm),
            campaign: some(&connected.campaign),
            ..NewCall::of(taken.session_id.clone())
        }
    }
}

/// What the CRM said about a call whose config was asked for before.
fn told_before(call: &CallRecord) -> Option<Map<String, Value>> {
    let was_told = call.doc.get(PREFETCH).is_some_and(|note| note["status"] == "ok");
    call.doc.get("crm_data").filter(|_| was_told).and_then(Value::as_object).cloned()
}

/// The CodeB key of a call; one that has none goes by its session.
fn call_id(call: &CallRecord) -> CallId {
    call.call_id.clone().unwrap_or_else(|| CallId::from(call.session_id.as_str()))
}
