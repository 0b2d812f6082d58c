//! Requests that begin something: new calls are passed to the engine, everything else is answered here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rsipstack::dialog::dialog::{Dialog, DialogState, DialogStateReceiver, TerminatedReason};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt as _;
use rsipstack::sip::{Header, Method, Request, StatusCode, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::contract::trunk::Transport;

use super::super::{Incoming, Leg, LegEnd, LegEvent, Login, Sender};
use super::flood::PerSecond;
use super::keep::keep;
use super::keeper::Keeper;
use super::leg::{Control, LegState};
use super::listen::ALLOWED;
use super::message::{self, Invite};
use super::proof::{self, Proof};
use super::session_timer::Said;
use super::{Shared, mid_call, register};

/// Events of one leg that may wait; the stack waits when the call's task is slow.
pub(super) const LEG_EVENTS: usize = 32;

/// How a call ended whose far end vanished.
pub(super) const NOT_REFRESHED: &str = "the far end did not refresh the session";

/// Takes requests until the stack ends.
pub(super) async fn serve(shared: Arc<Shared>, mut requests: TransactionReceiver, calls: mpsc::Sender<Incoming>, per_second: u32) {
    let mut new_calls = PerSecond::new(per_second);
    while let Some(Some(transaction)) = shared.running.run_until_cancelled(requests.recv()).await {
        let is_new_call = transaction.original.method == Method::Invite && !is_in_dialog(&transaction);
        if is_new_call && !new_calls.allows(shared.gate.now()) {
            tokio::spawn(refuse(transaction, StatusCode::ServiceUnavailable));
        } else {
            tokio::spawn(take(shared.clone(), transaction, calls.clone()));
        }
    }
}

fn is_in_dialog(transaction: &Transaction) -> bool {
    transaction.original.to_header().ok().and_then(|to| to.tag().ok().flatten()).is_some()
}

async fn take(shared: Arc<Shared>, mut transaction: Transaction, calls: mpsc::Sender<Incoming>) {
    if is_in_dialog(&transaction) {
        return in_dialog(&shared, transaction).await;
    }
    let Some((source, transport)) = source(&transaction) else { return };
    let is_trusted = shared.carrier.is_some() || shared.gate.is_trusted(source.ip());
    let is_phone = shared.carrier.is_none() && shared.gate.admission().is_phone_network(source.ip());
    let method = transaction.original.method;
    // To somebody who has proved nothing, even an error would say that we are here.
    if let Err(status) = message::check(&transaction.original) {
        return if is_trusted { refuse(transaction, status).await } else { drop(transaction) };
    }
    match method {
        Method::Invite => invited(shared, transaction, calls).await,
        Method::Register if is_phone => register::take(&shared, transaction, source, transport).await,
        Method::Ack => {}
        _ if !is_trusted => {}
        Method::Options => {
            let headers = vec![message::allow(ALLOWED), Header::Accept("application/sdp".into())];
            let _ = transaction.reply_with(StatusCode::OK, headers, None).await;
        }
        _ => refuse(transaction, StatusCode::MethodNotAllowed).await,
    }
}

async fn in_dialog(shared: &Shared, mut transaction: Transaction) {
    let handled = match shared.dialogs.match_dialog(&transaction) {
        Some(Dialog::Invite(mut dialog)) => dialog.handle(&mut transaction).await,
        _ if transaction.original.method == Method::Ack => Ok(()),
        _ => transaction.reply(StatusCode::CallTransactionDoesNotExist).await,
    };
    if let Err(error) = handled {
        tracing::debug!(%error, "A SIP request within a call could not be handled");
    }
}

async fn refuse(transaction: Transaction, status: StatusCode) {
    let headers = match status {
        StatusCode::MethodNotAllowed => vec![message::allow(ALLOWED)],
        StatusCode::ServiceUnavailable => vec![Header::RetryAfter("5".into())],
        StatusCode::UnsupportedMediaType => vec![Header::Accept("application/sdp".into())],
        StatusCode::BadExtension => unsupported(&transaction),
        _ => Vec::new(),
    };
    refuse_with(transaction, status, headers).await;
}

async fn refuse_with(mut transaction: Transaction, status: StatusCode, headers: Vec<Header>) {
    if let Err(error) = transaction.reply_with(status, headers, None).await {
        tracing::debug!(%error, "A SIP request could not be refused");
    }
    // Waits for the ACK, so that repeats are absorbed.
    while transaction.receive().await.is_some() {}
}

/// Names the extensions we were required to know.
fn unsupported(transaction: &Transaction) -> Vec<Header> {
    let required = transaction.original.headers.iter().find_map(|header| match header {
        Header::Require(value) => Some(value.value().to_owned()),
        Header::ProxyRequire(value) => Some(value.value().to_owned()),
        _ => None,
    });
    required.map(|value| Header::Unsupported(value.into())).into_iter().collect()
}

async fn invited(shared: Arc<Shared>, transaction: Transaction, calls: mpsc::Sender<Incoming>) {
    let Some((source, transport)) = source(&transaction) else { return };
    let sender = match sender(&shared, &transaction.original, source).await {
        Ok(sender) => sender,
        Err(Unproven::Silence) => return,
        Err(Unproven::Ask(headers)) => return refuse_with(transaction, StatusCode::Unauthorized, headers).await,
    };
    let invite = match message::read_invite(&transaction.original) {
        Ok(invite) => invite,
        Err(status) => return refuse(transaction, status).await,
    };
    let keeper = Keeper::new(shared.session);
    let Ok(timer) = keeper.answer(&Said::read(&transaction.original.headers)) else {
        return refuse_with(transaction, StatusCode::SessionIntervalTooSmall, vec![keeper.least()]).await;
    };
    let Ok(permit) = calls.try_reserve() else {
        return refuse(transaction, StatusCode::ServiceUnavailable).await;
    };
    let Some((leg, dialog)) = accept_dialog(&shared, &transaction, (source, transport), &invite.call_id, (keeper, timer)) else {
        return refuse(transaction, StatusCode::ServerInternalError).await;
    };
    let registered_as = match &sender {
        Sender::Carrier(carrier) => shared.gate.admission().registered_as(carrier),
        Sender::Phone(_) | Sender::Inside { .. } => None,
    };
    permit.send(incoming(leg, sender, source, transport, invite.meant_for(registered_as.as_deref())));
    drive(dialog, transaction).await;
}

/// Why nobody is known to have sent a call.
enum Unproven {
    /// They hear nothing.
    Silence,
    /// They are asked to sign in.
    Ask(Vec<Header>),
}

/// Who sends a call: a telephone that proves it, else the carrier at this address, which may have to prove it too.
async fn sender(shared: &Shared, request: &Request, source: SocketAddr) -> Result<Sender, Unproven> {
    if let Some(carrier) = &shared.carrier {
        // It came over our own TLS connection, whose far end has shown its certificate.
        return Ok(Sender::Carrier(carrier.clone()));
    }
    let (gate, admission) = (&shared.gate, shared.gate.admission());
    let claims_account = || proof::claim(request, &admission.realm()).is_some_and(|claim| admission.account(&claim.username).is_some());
    let is_phone = admission.is_phone_network(source.ip()) && (gate.desk.is_registered_at(source) || claims_account());
    if !is_phone {
        // Packets may still come from the peer of a call whose carrier was deleted; new calls may not.
        if let Some(carrier) = gate.carrier_of(source.ip()).await {
            let Some(login) = admission.carrier_login(source) else { return Ok(Sender::Carrier(carrier)) };
            return proved(proof::check(gate, request, source, |name| Some(login).filter(|login| login.name == name)))
                .map(|_| Sender::Carrier(carrier));
        }
        if !admission.is_phone_network(source.ip()) {
            return Err(Unproven::Silence);
        }
    }
    proved(proof::check(gate, request, source, |name| admission.account(name))).map(|login| Sender::Phone(login.name))
}

fn proved(proof: Proof) -> Result<Login, Unproven> {
    match proof {
        Proof::Of(login) => Ok(login),
        Proof::Ask(headers) => Err(Unproven::Ask(headers)),
        Proof::Banned => Err(Unproven::Silence),
    }
}

#[expect(clippy::disallowed_methods, reason = "the moment of arrival, measured against the call's own clock readings")]
fn incoming(leg: Leg, sender: Sender, source: SocketAddr, transport: Transport, invite: Invite) -> Incoming {
    let Invite { did, from, headers, offer, .. } = invite;
    // A telephone calls under the name it has proved, whatever it shows.
    let from = if let Sender::Phone(aor) = &sender { Some(aor.clone()) } else { from };
    Incoming { leg, sender, source, transport, did, from, headers, offer, received: std::time::Instant::now() }
}

/// Runs the INVITE's own transaction to its end.
async fn drive(mut dialog: InviteDialog, mut transaction: Transaction) {
    if let Err(error) = dialog.handle(&mut transaction).await {
        tracing::debug!(%error, "An INVITE ended with an error");
    }
}

/// Where a request really came from.
fn source(transaction: &Transaction) -> Option<(SocketAddr, Transport)> {
    let connection = transaction.connection.as_ref()?;
    let remote = connection.get_remote_addr()?;
    let transport = match remote.r#type {
        Some(rsipstack::sip::Transport::Tcp) => Transport::Tcp,
        Some(rsipstack::sip::Transport::Tls) => Transport::Tls,
        _ => Transport::Udp,
    };
    Some((remote.get_socketaddr().ok()?, transport))
}

fn accept_dialog(
    shared: &Arc<Shared>,
    transaction: &Transaction,
    (source, transport): (SocketAddr, Transport),
    call_id: &str,
    (keeper, timer): (Keeper, Vec<Header>),
) -> Option<(Leg, InviteDialog)> {
    let contact = contact(shared, source, transport)?;
    let (sender, states) = shared.dialogs.new_dialog_state_channel();
    let dialog = shared.dialogs.get_or_create_server_invite(transaction, sender, None, Some(contact)).ok()?;
    let leg = LegState::new(dialog.clone(), keeper, source, shared.gate.hold(source.ip()));
    leg.learn(&transaction.original.headers);
    let (events, receiver) = mpsc::channel(LEG_EVENTS);
    tokio::spawn(follow(shared.clone(), leg.clone(), states, events));
    Some((Leg { sip_call_id: call_id.to_owned(), events: receiver, control: Arc::new(Control { leg, timer }) }, dialog))
}

/// Our contact for this peer.
pub(super) fn contact(shared: &Shared, peer: SocketAddr, transport: Transport) -> Option<Uri> {
    let mut ours = shared.address_towards(peer.ip());
    // A trunk's own TLS connection has a port of its own; this is the one others connect to.
    if let (Transport::Tls, Some(port)) = (transport, shared.tls_port) {
        ours.set_port(port);
    }
    Uri::try_from(format!("sip:cxbox@{ours}{}", transport.uri_suffix()).as_str()).ok()
}

/// Turns the states of the stack's dialog into events until it ends.
async fn follow(shared: Arc<Shared>, leg: Arc<LegState>, mut states: DialogStateReceiver, events: mpsc::Sender<LegEvent>) {
    let mut kept = None;
    let mut how = LegEnd::Failed { why: "the SIP stack has ended".to_owned() };
    while let Some(Some(state)) = shared.running.run_until_cancelled(states.recv()).await {
        match mid_call::handle(state, &leg, &events).await {
            // Told again after every request within the call.
            Some(DialogState::Confirmed(..)) if kept.is_none() => {
                kept = Some(AbortOnDropHandle::new(tokio::spawn(keep(leg.clone()))));
                let sdp = leg.dialog().last_remote_ack().map(|ack| ack.body).unwrap_or_default();
                mid_call::send(&events, LegEvent::Answered { sdp }).await;
            }
            Some(DialogState::Terminated(_, reason)) => {
                how = ended(&leg, &reason);
                break;
            }
            _ => {}
        }
    }
    drop(kept);
    shared.dialogs.remove_dialog(&leg.dialog().id());
    mid_call::send(&events, LegEvent::Ended { how }).await;
}

fn ended(leg: &LegState, reason: &TerminatedReason) -> LegEnd {
    match reason {
        _ if leg.keeper.is_expired() => LegEnd::Failed { why: NOT_REFRESHED.to_owned() },
        TerminatedReason::UacCancel => LegEnd::Cancelled,
        TerminatedReason::UacBye => LegEnd::Remote,
        _ if leg.is_hung_up.load(Ordering::Relaxed) => LegEnd::Local,
        TerminatedReason::UasBye | TerminatedReason::UasDecline => LegEnd::Local,
        TerminatedReason::Timeout => LegEnd::Failed { why: "the far end did not confirm the call".to_owned() },
        other => LegEnd::Failed { why: format!("the call ended: {other:?}") },
    }
}
