//! What keeps a call's session alive (RFC 4028), as the leg and whoever refreshes it share it: what was agreed, and what is due when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rsipstack::sip::{Header, Response};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::SessionTimes;
use super::session_timer::{self, Due, Running, Said, Session, TooShort};

/// The session of a leg, as far as timers go.
pub(super) struct Keeper {
    pub(super) times: SessionTimes,
    state: Mutex<State>,
    changed: Notify,
    /// Nobody refreshed it, so we ended it.
    pub(super) is_expired: AtomicBool,
}

/// What is agreed at present.
#[derive(Default)]
pub(super) struct State {
    pub(super) running: Option<Running>,
    pub(super) takes_update: bool,
    /// Our last description, for a refresh by INVITE.
    pub(super) sdp: Vec<u8>,
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
    pub(super) fn begin(&self) {
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
    pub(super) async fn due(&self) -> Due {
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
