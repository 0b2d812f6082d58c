//! Requests within a call: turns each into an event and always answers it, so that no peer waits in vain.

use std::sync::Arc;
use std::time::Duration;

use rsipstack::dialog::dialog::{DialogState, TransactionHandle};
use rsipstack::sip::{Method, Request, StatusCode};
use tokio::sync::{mpsc, oneshot};

use super::super::LegEvent;
use super::leg::LegState;
use super::listen::ALLOWED;
use super::message;
use super::session_timer::Said;

/// How long the engine may think about an offer.
const OFFER: Duration = Duration::from_secs(5);

/// Handles a state that is a request within the call. Other states come back.
pub(super) async fn handle(state: DialogState, leg: &Arc<LegState>, events: &mpsc::Sender<LegEvent>) -> Option<DialogState> {
    match state {
        DialogState::Updated(_, request, handle) => offered(request, handle, leg.clone(), events.clone()),
        DialogState::Info(_, request, handle) => {
            reply(&handle, StatusCode::OK).await;
            let content_type = message::content_type(&request).unwrap_or_default();
            send(events, LegEvent::Info { content_type, body: request.body }).await;
        }
        DialogState::Notify(_, request, handle) => {
            reply(&handle, StatusCode::OK).await;
            if let Some(code) = message::refer_status(&request.body) {
                send(events, LegEvent::ReferProgress { code }).await;
            }
        }
        DialogState::Options(_, _, handle) => reply(&handle, StatusCode::OK).await,
        DialogState::Refer(_, _, handle) => reply(&handle, StatusCode::Decline).await,
        DialogState::Message(_, _, handle) | DialogState::Publish(_, _, handle) => {
            let _ = handle.respond(StatusCode::MethodNotAllowed, Some(vec![message::allow(ALLOWED)]), None).await;
        }
        other => return Some(other),
    }
    None
}

/// A re-INVITE or UPDATE. The answer may take a while, so it is awaited aside.
fn offered(request: Request, handle: TransactionHandle, leg: Arc<LegState>, events: mpsc::Sender<LegEvent>) {
    tokio::spawn(async move {
        let Ok(mut headers) = leg.keeper.answer(&Said::read(&request.headers)) else {
            let _ = handle.respond(StatusCode::SessionIntervalTooSmall, Some(vec![leg.keeper.least()]), None).await;
            return;
        };
        if request.method == Method::Update && request.body.is_empty() {
            // A session refresh.
            let _ = handle.respond(StatusCode::OK, Some(headers), None).await;
            return;
        }
        let sdp = match message::sdp(&request) {
            Ok(sdp) => sdp,
            Err(status) => return reply(&handle, status).await,
        };
        let (answer, answered) = oneshot::channel();
        send(&events, LegEvent::Offer { sdp, reply: answer }).await;
        match tokio::time::timeout(OFFER, answered).await {
            Ok(Ok(ours)) => {
                leg.keeper.describe(&ours);
                headers.push(message::content("application/sdp"));
                let _ = handle.respond(StatusCode::OK, Some(headers), Some(ours)).await;
            }
            Ok(Err(_)) => reply(&handle, StatusCode::NotAcceptableHere).await,
            Err(_) => reply(&handle, StatusCode::ServerInternalError).await,
        }
    });
}

async fn reply(handle: &TransactionHandle, status: StatusCode) {
    // The transaction may be over; then nobody waits for the answer.
    let _ = handle.reply(status).await;
}

/// Waits while the call's task is slow; once it is gone, events are of no use.
pub(super) async fn send(events: &mpsc::Sender<LegEvent>, event: LegEvent) {
    let _ = events.send(event).await;
}
