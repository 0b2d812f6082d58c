//! Calls we make: the INVITE with digest, its answers, and what follows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, DialogStateSender, TerminatedReason};
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Response, StatusCode, StatusCodeKind, Uri};
use rsipstack::transport::SipAddr;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use crate::base::{Error, Result};
use crate::contract::trunk::{Transport, Trunk};

use super::super::{Leg, LegEnd, LegEvent, PlaceCall};
use super::inbound::{LEG_EVENTS, NOT_REFRESHED, contact};
use super::keep::keep;
use super::keeper::Keeper;
use super::leg::{Control, LegState, hang_up};
use super::message;
use super::session_timer::{self, Said};
use super::{Shared, address, mid_call, stack_error};

/// How long a connection to a trunk may take.
const CONNECT: Duration = Duration::from_secs(4);
/// How long the far end may take to confirm that we gave up.
const GIVE_UP: Duration = Duration::from_secs(4);

type Invited = rsipstack::Result<(rsipstack::dialog::DialogId, Option<Response>)>;

/// Sends the INVITE. `Invalid` for what cannot be called, `Upstream` when the trunk cannot be reached.
pub(super) async fn place(shared: Arc<Shared>, call: PlaceCall) -> Result<Leg> {
    let peer = shared.resolver.find(&call.trunk.sip_address).await?;
    let destination = destination(peer, call.trunk.transport);
    // Responses must come in even before the carrier list says so.
    let guard = shared.gate.hold(peer.ip());
    if call.trunk.transport != Transport::Udp {
        connect(&shared, &destination).await?;
    }
    let call_id = format!("{}@cxbox", shared.random.hex::<12>());
    let keeper = Keeper::new(shared.session);
    keeper.describe(&call.offer);
    let plan = Plan { call, peer, destination, call_id: call_id.clone() };
    let (sender, states) = shared.dialogs.new_dialog_state_channel();
    let (dialog, invited) = invite(&shared, &plan, shared.session.offered_s, sender)?;
    let leg = LegState::new(dialog, keeper, peer, guard);
    let (events, receiver) = mpsc::channel(LEG_EVENTS);
    tokio::spawn(follow(shared, leg.clone(), plan, (invited, states), events));
    Ok(Leg { sip_call_id: call_id, events: receiver, control: Arc::new(Control { leg, timer: Vec::new() }) })
}

/// All that an INVITE is made of; it may have to be made again.
struct Plan {
    call: PlaceCall,
    peer: SocketAddr,
    destination: SipAddr,
    call_id: String,
}

/// Sends the INVITE that proposes this time for its session.
fn invite(shared: &Shared, plan: &Plan, session_s: u32, sender: DialogStateSender) -> Result<(InviteDialog, JoinHandle<Invited>)> {
    let option = option(shared, plan, session_s)?;
    shared.dialogs.do_invite_async(option, sender).map_err(|error| stack_error("the call cannot be placed", &error))
}

pub(super) fn destination(peer: SocketAddr, transport: Transport) -> SipAddr {
    let transport = match transport {
        Transport::Udp => rsipstack::sip::Transport::Udp,
        Transport::Tcp => rsipstack::sip::Transport::Tcp,
        Transport::Tls => rsipstack::sip::Transport::Tls,
    };
    SipAddr { r#type: Some(transport), addr: peer.into() }
}

/// Connects before a request: the stack itself would try for half a minute. The address of our end comes back.
pub(super) async fn connect(shared: &Shared, destination: &SipAddr) -> Result<SipAddr> {
    let connected = tokio::time::timeout(CONNECT, shared.endpoint.transport_layer.lookup(destination, None)).await;
    let connected = connected.map_err(|_| Error::upstream("the trunk cannot be reached: it takes no connection"))?;
    let (connection, _) = connected.map_err(|error| unreachable(&error))?;
    let own = connection.get_addr().clone();
    if shared.carrier.is_some()
        && let Ok(local) = own.get_socketaddr()
    {
        shared.local_port.store(local.port(), Ordering::Relaxed);
    }
    Ok(own)
}

/// Why there is no connection. An operator must see what is wrong with a certificate.
fn unreachable(error: &rsipstack::Error) -> Error {
    Error::upstream(format!("the trunk cannot be reached: {error}"))
}

fn option(shared: &Shared, plan: &Plan, session_s: u32) -> Result<InviteOption> {
    let Plan { call, peer, destination, call_id } = plan;
    let peer = *peer;
    let ours = shared.address_towards(peer.ip());
    let uri = |text: String| Uri::try_from(text.as_str()).map_err(|_| Error::invalid("this cannot be called"));
    let callee = match &call.uri {
        Some(known) => uri(known.clone())?,
        None => uri(format!("sip:{}@{}{}", message::user_part(&call.to)?, call.trunk.sip_address, call.trunk.transport.uri_suffix()))?,
    };
    // Where we are registered, we call under that domain.
    let domain = match call.trunk.register_seconds {
        Some(_) => address::host(&call.trunk.sip_address).to_owned(),
        None => ours.to_string(),
    };
    let display_name = call.display_name.as_ref().map(|name| name.replace(['"', '\\', '\r', '\n', '<', '>'], " "));
    let mut headers = message::extra_headers(&call.headers)?;
    headers.extend(session_timer::offer(session_s, shared.session));
    Ok(InviteOption {
        caller_display_name: display_name.filter(|name| !name.trim().is_empty()),
        caller: uri(format!("sip:{}@{domain}", message::user_part(&call.from)?))?,
        callee,
        destination: Some(destination.clone()),
        content_type: Some("application/sdp".to_owned()),
        offer: Some(call.offer.clone()),
        contact: contact(shared, peer, call.trunk.transport).ok_or_else(|| Error::internal("our own address is no URI"))?,
        credential: credential(&call.trunk),
        headers: Some(headers),
        call_id: Some(call_id.clone()),
        ..InviteOption::default()
    })
}

pub(super) fn credential(trunk: &Trunk) -> Option<Credential> {
    let username = trunk.outbound_auth_username.clone()?;
    let password = trunk.outbound_auth_password.as_ref()?.0.clone();
    Some(Credential { username, password, realm: None, auth_username: None })
}

/// Follows the call to its end.
async fn follow(
    shared: Arc<Shared>,
    leg: Arc<LegState>,
    plan: Plan,
    (mut invited, mut states): (JoinHandle<Invited>, DialogStateReceiver),
    events: mpsc::Sender<LegEvent>,
) {
    let to_the_end = async {
        let mut answered = ring(&leg, &mut invited, &mut states, &events).await;
        if let Err(Unanswered::Longer(least_s)) = answered {
            // A second INVITE with the time the far end wants (RFC 4028 §7.3); a second 422 is final.
            shared.dialogs.remove_dialog(&leg.dialog().id());
            let (sender, again) = shared.dialogs.new_dialog_state_channel();
            let (dialog, task) = invite(&shared, &plan, least_s, sender).map_err(|error| LegEnd::Failed { why: error.to_string() })?;
            leg.go_on_with(dialog);
            if leg.is_hung_up.load(Ordering::Relaxed) {
                tokio::spawn(hang_up(leg.clone()));
            }
            (invited, states) = (task, again);
            answered = ring(&leg, &mut invited, &mut states, &events).await;
        }
        let response = answered.map_err(Unanswered::end)?;
        leg.keeper.take(&response);
        leg.learn(&response.headers);
        let _kept = AbortOnDropHandle::new(tokio::spawn(keep(leg.clone())));
        mid_call::send(&events, LegEvent::Answered { sdp: response.body }).await;
        Err::<(), LegEnd>(talk(&leg, &mut states, &events).await)
    };
    let how = shared.running.run_until_cancelled(to_the_end).await;
    // Does nothing to a call that was answered or refused.
    invited.abort();
    let how = how.and_then(Result::err).unwrap_or_else(|| LegEnd::Failed { why: "the SIP stack has ended".to_owned() });
    shared.dialogs.remove_dialog(&leg.dialog().id());
    mid_call::send(&events, LegEvent::Ended { how }).await;
}

/// Why there was no answer.
enum Unanswered {
    /// This is the end.
    Final(LegEnd),
    /// The far end wants sessions of at least so many seconds.
    Longer(u32),
}

impl Unanswered {
    fn end(self) -> LegEnd {
        match self {
            Self::Final(how) => how,
            Self::Longer(_) => LegEnd::Refused { code: 422, reason: "Session Interval Too Small".to_owned() },
        }
    }
}

/// Until the final answer: the 200, or how it ended.
async fn ring(
    leg: &Arc<LegState>,
    invited: &mut JoinHandle<Invited>,
    states: &mut DialogStateReceiver,
    events: &mpsc::Sender<LegEvent>,
) -> Result<Response, Unanswered> {
    loop {
        tokio::select! {
            biased;
            state = states.recv() => match state {
                Some(DialogState::Early(_, response)) => {
                    let sdp = Some(response.body).filter(|body| !body.is_empty());
                    mid_call::send(events, LegEvent::Ringing { sdp }).await;
                }
                Some(DialogState::Trying(_)) => mid_call::send(events, LegEvent::Proceeding).await,
                // The response itself comes with the task's result.
                Some(_) => {}
                None => return finished(leg, invited.await),
            },
            result = &mut *invited => return finished(leg, result),
            () = leg.hung_up.notified() => {
                // Their 487 or a crossing 200 is awaited for a while; the stack ends the call either way.
                let _ = tokio::time::timeout(GIVE_UP, &mut *invited).await;
                return Err(Unanswered::Final(LegEnd::Local));
            }
        }
    }
}

fn finished(leg: &LegState, result: Result<Invited, tokio::task::JoinError>) -> Result<Response, Unanswered> {
    let end = |how| Err(Unanswered::Final(how));
    if leg.is_hung_up.load(Ordering::Relaxed) {
        return end(LegEnd::Local);
    }
    match result {
        Ok(Ok((_, Some(response)))) if response.status_code.kind() == StatusCodeKind::Successful => Ok(response),
        Ok(Ok((_, Some(response)))) => match Said::read(&response.headers).least() {
            Some(least_s) if response.status_code == StatusCode::SessionIntervalTooSmall => Err(Unanswered::Longer(least_s)),
            _ => end(LegEnd::Refused { code: response.status_code.code(), reason: message::reason(&response) }),
        },
        Ok(Ok((_, None))) => end(LegEnd::Refused { code: 408, reason: "Request Timeout".to_owned() }),
        Ok(Err(error)) => end(LegEnd::Failed { why: error.to_string() }),
        Err(error) => end(LegEnd::Failed { why: error.to_string() }),
    }
}

/// From the answer to the end.
async fn talk(leg: &Arc<LegState>, states: &mut DialogStateReceiver, events: &mpsc::Sender<LegEvent>) -> LegEnd {
    while let Some(state) = states.recv().await {
        if let Some(DialogState::Terminated(_, reason)) = mid_call::handle(state, leg, events).await {
            return match reason {
                _ if leg.keeper.is_expired() => LegEnd::Failed { why: NOT_REFRESHED.to_owned() },
                TerminatedReason::UasBye => LegEnd::Remote,
                _ if leg.is_hung_up.load(Ordering::Relaxed) => LegEnd::Local,
                TerminatedReason::UacBye | TerminatedReason::UacCancel => LegEnd::Local,
                TerminatedReason::Timeout => LegEnd::Failed { why: "the far end does not answer any more".to_owned() },
                other => LegEnd::Failed { why: format!("the call ended: {other:?}") },
            };
        }
    }
    LegEnd::Failed { why: "the SIP stack has ended".to_owned() }
}
