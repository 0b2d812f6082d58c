//! Looks after attempts of which nothing is heard: the box died while it told an engine, or an engine is gone with its calls.

use std::time::Duration;

use tracing::{info, warn};

use super::attempt::{Attempt, RINGING_S};
use super::hang_up::BY_OPERATOR;
use super::machine::Status;
use super::model::Order;
use super::service::Orders;
use super::store;
use super::work::WatchJob;
use crate::base::Result;
use crate::base::id::SessionId;
use crate::features::calls::{self, Unplaced};
use crate::features::fleet::Told;
use crate::platform::db::Tx;
use crate::platform::outbox::Outcome;

/// How long after its longest possible end the result of a call may arrive: an engine tries every hour.
const LATE: Duration = Duration::from_secs(2 * 3600);
/// When an engine that cannot be asked is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// The pause of an attempt that is made anew and that no engine takes.
const REDIAL: Duration = Duration::from_secs(5);

/// What is the matter with an attempt.
enum Look {
    /// It is over, or it does not count.
    Nothing,
    /// It may well run.
    Later(Duration),
    /// Nobody was told of it: here it is anew.
    Anew(Box<Attempt>),
    /// It was ended, or should have: the engine is to let go of it, and this is how it ends if none has it.
    Overdue(Unplaced<'static>),
}

impl Orders {
    /// Looks at an attempt. Safe to repeat.
    pub(super) async fn run_watch(self, job: WatchJob) -> Outcome {
        match self.look_after(job).await {
            Ok(None) => Outcome::Done,
            Ok(Some(after)) => Outcome::Again { after, error: "waits for the result of the call".to_owned() },
            Err(failure) => {
                warn!("An attempt could not be looked after, trying again: {failure}");
                Outcome::Again { after: ASK_AGAIN, error: failure.to_string() }
            }
        }
    }

    async fn look_after(&self, job: WatchJob) -> Result<Option<Duration>> {
        let (orders, looked) = (self.clone(), job.clone());
        match self.setup().db.write(move |tx| orders.look(tx, &looked)).await? {
            Look::Nothing => Ok(None),
            Look::Later(after) => Ok(Some(after)),
            Look::Anew(attempt) => {
                info!(call.id = %attempt.call_id, "No engine was told of a call before the program ended: it is placed now");
                self.tell_queued(*attempt, REDIAL).await.map(|_| None)
            }
            Look::Overdue(end) => self.let_go(job.session_id, end).await,
        }
    }

    fn look(&self, tx: &Tx<'_>, job: &WatchJob) -> Result<Look> {
        let call = calls::find(tx, &job.session_id)?.filter(|call| call.completed_at.is_none());
        let order = store::find(tx, &job.call_id)?.filter(|order| order.session_id.as_ref() == Some(&job.session_id));
        let (Some(_), Some(order)) = (call, order) else { return Ok(Look::Nothing) };
        if order.record.status == Status::Cancelled {
            return Ok(Look::Overdue(BY_OPERATOR));
        }
        if order.claimed_at.is_none() {
            return Ok(self.begin_again(tx, &order)?.map_or(Look::Nothing, |attempt| Look::Anew(Box::new(attempt))));
        }
        let patience = patience(&order);
        let waited = tx.now.since(order.record.dispatched_at.unwrap_or(tx.now));
        Ok(match waited < patience {
            true => Look::Later(patience - waited),
            false => Look::Overdue(Unplaced { by: "error", outcome: "failed", detail: "no engine has reported how the call ended" }),
        })
    }

    /// Ends an attempt that should be over. None when that is done.
    async fn let_go(&self, session_id: SessionId, end: Unplaced<'static>) -> Result<Option<Duration>> {
        if self.setup().fleet.hang_up(&session_id).await != Told::NotRunning {
            return Ok(Some(ASK_AGAIN));
        }
        let gone = session_id.clone();
        self.setup().db.write(move |tx| calls::close(tx, &gone, &end)).await?;
        self.setup().calls.show_end(&session_id);
        Ok(None)
    }
}

/// How long an attempt may take from the dial to its result.
fn patience(order: &Order) -> Duration {
    Duration::from_secs(u64::from(RINGING_S) + u64::from(order.brief.max_seconds)) + LATE
}
