//! Places outbound calls, lists them, ends them.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::{info, warn};

use super::model::{CodebStatus, Direction, NewCall, Origin};
use super::outbound::{OutboundBody, Plan, plan, refused};
use super::record::CallRecord;
use super::service::Calls;
use super::{outbound_store, store};
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::page::Page;
use crate::base::phone::mask;
use crate::base::{Context, Error, Kind, Random, Result};
use crate::contract::fleet::{Dialout, DialoutAccepted};
use crate::features::bots::{BotStatus, Bots, Published};
use crate::features::carriers::{Carriers, OutboundTrunk};
use crate::features::fleet::{Fleet, HangUp};
use crate::features::permit::{CallWish, Permit, Verdict, WishOrigin, refused as not_permitted};
use crate::features::settings::Settings;
use crate::platform::access::Actor;
use crate::platform::data_dir::DataDir;
use crate::platform::db::{Conn, Db, Tx, to_json};
use crate::platform::space::Disk;

/// How long the far end may ring.
const RINGING_S: u32 = 45;

/// What placing calls is built from.
pub struct PlacingSetup {
    /// The database.
    pub db: Db,
    /// Randomness, for keys of calls.
    pub random: Random,
    /// The calls.
    pub calls: Calls,
    /// The bots.
    pub bots: Bots,
    /// The carriers.
    pub carriers: Carriers,
    /// The engines.
    pub fleet: Fleet,
    /// The data folder, for stored prompts.
    pub data: DataDir,
    /// Its disk: nothing is placed when little room is left.
    pub disk: Disk,
    /// Who may be called, and when.
    pub permit: Permit,
    /// The settings, for what a call does not say.
    pub settings: Settings,
    /// The URL under which callers reach this box, without a slash at its end.
    pub base_url: String,
    /// The tenant: host of that URL.
    pub tenant: String,
}

/// Outbound calls. Cheap to clone.
#[derive(Clone)]
pub struct Placing {
    inner: Arc<PlacingSetup>,
}

/// A call that an engine has taken.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) call_id: CallId,
    pub(super) is_new_number: bool,
    pub(super) reply: DialoutAccepted,
}

/// What became of the wish to end a call.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) call_id: CallId,
    pub(super) status: CodebStatus,
    /// Whether it was over already.
    pub(super) was_over: bool,
}

impl Placing {
    /// Placing calls over its parts.
    pub fn new(setup: PlacingSetup) -> Self {
        Self { inner: Arc::new(setup) }
    }

    /// The tenant of all calls.
    pub(super) fn tenant(&self) -> &str {
        &self.inner.tenant
    }

    /// Places a call now. When this answers, an engine dials. One that no engine takes is kept as a failed call, with its reason.
    pub(super) async fn place(&self, actor: &Actor, body: OutboundBody, now: crate::base::Millis) -> Result<Placed> {
        let mut plan = plan(body, now)?;
        self.inner.disk.check()?;
        plan.system_prompt = self.stored_prompt(plan.system_prompt);
        let (placing, actor, wanted) = (self.clone(), actor.clone(), plan.clone());
        let opened = self.inner.db.write(move |tx| placing.open(tx, &actor, &wanted)).await?;
        let Opened { call_id, session_id, bot_id, trunk, is_new_number } = opened;
        let dialout = Dialout {
            bot_id,
            to_number: plan.phone.clone(),
            from_number: trunk.from_number,
            config_url: Some(format!("{}/api/v1/config", self.inner.base_url)),
            connected_event: None,
            session_id: Some(session_id.clone()),
            call_id: Some(call_id.clone()),
            trunk: Some(trunk.trunk),
            ringing_timeout_seconds: RINGING_S,
        };
        match self.inner.fleet.dialout(&dialout).await {
            Ok(reply) => {
                info!(call.id = %call_id, "Calling {}", mask(&plan.phone));
                Ok(Placed { call_id, is_new_number, reply })
            }
            Err(error) => Err(self.fail(&session_id, error).await),
        }
    }

    fn open(&self, tx: &Tx<'_>, actor: &Actor, plan: &Plan) -> Result<Opened> {
        let bot = self.bot(tx, plan.bot_id.as_deref())?;
        let trunk = self.inner.carriers.outbound(tx)?.ok_or_else(|| {
            Error::unavailable("no carrier is set up: add one at /api/v1/carriers before placing calls").code("bridge_not_configured")
        })?;
        match self.inner.permit.check(tx, &CallWish { phone: &plan.phone, origin: WishOrigin::Asked, now: tx.now })? {
            Verdict::Allow => self.inner.permit.count(tx)?,
            Verdict::WaitUntil(at) => return Err(not_permitted("outside_window", &format!("this number may be called from {at} on"))),
            Verdict::Refuse { reason, sentence } => return Err(not_permitted(reason, &sentence)),
        }
        let is_new_number = self.inner.permit.whitelist(tx, &plan.phone, &actor.name)?;
        let (session_id, call_id) = (SessionId::new(&self.inner.random), CallId::outbound(&self.inner.random));
        let call = NewCall {
            call_id: Some(call_id.clone()),
            bot_id: Some(bot.id.clone()),
            bot_version: Some(bot.version),
            direction: Direction::Outbound,
            origin: Origin::OutboundAi,
            caller_id: Some(plan.phone.clone()),
            from_number: trunk.from_number.clone(),
            to_number: Some(plan.phone.clone()),
            display_name: Some(plan.display_name.clone()),
            email: plan.email.clone().or_else(|| self.default_email(actor)),
            requested_by: Some(actor.name.clone()),
            carrier_id: Some(trunk.trunk.carrier_id.clone()),
            codeb_status: Some(CodebStatus::Dispatching),
            save_transcript: true,
            voice: Some(plan.shown_voice()),
            language: Some(plan.shown_language()),
            model: plan.model.clone().or(bot.body.llm.model).or(Some(bot.body.llm.provider)),
            overrides: Some(overrides(plan)),
            ..NewCall::of(session_id.clone())
        };
        store::open_skeleton(tx, &call)?;
        outbound_store::set_dispatched(tx, &session_id, plan.retries, plan.retry_delay_minutes)?;
        Ok(Opened { call_id, session_id, bot_id: bot.id, trunk, is_new_number })
    }

    /// Where the outcome goes of a call that names no address.
    fn default_email(&self, actor: &Actor) -> Option<String> {
        let set = self.inner.settings.current().outbound.default_email.clone();
        [set, actor.email.clone()].into_iter().find(|email| !email.is_empty())
    }

    fn bot(&self, conn: &Conn, named: Option<&str>) -> Result<Published> {
        let settings = self.inner.settings.current();
        let id = named.unwrap_or(&settings.outbound.default_bot_id);
        if id.is_empty() {
            return Err(refused("botId", "is required: the setting outbound.default_bot_id names no bot"));
        }
        let id = BotId::from(id);
        let bot = self.inner.bots.find_published(conn, &id)?.ok_or_else(|| refused("botId", format!("names no bot: {id}")))?;
        match bot.body.status {
            BotStatus::Active => Ok(bot),
            status => Err(refused("botId", format!("names a bot that is {}", status.word()))),
        }
    }

    /// The prompt stored under that name, if there is one; else the text itself.
    fn stored_prompt(&self, text: String) -> String {
        let is_name = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_name {
            return text;
        }
        std::fs::read_to_string(self.inner.data.prompts().join(format!("{text}.txt"))).unwrap_or(text)
    }

    /// Keeps a call that no engine took as failed, and says why in the words of the surface.
    async fn fail(&self, session_id: &SessionId, error: Error) -> Error {
        if error.kind() == Kind::Upstream {
            // It may have been taken after all: an answer can get lost.
            self.inner.fleet.hang_up(session_id).await;
        }
        if let Err(cause) = self.end(session_id, "error", "failed", error.message()).await {
            warn!("A call that could not be placed could not be closed either: {cause}");
        }
        match error.kind() {
            Kind::Upstream => error.code("bridge_unreachable"),
            Kind::Unavailable | Kind::TooMany => Error::unavailable(error.message().to_owned()).code("no_capacity").retry_after(10),
            _ => error,
        }
    }

    /// Stores the end of a call that no engine will report.
    async fn end(&self, session_id: &SessionId, by: &str, outcome: &str, detail: &str) -> Result<()> {
        let result = json!({
            "session_id": session_id, "disconnected_by": by, "outcome": outcome, "error_detail": detail, "call_direction": "outbound"
        });
        self.inner.calls.record_result(to_json(&result)?.into()).await.map(drop)
    }

    /// One page of outbound calls, newest first, and how many match. `statuses` is a list with commas.
    pub(super) async fn list(&self, statuses: Option<&str>, page: Page) -> Result<(Vec<CallRecord>, u64)> {
        let words = statuses.into_iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty());
        let statuses = words
            .map(|word| CodebStatus::parse(word).ok_or_else(|| refused("status", format!("has no value '{word}'"))))
            .collect::<Result<Vec<_>>>()?;
        self.inner.db.read(move |conn| outbound_store::list(conn, &statuses, page)).await
    }

    /// One outbound call.
    pub(super) async fn get(&self, id: CallId) -> Result<CallRecord> {
        self.inner.db.read(move |conn| find(conn, &id)).await
    }

    /// Ends a call. One that is over stays as it is.
    pub(super) async fn hang_up(&self, id: CallId) -> Result<Ended> {
        let asked = id.clone();
        let (session_id, status) = self
            .inner
            .db
            .write(move |tx| {
                let call = find(tx, &asked)?;
                let status = call.codeb_status.unwrap_or(CodebStatus::Cancelled);
                if status.is_over() {
                    return Ok((None, status));
                }
                outbound_store::set_cancelled(tx, &call.session_id)?;
                Ok((Some(call.session_id), CodebStatus::Cancelled))
            })
            .await?;
        let was_over = session_id.is_none();
        if let Some(session_id) = session_id
            && self.inner.fleet.hang_up(&session_id).await == HangUp::NotRunning
        {
            self.end(&session_id, "bot", "cancelled", "").await?;
        }
        Ok(Ended { call_id: id, status, was_over })
    }
}

/// A call that has a row and waits for an engine.
struct Opened {
    call_id: CallId,
    session_id: SessionId,
    bot_id: BotId,
    trunk: OutboundTrunk,
    is_new_number: bool,
}

fn find(conn: &Conn, id: &CallId) -> Result<CallRecord> {
    store::find_by_call_id(conn, id)?
        .filter(|call| call.codeb_status.is_some())
        .ok_or_else(|| Error::not_found(format!("No call with id={id}")))
}

fn overrides(plan: &Plan) -> Value {
    let mut overrides = json!({ "systemPrompt": plan.system_prompt, "maxSeconds": plan.max_seconds });
    for (key, value) in [("voice", &plan.voice), ("language", &plan.language)] {
        if let Some(value) = value {
            overrides[key] = Value::String(value.clone());
        }
    }
    overrides
}

impl Placed {
    /// The engine's answer as the text the seed shows.
    pub(super) fn bridge_reply(&self) -> Result<String> {
        serde_json::to_string(&self.reply).context("cannot write the engine's answer")
    }
}
