//! One leg as the engine holds it: what can be asked of it, mapped onto a dialog of the stack.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Response, StatusCode, StatusCodeKind};
use rsipstack::transaction::key::TransactionRole;
use tokio::sync::Notify;

use crate::base::{Error, Result};

use super::super::{LegControl, Soon};
use super::gate::PeerGuard;
use super::{message, stack_error};

/// How long a request within a call may take.
const REQUEST: Duration = Duration::from_secs(8);

/// What the control and the leg's task share.
pub(super) struct LegState {
    pub(super) dialog: InviteDialog,
    /// Where the peer is, for transfers to plain numbers.
    pub(super) peer: SocketAddr,
    /// We ended it, or are about to.
    pub(super) is_hung_up: AtomicBool,
    /// Wakes the leg's task when we hang up before the answer.
    pub(super) hung_up: Notify,
    /// Keeps the peer's packets coming in.
    pub(super) _peer: PeerGuard,
}

/// The control of one leg. Dropping it hangs up.
pub(super) struct Control(pub(super) Arc<LegState>);

impl LegControl for Control {
    fn ring(&self) -> Soon<'_, Result<()>> {
        Box::pin(async { self.0.dialog.ringing(None, None).map_err(|error| stack_error("cannot ring", &error)) })
    }

    fn answer(&self, sdp: Vec<u8>) -> Soon<'_, Result<()>> {
        let headers = Some(vec![message::content("application/sdp"), message::allow(super::listen::ALLOWED)]);
        Box::pin(async move {
            if !self.0.dialog.state().can_cancel() {
                return Err(Error::conflict("this call cannot be answered any more"));
            }
            self.0.dialog.accept(headers, Some(sdp)).map_err(|error| stack_error("cannot answer", &error))
        })
    }

    fn reject(&self, code: u16, reason: Option<String>) -> Soon<'_, Result<()>> {
        Box::pin(async move {
            self.0.is_hung_up.store(true, Ordering::Relaxed);
            let reason = reason.map(|text| format!("SIP;cause={code};text=\"{}\"", text.replace(['"', '\\', '\r', '\n'], " ")));
            self.0.dialog.reject(Some(StatusCode::from(code)), reason).map_err(|error| stack_error("cannot refuse", &error))
        })
    }

    fn hang_up(&self) -> Soon<'_, Result<()>> {
        Box::pin(hang_up(self.0.clone()))
    }

    fn refer(&self, target: String) -> Soon<'_, Result<()>> {
        Box::pin(async move {
            let target = message::refer_target(&target, &self.0.peer.to_string())?;
            let answer = limited("the far end did not take the transfer", self.0.dialog.refer(target, None, None)).await?;
            accepted("the far end refused the transfer", answer).map(drop)
        })
    }

    fn reinvite(&self, offer: Vec<u8>) -> Soon<'_, Result<Vec<u8>>> {
        let headers = Some(vec![message::content("application/sdp")]);
        Box::pin(async move {
            let sent = self.0.dialog.reinvite_with_glare_retry(headers, Some(offer), 2);
            let answer = limited("the far end did not answer the new offer", sent).await?;
            accepted("the far end refused the new offer", answer).map(|response| response.body)
        })
    }

    fn info(&self, content_type: &'static str, body: Vec<u8>) -> Soon<'_, Result<()>> {
        let headers = Some(vec![message::content(content_type)]);
        Box::pin(async move {
            let answer = limited("the far end did not answer", self.0.dialog.info(headers, Some(body))).await?;
            accepted("the far end refused the message", answer).map(drop)
        })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if self.0.is_hung_up.load(Ordering::Relaxed) {
            return;
        }
        // At the end of the process there is no runtime left, and no socket either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(hang_up(self.0.clone()));
        }
    }
}

async fn hang_up(leg: Arc<LegState>) -> Result<()> {
    leg.is_hung_up.store(true, Ordering::Relaxed);
    let state = leg.dialog.state();
    if state.is_terminated() {
        return Ok(());
    }
    leg.hung_up.notify_one();
    let failed = |error: rsipstack::Error| stack_error("the far end did not answer the hangup", &error);
    if leg.dialog.role() == TransactionRole::Server && state.can_cancel() {
        return leg.dialog.reject(Some(StatusCode::TemporarilyUnavailable), None).map_err(failed);
    }
    match tokio::time::timeout(REQUEST, leg.dialog.hangup()).await {
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
