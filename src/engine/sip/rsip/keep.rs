//! Keeps a call's session alive (RFC 4028): refreshes it in time where that is our part, and ends it when nobody did.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rsipstack::sip::{StatusCode, StatusCodeKind};
use tokio::time::Instant;

use super::leg::{LegState, REQUEST, hang_up};
use super::message;
use super::session_timer::{self, Due, Running, Said, Session};

/// How a refresh went.
enum Refreshed {
    /// Done; this was agreed.
    Done(Option<Session>),
    /// The far end wants at least so many seconds.
    Longer(u32),
    /// It may work a little later.
    Later,
    /// The far end knows nothing of the call.
    Gone,
}

/// Keeps the session of an answered call until it ends; the leg's task ends this one.
pub(super) async fn keep(leg: Arc<LegState>) {
    leg.keeper.begin();
    loop {
        if leg.keeper.due().await == Due::Refresh && refresh(&leg).await {
            continue;
        }
        leg.keeper.is_expired.store(true, Ordering::Relaxed);
        tracing::info!("A call ends because its session was not refreshed");
        // Aside, because the end of the leg ends this task. The far end is gone, most likely; the leg ends either way.
        tokio::spawn(hang_up(leg));
        return;
    }
}

/// Refreshes the session. False when the call is to be ended.
async fn refresh(leg: &LegState) -> bool {
    let Some(mut wanted) = leg.keeper.state().running.map(|running| running.session) else { return true };
    for _ in 0..2 {
        match ask(leg, wanted).await {
            Refreshed::Done(session) => {
                let mut state = leg.keeper.state();
                // A far end that does not answer with a time takes the refresh for a plain request; we go on as agreed.
                let session = session.unwrap_or(wanted);
                state.running = Some(Running::new(session, Instant::now()));
                return true;
            }
            Refreshed::Longer(least) if least > wanted.seconds => wanted.seconds = least,
            Refreshed::Longer(_) | Refreshed::Later => break,
            Refreshed::Gone => return false,
        }
    }
    if let Some(running) = &mut leg.keeper.state().running {
        running.failed(Instant::now());
    }
    true
}

async fn ask(leg: &LegState, wanted: Session) -> Refreshed {
    let (takes_update, sdp) = {
        let state = leg.keeper.state();
        (state.takes_update, state.sdp.clone())
    };
    let mut headers = session_timer::refresh(wanted, leg.keeper.times);
    let dialog = leg.dialog();
    let asked = async {
        if takes_update {
            return dialog.update(Some(headers), None).await;
        }
        headers.push(message::content("application/sdp"));
        dialog.reinvite_with_glare_retry(Some(headers), Some(sdp), 2).await
    };
    let Ok(Ok(Some(response))) = tokio::time::timeout(REQUEST, asked).await else { return Refreshed::Later };
    match response.status_code {
        StatusCode::CallTransactionDoesNotExist | StatusCode::RequestTimeout => Refreshed::Gone,
        StatusCode::SessionIntervalTooSmall => Said::read(&response.headers).least().map_or(Refreshed::Later, Refreshed::Longer),
        ref code if code.kind() == StatusCodeKind::Successful => Refreshed::Done(session_timer::agreed(&Said::read(&response.headers))),
        _ => Refreshed::Later,
    }
}
