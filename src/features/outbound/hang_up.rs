//! Ends an order, wherever it stands.

use serde_json::json;

use super::machine::{Event, Status, step};
use super::model::Order;
use super::service::Orders;
use super::store::{self, End};
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};
use crate::features::calls::{self, CallStatus, Unplaced};
use crate::features::fleet::Told;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Tx;

/// The end of a call that an operator did not want any more.
pub(super) const BY_OPERATOR: Unplaced<'_> = Unplaced { by: "bot", outcome: "cancelled", detail: "" };

/// What became of the wish to end an order.
#[derive(Debug)]
pub struct Ended {
    /// The order.
    pub call_id: CallId,
    /// How it stands now.
    pub status: Status,
    /// Whether it was over already.
    pub was_over: bool,
}

/// The end of a call that no engine holds any more and that somebody did not want to wait for.
const LOST: Unplaced<'_> = Unplaced { by: "error", outcome: "failed", detail: "no engine holds this call any more" };

/// What became of the wish to end a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionEnd {
    /// An engine ends it; its result follows.
    Ordered,
    /// No engine held it; it is over now.
    Closed,
    /// It was over already.
    WasOver,
}

impl Orders {
    /// Ends the call of a session, whatever brought it about. One that belongs to an order ends with it, so that nothing dials again.
    pub(super) async fn hang_up_session(&self, actor: &Actor, session_id: SessionId) -> Result<SessionEnd> {
        let asked = session_id.clone();
        let read = move |conn: &_| Ok((calls::get(conn, &asked)?.status, store::find_by_session(conn, &asked)?));
        let (status, order) = self.setup().db.read(read).await?;
        let order = order.filter(|order| order.record.status.is_running());
        if status != CallStatus::Active && order.is_none() {
            return Ok(SessionEnd::WasOver);
        }
        if let Some(order) = order {
            let ended = self.hang_up(actor, order.record.call_id).await?;
            return Ok(if ended.was_over { SessionEnd::WasOver } else { SessionEnd::Ordered });
        }
        let (actor, target) = (actor.clone(), session_id.clone());
        self.setup().db.write(move |tx| audit::append(tx, &actor, "call.hangup", target.as_str(), &json!({}))).await?;
        match self.setup().fleet.hang_up(&session_id).await {
            Told::Ordered => Ok(SessionEnd::Ordered),
            Told::Unknown => Err(Error::upstream("an engine that may hold this call does not answer; try again")
                .code("bridge_unreachable")
                .retry_after(5)),
            Told::NotRunning => {
                let gone = session_id.clone();
                self.setup().db.write(move |tx| calls::close(tx, &gone, &LOST)).await?;
                self.setup().calls.show_end(&session_id);
                Ok(SessionEnd::Closed)
            }
        }
    }

    /// Ends an order: one that waits is never dialled, one under way is hung up, one that is over stays as it is.
    pub async fn hang_up(&self, actor: &Actor, id: CallId) -> Result<Ended> {
        let (orders, asked, actor) = (self.clone(), id.clone(), actor.clone());
        let cancel = move |tx: &Tx<'_>| {
            let (status, before) = orders.cancel(tx, &asked)?;
            if !matches!(before, Cancelled::WasOver) {
                audit::append(tx, &actor, "call.hangup", asked.as_str(), &json!({ "status": status }))?;
            }
            Ok((status, before))
        };
        let (status, before) = self.setup().db.write(cancel).await?;
        if let Some(session_id) = before.running() {
            self.end_leg(session_id).await?;
        }
        Ok(Ended { call_id: id, status, was_over: matches!(before, Cancelled::WasOver) })
    }

    fn cancel(&self, tx: &Tx<'_>, id: &CallId) -> Result<(Status, Cancelled)> {
        let order = store::get(tx, id)?;
        let Some(step) = step(&order.standing(), Event::HangUp) else { return Ok((order.record.status, Cancelled::WasOver)) };
        let talked = order.record.answered_at.map_or(0, |from| tx.now.since(from).as_secs());
        store::finished(tx, id, step.to, &End { duration_sec: talked, ..End::of("cancelled", tx.now) })?;
        self.after(tx, &order, step.then)?;
        Ok((step.to, self.stop(tx, order)?))
    }

    /// What is left of the order's attempts: one under way ends as cancelled, one that was never made is told of once.
    fn stop(&self, tx: &Tx<'_>, order: Order) -> Result<Cancelled> {
        match (order.record.status, order.session_id.clone()) {
            (status, Some(session_id)) if status.is_running() => {
                calls::cancel(tx, &session_id)?;
                Ok(Cancelled::Running(session_id))
            }
            (Status::Scheduled, _) => {
                self.close_unmade(tx, &order, 1, &BY_OPERATOR)?;
                Ok(Cancelled::Waiting)
            }
            _ => Ok(Cancelled::Waiting),
        }
    }

    /// Hangs up: a ringing phone is called off, a conversation is ended. An engine that cannot be asked is asked again by the watch.
    async fn end_leg(&self, session_id: &SessionId) -> Result<()> {
        if self.setup().fleet.hang_up(session_id).await == Told::NotRunning {
            let gone = session_id.clone();
            self.setup().db.write(move |tx| calls::close(tx, &gone, &BY_OPERATOR)).await?;
            self.setup().calls.show_end(session_id);
        }
        Ok(())
    }
}

/// Where the order stood.
enum Cancelled {
    /// It was over.
    WasOver,
    /// It waited for its time.
    Waiting,
    /// This attempt was under way.
    Running(SessionId),
}

impl Cancelled {
    fn running(&self) -> Option<&SessionId> {
        if let Self::Running(session_id) = self { Some(session_id) } else { None }
    }
}
