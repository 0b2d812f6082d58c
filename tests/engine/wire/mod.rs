//! SIP and RTP without a call behind them: ours against ours, SIPp and raw sockets.

mod bad_network;
mod calls;
mod encryption;
mod hostile;
mod media;
mod party;
mod peer;
mod registrar;
mod replaces;
mod sipp;
mod timers;

pub use party::{Both, Party, audio_level, connect, kept_events, tone};
pub use peer::{RawPhone, Sipp};

use std::future::Future;
use std::time::Duration;

/// Waits, but not for ever.
pub async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it happens within 20 seconds")
}

/// The next one, or a clear failure.
pub async fn next<T>(receiver: &mut tokio::sync::mpsc::Receiver<T>) -> T {
    soon(receiver.recv()).await.expect("there is a next one")
}

/// The next thing that happens on a leg, but that the far end has the call.
pub async fn heard(events: &mut tokio::sync::mpsc::Receiver<cxbox::engine::sip::LegEvent>) -> cxbox::engine::sip::LegEvent {
    loop {
        match next(events).await {
            cxbox::engine::sip::LegEvent::Proceeding => {}
            event => return event,
        }
    }
}
