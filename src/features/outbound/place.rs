//! Takes orders: at once or for later, each at most once under one Idempotency-Key.

use std::time::Duration;

use serde_json::json;

use super::answers_store;
use super::ask::{OutboundBody, refused};
use super::attempt::{Attempt, is_certain, untaken};
use super::idempotency::{Answer, OnceKey, no_capacity, unreachable};
use super::machine::{Event, Status, step};
use super::model::{Order, OrderRecord, Placed, Wish};
use super::service::Orders;
use super::store;
use super::work;
use crate::base::id::{BotId, CallId};
use crate::base::phone::mask;
use crate::base::{Error, Kind, Millis, Result};
use crate::features::bots::Published;
use crate::features::calls::{self, Unplaced};
use crate::features::permit::{CallWish, Verdict, WishOrigin, refused as not_permitted};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Tx, from_json, to_json};

/// How long a call that is to be placed at once waits for its turn at the carrier.
const PATIENCE: Duration = Duration::from_secs(2);

/// An order that is stored, and what comes next.
pub(super) struct Accepted {
    placed: Placed,
    /// None for a call that waits for its time.
    pub(super) first: Option<Box<Attempt>>,
}

impl Accepted {
    /// The key of the order.
    pub(super) fn call_id(&self) -> &CallId {
        &self.placed.call_id
    }
}

enum Once {
    New(Box<Accepted>),
    Known(Option<String>, CallId),
}

impl Orders {
    /// Takes an order. When this answers, the order is on disk and, unless it waits for its time, an engine dials. One that no engine takes
    /// is kept as failed, with its reason. Refused with `call_not_permitted` when the number may not be called.
    pub async fn order(&self, actor: &Actor, wish: Wish) -> Result<Placed> {
        let (orders, by) = (self.clone(), actor.clone());
        let accepted = self.setup().db.write(move |tx| orders.accept(tx, &by, &wish)).await;
        self.carry_out(self.noting(actor, accepted).await?).await
    }

    /// Takes an order as it comes over the CodeB surface; with a key, only once.
    pub(super) async fn order_once(&self, actor: &Actor, key: Option<OnceKey>, body: OutboundBody) -> Result<Placed> {
        let hash = body.hash()?;
        let wish = body.wish(self.setup().clock.now())?;
        let Some(key) = key else { return self.order(actor, wish).await };
        let _turn = self.inner.at_work.turn(&key).await;
        let (orders, by, once) = (self.clone(), actor.clone(), key.clone());
        let accepted = self.setup().db.write(move |tx| orders.accept_once(tx, &by, &wish, &once, &hash)).await;
        match self.noting(actor, accepted).await? {
            Once::Known(Some(answer), _) => from_json::<Answer>(&answer)?.again(),
            Once::Known(None, call_id) => self.stands(call_id).await,
            Once::New(accepted) => {
                let result = self.carry_out(*accepted).await;
                let answer = to_json(&Answer::of(&result))?;
                self.setup().db.write(move |tx| answers_store::set_answer(tx, &key.caller, &key.key, &answer)).await?;
                result
            }
        }
    }

    fn accept_once(&self, tx: &Tx<'_>, actor: &Actor, wish: &Wish, once: &OnceKey, hash: &str) -> Result<Once> {
        if let Some(known) = answers_store::find(tx, &once.caller, &once.key)? {
            if known.body_hash != hash {
                let sentence = "this Idempotency-Key was used for another request: choose a new one";
                return Err(Error::conflict(sentence).code("idempotency_key_reused"));
            }
            return Ok(Once::Known(known.answer, known.call_id));
        }
        let accepted = self.accept(tx, actor, wish)?;
        answers_store::insert(tx, &once.caller, &once.key, hash, &accepted.placed.call_id)?;
        Ok(Once::New(Box::new(accepted)))
    }

    /// The answer to a repeat whose first request died at work: how the order stands.
    async fn stands(&self, call_id: CallId) -> Result<Placed> {
        let record = self.get(call_id).await?;
        let bridge_reply = json!({ "status": record.status, "call_id": record.call_id }).to_string();
        Ok(Placed { call_id: record.call_id, is_new_number: false, whitelist_error: None, bridge_reply })
    }

    pub(super) fn accept(&self, tx: &Tx<'_>, actor: &Actor, wish: &Wish) -> Result<Accepted> {
        self.setup().disk.check()?;
        let settings = self.setup().settings.current();
        let defaults = &settings.outbound;
        let bot_id = wish.bot_id.clone().unwrap_or_else(|| BotId::from(defaults.default_bot_id.as_str()));
        if bot_id.as_str().is_empty() {
            return Err(refused("botId", "is required: the setting outbound.default_bot_id names no bot"));
        }
        let bot = self.bot(tx, &bot_id, wish.brief.tries.as_deref())?;
        self.trunks(tx, &wish.brief)?;
        let at = self.permitted(tx, wish)?;
        let (is_new_number, whitelist_error) = self.whitelisted(tx, wish, actor);
        let email = [wish.email.as_deref(), Some(defaults.default_email.as_str()), Some(actor.email.as_str())];
        let email = email.into_iter().flatten().find(|email| !email.is_empty() && !wish.is_direct).unwrap_or_default().to_owned();
        let mut order = self.new_order(tx, wish, &bot, at)?;
        order.record.email = email;
        order.record.requested_by = actor.name.clone();
        store::insert(tx, &order)?;
        let call_id = order.record.call_id.clone();
        let told = json!({ "phone": mask(&wish.phone), "bot_id": order.bot_id, "scheduled_for": at });
        audit::append(tx, actor, "call.place", call_id.as_str(), &told)?;
        let placed = |bridge_reply| Placed { call_id: call_id.clone(), is_new_number, whitelist_error, bridge_reply };
        let Some(at) = at else {
            self.setup().permit.count(tx)?;
            return Ok(Accepted { placed: placed(String::new()), first: Some(Box::new(self.open(tx, &order, 1)?)) });
        };
        work::dial_at_time(tx, &call_id, at)?;
        let reply = json!({ "status": Status::Scheduled, "call_id": call_id, "scheduled_for": at }).to_string();
        Ok(Accepted { placed: placed(reply), first: None })
    }

    /// Puts the number on the whitelist: whether it is new there, and why it could not be. A telephone at an address has no number.
    fn whitelisted(&self, tx: &Tx<'_>, wish: &Wish, actor: &Actor) -> (bool, Option<String>) {
        if wish.brief.telephone.is_some() {
            return (false, None);
        }
        match self.setup().permit.whitelist(tx, &wish.phone, &actor.name) {
            Ok(is_new) => (is_new, None),
            Err(failure) => (false, Some(failure.message().to_owned())),
        }
    }

    /// When the call may be placed: the moment it is to wait for, or none for now.
    fn permitted(&self, tx: &Tx<'_>, wish: &Wish) -> Result<Option<Millis>> {
        let wanted = wish.at.filter(|at| *at > tx.now);
        let number = match &wish.brief.telephone {
            None => Some(wish.phone.clone()),
            Some(telephone) => {
                telephone.check(&self.setup().settings.current().sip.local_networks)?;
                telephone.number()
            }
        };
        // A telephone at an address of our own, and nothing a PBX would dial on.
        let Some(number) = number else { return Ok(wanted) };
        let asked = CallWish { phone: &number, origin: WishOrigin::Asked, now: wanted.unwrap_or(tx.now) };
        match self.setup().permit.check(tx, &asked)? {
            Verdict::Allow => Ok(wanted),
            Verdict::WaitUntil(at) if wish.is_direct && at > tx.now => Err(window_is_closed(at, tx.now)),
            Verdict::WaitUntil(at) => Ok(Some(at).filter(|at| *at > tx.now)),
            Verdict::Refuse { reason, sentence } => Err(not_permitted(reason, &sentence)),
        }
    }

    fn new_order(&self, tx: &Tx<'_>, wish: &Wish, bot: &Published, at: Option<Millis>) -> Result<Order> {
        let call_id = CallId::outbound(&self.setup().random);
        let sealed = wish.api_key.as_ref().map(|key| self.setup().sealer.seal(call_id.as_str(), key.expose())).transpose()?;
        let model = wish.brief.model.as_ref().or(bot.body.llm.model.as_ref()).unwrap_or(&bot.body.llm.provider).clone();
        let record = OrderRecord {
            call_id,
            status: Status::Scheduled,
            requested_by: String::new(),
            phone: wish.phone.clone(),
            display_name: wish.display_name.clone(),
            email: String::new(),
            voice: wish.brief.shown_voice(),
            language: wish.brief.shown_language(),
            model,
            created_at: tx.now,
            scheduled_for: at,
            dispatched_at: None,
            answered_at: None,
            ended_at: None,
            ended_reason: String::new(),
            duration_sec: 0,
            carrier_id: String::new(),
            transcript_file: String::new(),
            error_detail: String::new(),
            attempt: 1,
            retries: wish.retries,
            retry_delay_minutes: wish.retry_delay_minutes,
        };
        let bot_id = bot.id.clone();
        Ok(Order { record, session_id: None, claimed_at: None, bot_id, api_key_sealed: sealed, brief: wish.brief.clone() })
    }

    /// Tells an engine of a call that is to be placed at once.
    async fn carry_out(&self, accepted: Accepted) -> Result<Placed> {
        let Accepted { placed, first: Some(attempt) } = accepted else { return Ok(accepted.placed) };
        match self.tell(&attempt, PATIENCE).await {
            Ok(reply) => Ok(Placed { bridge_reply: to_json(&reply)?, ..placed }),
            Err(failure) => self.not_taken(*attempt, placed, failure).await,
        }
    }

    /// Keeps a call that no engine took as failed, and says why in the words of the surface. An engine may have it in spite of its answer.
    async fn not_taken(&self, attempt: Attempt, placed: Placed, failure: Error) -> Result<Placed> {
        if !self.close_untaken(attempt, &failure).await? {
            return self.stands(placed.call_id.clone()).await.map(|now| Placed { bridge_reply: now.bridge_reply, ..placed });
        }
        match failure.kind() {
            Kind::Upstream => Err(unreachable(failure.message().to_owned())),
            Kind::Unavailable | Kind::TooMany => Err(no_capacity(failure.message().to_owned())),
            _ => Err(failure),
        }
    }

    /// Keeps a call that no engine took as failed. Says whether it did: an engine may have it in spite of its answer.
    pub(super) async fn close_untaken(&self, attempt: Attempt, failure: &Error) -> Result<bool> {
        let (orders, session_id, why) = (self.clone(), attempt.session_id.clone(), failure.message().to_owned());
        if !self.setup().db.write(move |tx| orders.fail(tx, &attempt, &why)).await? {
            return Ok(false);
        }
        self.setup().calls.show_end(&session_id);
        if !is_certain(failure) {
            // It holds a line for nothing, until it is told that the attempt does not count.
            self.setup().fleet.hang_up(&session_id).await;
        }
        Ok(true)
    }

    /// Ends an order that no engine took. Says whether it did.
    fn fail(&self, tx: &Tx<'_>, attempt: &Attempt, why: &str) -> Result<bool> {
        let Some(order) = untaken(tx, &attempt.call_id, &attempt.session_id)? else { return Ok(false) };
        let Some(step) = step(&order.standing(), Event::NoEngine { is_awaited: true }) else { return Ok(false) };
        calls::close(tx, &attempt.session_id, &Unplaced { by: "error", outcome: "failed", detail: why })?;
        work::unwatch(tx, &attempt.session_id)?;
        store::finished(tx, &attempt.call_id, step.to, &store::End { error_detail: why, ..store::End::of("failed", tx.now) })?;
        self.after(tx, &order, step.then)?;
        Ok(true)
    }
}

/// The refusal of a call that cannot wait.
fn window_is_closed(opens_at: Millis, now: Millis) -> Error {
    let seconds = u32::try_from(opens_at.since(now).as_secs()).unwrap_or(u32::MAX).max(1);
    Error::unavailable(format!("outside_calling_window: this number may be called from {opens_at} on"))
        .code("outside_calling_window")
        .retry_after(seconds)
}
