//! One leg as the engine holds it: what can be asked of it, mapped onto a dialog of the stack.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rsipstack::dialog::dialog::Dialog;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Headers, Response, StatusCode, StatusCodeKind};
use rsipstack::transaction::key::TransactionRole;
use tokio::sync::Notify;

use crate::base::page::percent_encode;
use crate::base::{Error, Result};

use super::super::{LegControl, Soon};
use super::gate::PeerGuard;
use super::keeper::Keeper;
use super::{message, stack_error};

/// How long a request within a call may take.
pub(super) const REQUEST: Duration = Duration::from_secs(8);

/// The extension's name in `Supported` (RFC 3891).
const REPLACES: &str = "replaces";

/// What the control and the leg's task share.
pub(super) struct LegState {
    dialog: Mutex<InviteDialog>,
    /// Keeps the session alive.
    pub(super) keeper: Keeper,
    /// Where the peer is, for transfers to plain numbers.
    pub(super) peer: SocketAddr,
    /// We ended it, or are about to.
    pub(super) is_hung_up: AtomicBool,
    /// The far end knows how one leg takes another's place.
    pub(super) knows_replaces: AtomicBool,
    /// Wakes the leg's task when we hang up before the answer.
    pub(super) hung_up: Notify,
    /// Keeps the peer's packets coming in.
    _peer: PeerGuard,
}

impl LegState {
    pub(super) fn new(dialog: InviteDialog, keeper: Keeper, peer: SocketAddr, guard: PeerGuard) -> Arc<Self> {
        let (is_hung_up, knows_replaces, hung_up) = (AtomicBool::new(false), AtomicBool::new(false), Notify::new());
        Arc::new(Self { dialog: Mutex::new(dialog), keeper, peer, is_hung_up, knows_replaces, hung_up, _peer: guard })
    }

    /// Takes in what the far end says that it knows.
    pub(super) fn learn(&self, headers: &Headers) {
        self.knows_replaces.store(message::supports(headers, REPLACES), Ordering::Relaxed);
    }

    /// The dialog; an INVITE that had to be sent anew has another one.
    pub(super) fn dialog(&self) -> InviteDialog {
        self.dialog.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on with another dialog.
    pub(super) fn go_on_with(&self, dialog: InviteDialog) {
        *self.dialog.lock().unwrap_or_else(PoisonError::into_inner) = dialog;
    }
}

/// The control of one leg. Dropping it hangs up.
pub(super) struct Control {
    pub(super) leg: Arc<LegState>,
    /// Of an inbound call: what its 200 says of session timers.
    pub(super) timer: Vec<Header>,
}

impl LegControl for Control {
    fn ring(&self) -> Soon<'_, Result<()>> {
        Box::pin(async { self.leg.dialog().ringing(None, None).map_err(|error| stack_error("cannot ring", &error)) })
    }

    fn answer(&self, sdp: Vec<u8>) -> Soon<'_, Result<()>> {
        let mut headers = vec![message::content("application/sdp"), message::allow(super::listen::ALLOWED)];
        headers.extend(self.timer.clone());
        Box::pin(async move {
            self.leg.keeper.describe(&sdp);
            if !self.leg.dialog().state().can_cancel() {
                return Err(Error::conflict("this call cannot be answered any more"));
            }
            self.leg.dialog().accept(Some(headers), Some(sdp)).map_err(|error| stack_error("cannot answer", &error))
        })
    }

    fn reject(&self, code: u16, reason: Option<String>) -> Soon<'_, Result<()>> {
        Box::pin(async move {
            self.leg.is_hung_up.store(true, Ordering::Relaxed);
            let reason = reason.map(|text| format!("SIP;cause={code};text=\"{}\"", text.replace(['"', '\\', '\r', '\n'], " ")));
            self.leg.dialog().reject(Some(StatusCode::from(code)), reason).map_err(|error| stack_error("cannot refuse", &error))
        })
    }

    fn hang_up(&self) -> Soon<'_, Result<()>> {
        Box::pin(hang_up(self.leg.clone()))
    }

    fn refer(&self, target: String) -> Soon<'_, Result<()>> {
        Box::pin(async move {
            let target = message::refer_target(&target, &self.leg.peer.to_string())?;
            let dialog = self.leg.dialog();
            let answer = limited("the far end did not take the transfer", dialog.refer(target, None, None)).await?;
            accepted("the far end refused the transfer", answer).map(drop)
        })
    }

    fn reinvite(&self, offer: Vec<u8>) -> Soon<'_, Result<Vec<u8>>> {
        Box::pin(async move {
            let keeper = &self.leg.keeper;
            let mut headers = keeper.refresh_headers();
            let has_timer = !headers.is_empty();
            headers.push(message::content("application/sdp"));
            let dialog = self.leg.dialog();
            let sent = dialog.reinvite_with_glare_retry(Some(headers), Some(offer.clone()), 2);
            let answer = limited("the far end did not answer the new offer", sent).await?;
            let response = accepted("the far end refused the new offer", answer)?;
            keeper.describe(&offer);
            if has_timer {
                keeper.take(&response);
            }
            Ok(response.body)
        })
    }

    fn place(&self) -> Option<String> {
        place(self.leg.dialog()).filter(|_| self.takes_places())
    }

    fn takes_places(&self) -> bool {
        self.leg.knows_replaces.load(Ordering::Relaxed)
    }

    fn info(&self, content_type: &'static str, body: Vec<u8>) -> Soon<'_, Result<()>> {
        let headers = Some(vec![message::content(content_type)]);
        Box::pin(async move {
            let dialog = self.leg.dialog();
            let answer = limited("the far end did not answer", dialog.info(headers, Some(body))).await?;
            accepted("the far end refused the message", answer).map(drop)
        })
    }
}

/// Whoever is told to take the leg's place names the call to the far end, with the tags as that one sees them.
fn place(dialog: InviteDialog) -> Option<String> {
    let id = dialog.id();
    let contact = Dialog::Invite(dialog).remote_contact()?.to_string();
    let contact = contact.split('?').next().unwrap_or_default();
    let named = format!("{};to-tag={};from-tag={}", id.call_id, id.remote_tag, id.local_tag);
    Some(format!("{contact}?Replaces={}", percent_encode(&named)))
}

impl Drop for Control {
    fn drop(&mut self) {
        if self.leg.is_hung_up.load(Ordering::Relaxed) {
            return;
        }
        // At the end of the process there is no runtime left, and no socket either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(hang_up(self.leg.clone()));
        }
    }
}

pub(super) async fn hang_up(leg: Arc<LegState>) -> Result<()> {
    leg.is_hung_up.store(true, Ordering::Relaxed);
    let dialog = leg.dialog();
    let state = dialog.state();
    if state.is_terminated() {
        return Ok(());
    }
    leg.hung_up.notify_one();
    let failed = |error: rsipstack::Error| stack_error("the far end did not answer the hangup", &error);
    if dialog.role() == TransactionRole::Server && state.can_cancel() {
        return dialog.reject(Some(StatusCode::TemporarilyUnavailable), None).map_err(failed);
    }
    match tokio::time::timeout(REQUEST, dialog.hangup()).await {
        Ok(done) => done.map_err(failed),
        Err(_) => Err(Error::upstream("the far end did not answer the hangup")),
    }
}

async fn limited<F>(what: &'static str, request: F) -> Result<Option<Response>>
where
    F: Future<Output = rsipstack::Result<Option<Response>>>,
{
    match tokio::time::timeout(REQUEST, request).await {
        Ok(answer) => answer.map_err(|error| stack_error(what, &error)),
        Err(_) => Err(Error::upstream(what)),
    }
}

fn accepted(what: &'static str, answer: Option<Response>) -> Result<Response> {
    let response = answer.ok_or_else(|| Error::conflict("the call is not connected"))?;
    match response.status_code.kind() {
        StatusCodeKind::Successful => Ok(response),
        _ => Err(Error::upstream(format!("{what}: {}", response.status_code))),
    }
}
