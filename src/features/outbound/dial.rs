//! Dials that wait for their time: scheduled calls, retries, and attempts that nobody took.

use std::time::Duration;

use tracing::{info, warn};

use super::attempt::{Attempt, is_certain, untaken};
use super::machine::{Event, Status, Then, step};
use super::model::Order;
use super::service::Orders;
use super::telephone::is_direct;
use super::work::{self, DialJob};
use super::{list_store, store};
use crate::base::backoff::Backoff;
use crate::base::phone::mask;
use crate::base::{Error, Kind, Result};
use crate::contract::fleet::DialoutAccepted;
use crate::features::calls::{self, Unplaced};
use crate::features::permit::{CallWish, Verdict, WishOrigin};
use crate::platform::access::Actor;
use crate::platform::db::Tx;
use crate::platform::outbox::Outcome;

/// The pause of a dial for which there is no line, no engine or no room. Growing, so that a thousand calls that wait do not ask at once.
const NO_LINE: Backoff = Backoff::Doubling { first: Duration::from_secs(2), most: Duration::from_secs(60) };
/// The pause of a dial while the disk is almost full.
const NO_DISK: Duration = Duration::from_secs(60);
/// Unanswered dials at once where the carrier names no number of lines.
const LINES: u32 = 10;

/// What a dial has come to whose time is there.
enum Due {
    /// There is nothing to do: it was cancelled, or made already.
    Moot,
    /// Not now.
    Later(Duration, String),
    /// An engine is to be told.
    Go(Box<Attempt>),
}

impl Orders {
    /// Makes an attempt whose time has come. Safe to repeat: an attempt that an engine has taken is not made again.
    pub(super) async fn run_dial(self, job: DialJob, n_tries: u32) -> Outcome {
        let pause = NO_LINE.after(n_tries).unwrap_or(NO_DISK);
        match self.dial(job, pause).await {
            Ok(None) => Outcome::Done,
            Ok(Some((after, error))) => Outcome::Again { after, error },
            Err(failure) => {
                warn!("A dial could not be made, trying again: {failure}");
                Outcome::Again { after: pause, error: failure.to_string() }
            }
        }
    }

    async fn dial(&self, job: DialJob, pause: Duration) -> Result<Option<(Duration, String)>> {
        let orders = self.clone();
        match self.setup().db.write(move |tx| orders.due(tx, &job, pause)).await? {
            Due::Moot => Ok(None),
            Due::Later(after, why) => Ok(Some((after, why))),
            Due::Go(attempt) => self.tell_queued(*attempt, pause).await,
        }
    }

    fn due(&self, tx: &Tx<'_>, job: &DialJob, pause: Duration) -> Result<Due> {
        let Some(order) = store::find(tx, &job.call_id)? else { return Ok(Due::Moot) };
        if order.record.status == Status::Dispatching && order.record.attempt == job.attempt {
            return Ok(self.begin_again(tx, &order)?.map_or(Due::Moot, |attempt| Due::Go(Box::new(attempt))));
        }
        if order.next_attempt() != job.attempt || step(&order.standing(), Event::Due).is_none() {
            return Ok(Due::Moot);
        }
        if let Err(full) = self.setup().disk.check() {
            return Ok(Due::Later(NO_DISK, full.to_string()));
        }
        let wish = CallWish { phone: &order.record.phone, origin: WishOrigin::Planned, now: tx.now };
        match self.setup().permit.check(tx, &wish)? {
            Verdict::Refuse { reason, sentence } => {
                self.setup().permit.note_in(tx, &Actor::system(), reason)?;
                self.refuse(tx, &order, job.attempt, &format!("{sentence} ({reason})"))?;
                Ok(Due::Moot)
            }
            Verdict::WaitUntil(at) if at > tx.now => Ok(Due::Later(at.since(tx.now), "outside the calling window".to_owned())),
            Verdict::WaitUntil(_) | Verdict::Allow => self.take_line(tx, &order, job.attempt, pause),
        }
    }

    /// Opens the attempt if the carrier has a line for one more that is not answered yet.
    fn take_line(&self, tx: &Tx<'_>, order: &Order, n: u32, pause: Duration) -> Result<Due> {
        let lines = match self.trunks(tx, &order.brief) {
            Ok((trunk, _)) => trunk.trunk.outbound_channels.unwrap_or(LINES),
            Err(none) => return self.fail_unmade(tx, order, n, &none),
        };
        if list_store::count(tx, &[Status::Dispatching])? >= u64::from(lines) {
            return Ok(Due::Later(pause, "all lines are dialling".to_owned()));
        }
        match self.open(tx, order, n) {
            Ok(attempt) => Ok(Due::Go(Box::new(attempt))),
            Err(failure) if failure.kind() == Kind::Internal => Err(failure),
            Err(failure) => self.fail_unmade(tx, order, n, &failure),
        }
    }

    /// An attempt that cannot be made is a failed one; what follows is decided like for any other, when its fact is heard.
    fn fail_unmade(&self, tx: &Tx<'_>, order: &Order, n: u32, why: &Error) -> Result<Due> {
        let end = Unplaced { by: "error", outcome: "failed", detail: why.message() };
        let session_id = self.close_unmade(tx, order, n, &end)?;
        store::dispatched(tx, &order.record.call_id, &session_id, n, None)?;
        Ok(Due::Moot)
    }

    /// Ends an order that may not be dialled any more.
    fn refuse(&self, tx: &Tx<'_>, order: &Order, n: u32, why: &str) -> Result<()> {
        let Some(step) = step(&order.standing(), Event::Refused) else { return Ok(()) };
        self.close_unmade(tx, order, n, &Unplaced { by: "error", outcome: "failed", detail: why })?;
        let end = store::End { error_detail: why, ..store::End::of("failed", tx.now) };
        store::finished(tx, &order.record.call_id, step.to, &end)?;
        self.after(tx, order, step.then)
    }

    /// The same attempt anew after the box died while it told an engine. None if the engine has it: its result will come.
    pub(super) fn begin_again(&self, tx: &Tx<'_>, order: &Order) -> Result<Option<Attempt>> {
        if step(&order.standing(), Event::Restarted).is_none() {
            return Ok(None);
        }
        if let Some(session_id) = &order.session_id {
            self.give_up(tx, session_id, false)?;
        }
        match self.open(tx, order, order.record.attempt) {
            Ok(attempt) => Ok(Some(attempt)),
            Err(failure) if failure.kind() == Kind::Internal => Err(failure),
            Err(failure) => self.fail_unmade(tx, order, order.record.attempt, &failure).map(|_| None),
        }
    }

    /// Tells an engine to dial when it is the attempt's turn at its carrier; `patience` is how long that may take.
    pub(super) async fn tell(&self, attempt: &Attempt, patience: Duration) -> Result<DialoutAccepted> {
        if let Some(trunk) = attempt.dialout.trunk.as_ref().filter(|trunk| !is_direct(trunk)) {
            let session_id = attempt.session_id.clone();
            let n_live = self.setup().db.read(move |conn| calls::n_live_up_to(conn, &session_id)).await?;
            self.setup().carriers.admit(&trunk.carrier_id, n_live, patience).await?;
        }
        let reply = self.setup().fleet.dialout(&attempt.dialout).await?;
        info!(call.id = %attempt.call_id, "Calling {}, attempt {}", mask(&attempt.dialout.to_number), attempt.n);
        Ok(reply)
    }

    /// Tells an engine to dial while nobody waits for the answer: an attempt that is not taken waits for the next time.
    pub(super) async fn tell_queued(&self, attempt: Attempt, pause: Duration) -> Result<Option<(Duration, String)>> {
        let permit = self.setup().permit.clone();
        let Err(failure) = self.tell(&attempt, Duration::ZERO).await else {
            return self.setup().db.write(move |tx| permit.count(tx)).await.map(|()| None);
        };
        let why = failure.message().to_owned();
        let orders = self.clone();
        let put_back = self.setup().db.write(move |tx| orders.put_back(tx, &attempt, &failure, pause)).await?;
        Ok(put_back.then_some((pause, why)))
    }

    /// What follows from a step, other than the dial itself.
    pub(super) fn after(&self, tx: &Tx<'_>, order: &Order, then: Then) -> Result<()> {
        let record = &order.record;
        match then {
            Then::Retry => {
                let delay = Duration::from_secs(60 * u64::from(record.retry_delay_minutes));
                work::dial_at(tx, &record.call_id, record.attempt + 1, tx.now.plus(delay))
            }
            Then::Close => {
                work::undial(tx, &record.call_id, record.attempt)?;
                work::undial(tx, &record.call_id, record.attempt + 1)?;
                store::forget_key(tx, &record.call_id)
            }
            Then::Wait | Then::Dial | Then::Requeue => Ok(()),
        }
    }

    /// Puts an attempt back that no engine took. Says whether it waits now: an engine may have it in spite of its answer.
    fn put_back(&self, tx: &Tx<'_>, attempt: &Attempt, failure: &Error, pause: Duration) -> Result<bool> {
        let Some(order) = untaken(tx, &attempt.call_id, &attempt.session_id)? else { return Ok(false) };
        if failure.stable_code() == "engine_refused" {
            let end = Unplaced { by: "error", outcome: "failed", detail: failure.message() };
            calls::close(tx, &attempt.session_id, &end)?;
            return Ok(false);
        }
        let Some(step) = step(&order.standing(), Event::NoEngine { is_awaited: false }) else { return Ok(false) };
        self.give_up(tx, &attempt.session_id, is_certain(failure))?;
        let made = attempt.n - u32::from(step.to == Status::RetryPending);
        let due_at = tx.now.plus(pause);
        store::requeued(tx, &attempt.call_id, step.to, made, due_at)?;
        work::dial_at(tx, &attempt.call_id, attempt.n, due_at)?;
        Ok(true)
    }
}
