//! Erases a person: everything that tells of them goes, or is made anonymous where it counts for others.
//!
//! Files go before the rows that name them, so a repeat after a crash finds what is left. What engines or receivers still bring about one
//! of the calls is not stored (`features/calls/results_store.rs`).

use serde_json::json;
use tracing::info;

use super::again::blocking;
use super::entry::Entry;
use super::erasures_store;
use super::ledger;
use super::model::{EraseOrder, ErasureView, phone};
use super::service::Privacy;
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};
use crate::features::calls::{self, CallRecord, CallStatus, CallsOf};
use crate::features::outbound::{self, OrderOf};
use crate::features::{crm, mail, transcripts, webhooks};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Conn, Tx};

/// Calls in one transaction.
const AT_ONCE: usize = 20;

/// A call of the person, as far as erasing needs it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    id: i64,
    session_id: SessionId,
    call_id: Option<CallId>,
    recording: Option<String>,
    transcript: Option<String>,
    is_active: bool,
    is_held: bool,
}

impl Found {
    fn of(conn: &Conn, call: &CallRecord) -> Result<Self> {
        Ok(Self {
            id: call.id,
            session_id: call.session_id.clone(),
            call_id: call.call_id.clone(),
            recording: call.recording_object(),
            transcript: call.transcript_file.clone(),
            is_active: call.status == CallStatus::Active,
            is_held: calls::is_held(conn, call.id)?,
        })
    }
}

/// What one transaction removed.
#[derive(Debug, Default)]
struct Removed {
    n_transcripts: u64,
    n_deliveries: u64,
    n_mails: u64,
}

impl Privacy {
    /// Erases a person. 409 while a call with them runs; calls on legal hold stay and are named. A repeat finds what is left.
    pub async fn erase(&self, actor: &Actor, order: EraseOrder) -> Result<ErasureView> {
        let phone = phone(&order.phone)?;
        self.stop_orders(actor, &phone).await?;
        let (found, orders) = self.find(&phone).await?;
        if found.iter().any(|call| call.is_active) {
            return Err(running());
        }
        // From here on it will be done, in this run or, after a crash, in the next.
        let entry = Entry::begun(self, actor, &phone, order.do_not_call);
        let (path, line) = (self.setup.ledger.clone(), entry.clone());
        blocking(move || ledger::add(&path, &[line])).await?;
        self.carry_out(actor, &phone, entry, found, orders).await
    }

    /// Removes what was found of a person and notes it under the entry of the ledger.
    pub(super) async fn carry_out(
        &self,
        actor: &Actor,
        phone: &str,
        entry: Entry,
        found: Vec<Found>,
        orders: Vec<OrderOf>,
    ) -> Result<ErasureView> {
        let (held, free): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|call| call.is_held);
        let n_recordings = self.remove_files(&free).await?;
        let removed = self.remove_calls(&free).await?;
        let kept: Vec<CallId> = held.iter().filter_map(|call| call.call_id.clone()).collect();
        let orders: Vec<CallId> = orders.into_iter().map(|order| order.call_id).filter(|id| !kept.contains(id)).collect();
        let view = ErasureView {
            n_calls: free.len() as u64,
            n_held: held.len() as u64,
            n_recordings,
            n_transcripts: removed.n_transcripts,
            n_orders: orders.len() as u64,
            n_deliveries: removed.n_deliveries,
            n_mails: removed.n_mails,
            held: held.iter().map(|call| call.session_id.clone()).collect(),
            ..nothing_of(&entry)
        };
        self.finish(actor, phone, &entry, orders, view.clone()).await?;
        let sessions: Vec<SessionId> = free.into_iter().map(|call| call.session_id).collect();
        super::spool::forget(self.setup.spool.clone(), phone.to_owned(), sessions.clone()).await?;
        self.setup.trace.forget(sessions).await?;
        // The pages of before must not stay readable in the files.
        self.setup.db.scrub().await?;
        info!("Erased a person: {} calls, {} recordings, {} transcripts", view.n_calls, view.n_recordings, view.n_transcripts);
        Ok(view)
    }

    /// Takes back orders that still wait, so that nothing of them happens any more.
    async fn stop_orders(&self, actor: &Actor, phone: &str) -> Result<()> {
        let wanted = phone.to_owned();
        let orders = self.setup.db.read(move |conn| outbound::orders_of(conn, &wanted)).await?;
        if orders.iter().any(OrderOf::is_running) {
            return Err(running());
        }
        self.take_back(actor, phone).await
    }

    /// Takes back the orders that wait. What a database that came back takes for running is not.
    pub(super) async fn take_back(&self, actor: &Actor, phone: &str) -> Result<()> {
        let wanted = phone.to_owned();
        let orders = self.setup.db.read(move |conn| outbound::orders_of(conn, &wanted)).await?;
        for order in orders.into_iter().filter(|order| !order.is_over() && !order.is_running()) {
            self.setup.orders.hang_up(actor, order.call_id).await?;
        }
        Ok(())
    }

    /// Notes that a database knows nothing of a person of the ledger.
    pub(super) async fn note_nothing(&self, actor: &Actor, entry: Entry) -> Result<ErasureView> {
        let (view, by) = (nothing_of(&entry), actor.clone());
        let noted = view.clone();
        self.setup.db.write(move |tx| note(tx, &noted, &entry.person, &by)).await?;
        Ok(view)
    }

    pub(super) async fn find(&self, phone: &str) -> Result<(Vec<Found>, Vec<OrderOf>)> {
        let phone = phone.to_owned();
        self.setup
            .db
            .read(move |conn| {
                let mut calls = CallsOf::new(&phone);
                let mut found = Vec::new();
                loop {
                    let next = calls.next(conn)?;
                    if next.is_empty() {
                        return Ok((found, outbound::orders_of(conn, &phone)?));
                    }
                    for call in &next {
                        found.push(Found::of(conn, call)?);
                    }
                }
            })
            .await
    }

    /// Removes recordings and transcript files of this machine. Says how many calls had a recording; copies elsewhere go by a job, because the
    /// store may be away.
    async fn remove_files(&self, calls: &[Found]) -> Result<u64> {
        let mut n_recordings = 0;
        for call in calls {
            if let Some(key) = &call.recording {
                n_recordings += 1;
                self.setup.calls.remove_object(key).await?;
            }
            if let Some(file) = &call.transcript {
                self.setup.transcripts.remove_files(file).await?;
            }
        }
        Ok(n_recordings)
    }

    async fn remove_calls(&self, calls: &[Found]) -> Result<Removed> {
        let mut all = Removed::default();
        for some in calls.chunks(AT_ONCE) {
            let some = some.to_vec();
            let removed = self.setup.db.write(move |tx| remove_some(tx, &some)).await?;
            all.n_transcripts += removed.n_transcripts;
            all.n_deliveries += removed.n_deliveries;
            all.n_mails += removed.n_mails;
        }
        Ok(all)
    }

    async fn finish(&self, actor: &Actor, phone: &str, entry: &Entry, orders: Vec<CallId>, view: ErasureView) -> Result<()> {
        let (permit, person, actor) = (self.setup.permit.clone(), entry.person.clone(), actor.clone());
        let (phone, choice) = (phone.to_owned(), entry.do_not_call);
        self.setup
            .db
            .write(move |tx| {
                for order in &orders {
                    outbound::forget(tx, order)?;
                }
                permit.forget(tx, &phone, choice)?;
                note(tx, &view, &person, &actor)
            })
            .await
    }
}

/// The proof of an erasure and its line in the audit trail.
fn note(tx: &Tx<'_>, view: &ErasureView, person: &str, actor: &Actor) -> Result<()> {
    erasures_store::insert(tx, view, person)?;
    let detail = json!({ "n_calls": view.n_calls, "n_held": view.n_held, "n_orders": view.n_orders, "do_not_call": view.do_not_call });
    audit::append(tx, actor, "person.erase", view.id.as_str(), &detail)
}

/// What is shown of an entry of the ledger before anything was removed.
fn nothing_of(entry: &Entry) -> ErasureView {
    ErasureView {
        id: entry.id.clone(),
        phone_end: entry.phone_end.clone(),
        requested_by: entry.requested_by.clone(),
        at: entry.at,
        do_not_call: entry.do_not_call.word().to_owned(),
        n_calls: 0,
        n_held: 0,
        n_recordings: 0,
        n_transcripts: 0,
        n_orders: 0,
        n_deliveries: 0,
        n_mails: 0,
        held: Vec::new(),
    }
}

fn remove_some(tx: &Tx<'_>, calls: &[Found]) -> Result<Removed> {
    let mut removed = Removed::default();
    for call in calls {
        removed.n_transcripts += u64::from(transcripts::forget(tx, &call.session_id)?.is_some());
        removed.n_deliveries += webhooks::forget(tx, &call.session_id)? as u64;
        removed.n_mails += u64::from(mail::forget(tx, &call.session_id)?);
        crm::forget(tx, &call.session_id)?;
        calls::erase(tx, call.id, &call.session_id)?;
    }
    Ok(removed)
}

fn running() -> Error {
    Error::conflict("a call with this number is under way: hang it up first, or wait until it is over").code("call_running")
}
