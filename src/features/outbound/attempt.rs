//! One attempt at an order: its row among the calls, and what an engine is told.

use serde_json::{Value, json};

use super::machine::Status;
use super::model::{Brief, Order};
use super::service::Orders;
use super::store;
use super::telephone::{Telephone, is_direct};
use super::work::{self, WatchJob};
use crate::base::id::{BotId, CallId, SessionId};
use crate::base::{Error, Kind, Result};
use crate::contract::fleet::{Dialout, Way};
use crate::features::bots::{BotState, BotStatus, Published};
use crate::features::calls::{self, Direction, NewCall, Origin, Unplaced};
use crate::features::carriers::OutboundTrunk;
use crate::platform::db::{Conn, Tx};

/// Trunks that are tried after the first.
const MOST_ALTERNATIVES: usize = 3;
/// How long the far end may ring.
pub(super) const RINGING_S: u32 = 45;

/// An attempt that has its row and that no engine has been told of.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) call_id: CallId,
    pub(super) session_id: SessionId,
    pub(super) n: u32,
    pub(super) dialout: Dialout,
}

impl Orders {
    /// Opens an attempt: from here on it is the one that counts. A watch is set over it in the same transaction.
    pub(super) fn open(&self, tx: &Tx<'_>, order: &Order, n: u32) -> Result<Attempt> {
        let bot = self.bot(tx, &order.bot_id, order.brief.tries.as_deref())?;
        let (trunk, others) = self.trunks(tx, &order.brief)?;
        let session_id = SessionId::new(&self.setup().random);
        let carrier_id = Some(trunk.trunk.carrier_id.clone()).filter(|_| !is_direct(&trunk.trunk));
        let call_id = order.record.call_id.clone();
        let call = NewCall {
            bot_id: Some(bot.id.clone()),
            bot_version: Some(bot.version).filter(|version| *version > 0),
            from_number: trunk.from_number.clone(),
            carrier_id: carrier_id.clone(),
            dispatched_at: Some(tx.now),
            overrides: Some(self.overrides(&order.brief)),
            ..self.call(order, &session_id, n)
        };
        calls::open_skeleton(tx, &call)?;
        store::dispatched(tx, &call_id, &session_id, n, carrier_id.as_ref())?;
        if let Some(number) = order.brief.telephone.as_ref().map_or_else(|| Some(order.record.phone.clone()), Telephone::number) {
            self.setup().permit.opened(tx, &session_id, &number)?;
        }
        work::watch(tx, &WatchJob { call_id: call_id.clone(), session_id: session_id.clone() }, tx.now.plus(work::UNTAKEN_AFTER))?;
        let dialout = Dialout {
            bot_id: bot.id,
            to_number: order.brief.telephone.as_ref().map_or_else(|| order.record.phone.clone(), |there| there.user().to_owned()),
            from_number: trunk.from_number,
            config_url: Some(format!("{}/api/v1/config", self.setup().base_url)),
            connected_event: order.brief.connected_event.clone().map(Value::Object),
            session_id: Some(session_id.clone()),
            call_id: Some(call_id.clone()),
            trunk: Some(trunk.trunk),
            alternatives: others.into_iter().map(|other| Way { trunk: other.trunk, from_number: other.from_number }).collect(),
            ringing_timeout_seconds: RINGING_S,
        };
        Ok(Attempt { call_id, session_id, n, dialout })
    }

    /// Takes an attempt that no engine has taken off the order: a certain refusal leaves no trace, an uncertain one cannot ring any more.
    pub(super) fn give_up(&self, tx: &Tx<'_>, session_id: &SessionId, is_certain: bool) -> Result<()> {
        work::unwatch(tx, session_id)?;
        self.setup().permit.forgotten(tx, session_id)?;
        if is_certain { calls::forget(tx, session_id) } else { calls::supersede(tx, session_id) }
    }

    /// Stores an attempt that was not made, with its end: whoever listens for ends hears of it like of any other.
    pub(super) fn close_unmade(&self, tx: &Tx<'_>, order: &Order, n: u32, end: &Unplaced<'_>) -> Result<SessionId> {
        let session_id = SessionId::new(&self.setup().random);
        calls::open_skeleton(tx, &self.call(order, &session_id, n))?;
        calls::close(tx, &session_id, end)?;
        Ok(session_id)
    }

    /// The bot of an order, if it takes calls; of a call that tries one out, the state that is tried.
    pub(super) fn bot(&self, conn: &Conn, id: &BotId, tries: Option<&str>) -> Result<Published> {
        if let Some(word) = tries {
            return self.setup().bots.in_state(conn, id, BotState::parse("version", word)?);
        }
        let sentence = |sentence: String| Error::invalid(format!("botId {sentence}")).field("botId", sentence);
        let bot = self.setup().bots.find_published(conn, id)?.ok_or_else(|| sentence(format!("names no bot: {id}")))?;
        match bot.body.status {
            BotStatus::Active => Ok(bot),
            status => Err(sentence(format!("names a bot that is {}", status.word()))),
        }
    }

    /// The trunk of outbound calls, that of a number to show first, and those to try when it fails. A telephone is its own trunk.
    pub(super) fn trunks(&self, conn: &Conn, brief: &Brief) -> Result<(OutboundTrunk, Vec<OutboundTrunk>)> {
        let mut trunks = self.setup().carriers.outbound(conn, brief.from_number.as_deref())?.into_iter();
        if let Some(telephone) = &brief.telephone {
            let from_number = brief.from_number.clone().or_else(|| trunks.next().and_then(|first| first.from_number));
            return Ok((OutboundTrunk { trunk: telephone.trunk(), from_number, destination_country: None }, Vec::new()));
        }
        let first = trunks.next().ok_or_else(|| {
            Error::unavailable("no carrier is set up: add one at /api/v1/carriers before placing calls").code("bridge_not_configured")
        })?;
        Ok((first, trunks.take(MOST_ALTERNATIVES).collect()))
    }

    fn call(&self, order: &Order, session_id: &SessionId, n: u32) -> NewCall {
        let record = &order.record;
        NewCall {
            call_id: Some(record.call_id.clone()),
            bot_id: Some(order.bot_id.clone()),
            direction: Direction::Outbound,
            origin: Origin::OutboundAi,
            caller_id: Some(record.phone.clone()),
            to_number: Some(record.phone.clone()),
            display_name: Some(record.display_name.clone()),
            email: Some(record.email.clone()).filter(|email| !email.is_empty()),
            requested_by: Some(record.requested_by.clone()),
            attempt: n,
            retries_left: (record.retries + 1).saturating_sub(n),
            save_transcript: true,
            voice: Some(record.voice.clone()),
            language: Some(record.language.clone()),
            model: Some(record.model.clone()),
            ..NewCall::of(session_id.clone())
        }
    }

    /// What this attempt changes on its bot. A stored prompt is read now.
    fn overrides(&self, brief: &Brief) -> Value {
        let mut overrides = json!({ "maxSeconds": brief.max_seconds });
        if brief.is_rehearsal {
            overrides["rehearsal"] = json!(true);
        }
        let prompt = brief.system_prompt.as_deref().map(|prompt| self.prompts().resolve(prompt));
        let given = [
            ("systemPrompt", prompt),
            ("voice", brief.voice.clone()),
            ("language", brief.language.clone()),
            ("model", brief.model.clone()),
            ("tries", brief.tries.clone()),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                overrides[key] = Value::String(value);
            }
        }
        overrides
    }
}

/// Whether an error means that the engine has certainly not taken the attempt: it said so, or it was never asked.
pub(super) fn is_certain(error: &Error) -> bool {
    error.kind() != Kind::Upstream || matches!(error.stable_code(), "bridge_unreachable" | "engine_refused")
}

/// The order whose attempt this is, while it counts and nobody has taken it; none if an engine has it, or it was ended.
pub(super) fn untaken(conn: &Conn, call_id: &CallId, session_id: &SessionId) -> Result<Option<Order>> {
    let order = store::find(conn, call_id)?;
    Ok(order.filter(|order| {
        order.session_id.as_ref() == Some(session_id) && order.record.status == Status::Dispatching && order.claimed_at.is_none()
    }))
}
