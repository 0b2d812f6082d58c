//! Keeps a call's session alive (RFC 4028): refreshes it in time where that is our part, and ends it when nobody did.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rsipstack::sip::{Header, Response, StatusCode, StatusCodeKind};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::SessionTimes;
use super::leg::{LegState, REQUEST, hang_up};
use super::message;
use super::session_timer::{self, Due, Running, Said, Session, TooShort};

/// The session of a leg, as far as timers go.
pub(super) struct Keeper {
    times: SessionTimes,
    state: Mutex<State>,
    changed: Notify,
    /// Nobody refreshed it, so we ended it.
    is_expired: AtomicBool,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    takes_update: bool,
    /// Our last description, for a refresh by INVITE.
    sdp: Vec<u8>,
}

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

impl Keeper {
    pub(super) fn new(times: SessionTimes) -> Self {
        Self { times, state: Mutex::default(), changed: Notify::new(), is_expired: AtomicBool::new(false) }
    }

    /// Answers a request of the far end that begins or refreshes the session; the headers belong into the 200.
    pub(super) fn answer(&self, said: &Said) -> Result<Vec<Header>, TooShort> {
        let (session, headers) = session_timer::answer(said, self.times)?;
        self.agree(session, said);
        Ok(headers)
    }

    /// Takes over what an answer to our request says.
    pub(super) fn take(&self, response: &Response) {
        let said = Said::read(&response.headers);
        self.agree(session_timer::agreed(&said), &said);
    }

    fn agree(&self, session: Option<Session>, said: &Said) {
        let mut state = self.state();
        state.running = session.map(|session| Running::new(session, Instant::now()));
        state.takes_update = said.takes_update().unwrap_or(state.takes_update);
        drop(state);
        self.changed.notify_one();
    }

    /// What a request of ours within the call says, so that it does not end the timer. Nothing while there is none.
    pub(super) fn refresh_headers(&self) -> Vec<Header> {
        self.state().running.map_or_else(Vec::new, |running| session_timer::refresh(running.session, self.times))
    }

    /// The call is answered now: time begins.
    fn begin(&self) {
        let mut state = self.state();
        state.running = state.running.map(|running| Running::new(running.session, Instant::now()));
    }

    /// What a 422 says.
    pub(super) fn least(&self) -> Header {
        session_timer::least(self.times)
    }

    /// Remembers our last description.
    pub(super) fn describe(&self, sdp: &[u8]) {
        self.state().sdp = sdp.to_vec();
    }

    /// Whether we ended the call because nobody refreshed it.
    pub(super) fn is_expired(&self) -> bool {
        self.is_expired.load(Ordering::Relaxed)
    }

    /// Waits until something is to be done.
    async fn due(&self) -> Due {
        loop {
            let next = self.state().running.map(|running| running.next());
            let Some((at, due)) = next else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(at) => return due,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
