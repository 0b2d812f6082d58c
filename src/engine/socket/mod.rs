//! Calls over WebSockets: JSON messages with sound in base64 are turned into plain RTP on loopback, so that it takes the same path as that of
//! every other call.
//!
//! `message` reads and writes the messages, `inflow` makes an even stream of what comes in pieces of any size, `line` moves both. What happens
//! is told as the events of a [`Leg`](crate::engine::sip::Leg). The socket itself is somebody else's: here it is a pair of queues, a [`Wire`].

mod inflow;
mod line;
mod message;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::sync::mpsc;

use crate::base::{Clock, Error};

pub use line::{Inside, Names};
pub use message::Start;

use message::Event;

/// How long the far end may take to say what call it is.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
/// How long a far end that reads nothing is waited for when something must be said.
const SAYS_WITHIN: Duration = Duration::from_secs(2);

/// Codes of closing (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;
const CANNOT_ACCEPT: u16 = 1003;
const BROKEN_DATA: u16 = 1007;
const POLICY: u16 = 1008;
const TRY_LATER: u16 = 1013;

/// What the far end sent.
#[derive(Debug)]
pub enum Came {
    /// A text.
    Text(String),
    /// Bytes, which have no meaning here.
    Bytes,
}

/// What is sent to the far end.
#[derive(Debug)]
pub enum Sent {
    /// A text.
    Text(String),
    /// The last there is: the socket is closed with this code.
    Close(u16, String),
}

/// An open socket. It is closed when both queues are dropped; the far end has closed it when nothing comes any more.
#[derive(Debug)]
pub struct Wire {
    /// What comes.
    pub from: mpsc::Receiver<Came>,
    /// What goes.
    pub to: mpsc::Sender<Sent>,
}

impl Wire {
    /// Says something that must not get lost, unless the far end reads nothing.
    async fn say(&self, what: Sent) {
        // Whoever does not read will find out by the end of the connection.
        let _ = tokio::time::timeout(SAYS_WITHIN, self.to.send(what)).await;
    }

    /// Says what is wrong and closes.
    async fn refuse(&self, code: u16, word: &str, sentence: &str) {
        self.say(Sent::Text(message::error(word, sentence))).await;
        self.say(Sent::Close(code, word.to_owned())).await;
    }
}

/// A socket whose call is known and has no media yet.
pub struct Opening {
    /// What the far end said of the call.
    pub start: Start,
    wire: Wire,
}

impl Opening {
    /// Waits for `start`. A far end that says anything else, or nothing, is told so and closed.
    pub async fn begin(mut wire: Wire, clock: &Clock) -> Option<Self> {
        let late = clock.sleep(STARTS_WITHIN);
        tokio::pin!(late);
        loop {
            let came = tokio::select! {
                came = wire.from.recv() => came?,
                () = &mut late => {
                    wire.refuse(POLICY, "no_start", "no start came within ten seconds").await;
                    return None;
                }
            };
            let Came::Text(text) = came else {
                wire.refuse(CANNOT_ACCEPT, "not_text", "messages are JSON in text frames").await;
                return None;
            };
            match message::read(&text) {
                Ok(Event::Connected) => {}
                Ok(Event::Start(start)) => return Some(Self { start, wire }),
                Ok(Event::HangUp) => return None,
                Ok(_) => {
                    wire.refuse(POLICY, "no_start", "the first message after connected must be start").await;
                    return None;
                }
                Err(sentence) => {
                    wire.refuse(BROKEN_DATA, "bad_message", &sentence).await;
                    return None;
                }
            }
        }
    }

    /// Tells the far end why there is no call, and closes.
    pub async fn refuse(self, error: &Error) {
        self.wire.refuse(TRY_LATER, error.stable_code(), error.message()).await;
    }
}
