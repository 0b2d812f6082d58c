//! The connection of one call: kept open between utterances, opened anew when it broke.

use std::time::Duration;

use tokio::sync::mpsc;
use tracing::debug;

use super::super::endpoint::{Endpoint, nonsense, unreachable};
use super::super::live::{Partials, Spoken};
use super::results::{Change, Words};
use crate::base::Clock;
use crate::engine::providers::{Heard, ProviderError};
use crate::platform::net::{Message, NetError, Socket};

/// The service closes a connection on which nothing was said for ten seconds.
const ALIVE_EVERY: Duration = Duration::from_secs(4);
/// How long the last words may take once the caller has stopped.
const LAST_WITHIN: Duration = Duration::from_secs(3);
/// The service is silent for so long after words that are certain: there are no more.
const SETTLED_AFTER: Duration = Duration::from_millis(600);

const KEEP_ALIVE: &str = r#"{"type":"KeepAlive"}"#;
const FINALIZE: &str = r#"{"type":"Finalize"}"#;
const CLOSE: &str = r#"{"type":"CloseStream"}"#;

/// A connection and how much sound went over it.
struct Open {
    socket: Socket,
    rate: u32,
    n_samples: u64,
}

/// The connection of one call.
pub(super) struct Line {
    endpoint: Endpoint,
    path: String,
    clock: Clock,
    open: Option<Open>,
}

impl Line {
    pub(super) fn new(endpoint: Endpoint, path: String, clock: Clock) -> Self {
        Self { endpoint, path, clock, open: None }
    }

    /// Understands one utterance after the other until nobody can ask any more.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Spoken>, rate: u32) {
        if let Err(error) = self.connect(rate).await {
            debug!(error = %error.message, "The recogniser cannot be reached ahead of the call");
        }
        loop {
            tokio::select! {
                spoken = waiting.recv() => match spoken {
                    Some(spoken) => self.serve(spoken).await,
                    None => break,
                },
                () = self.clock.sleep(ALIVE_EVERY) => self.keep_alive().await,
                () = closed(&mut self.open) => self.open = None,
            }
        }
        if let Some(mut open) = self.open {
            // The call is over; who does not take the goodbye is gone.
            let _ = open.socket.send(Message::Text(CLOSE.to_owned())).await;
            open.socket.close().await;
        }
    }

    async fn connect(&mut self, rate: u32) -> Result<&mut Open, ProviderError> {
        let socket = self.endpoint.socket(&format!("{}&sample_rate={rate}", self.path)).await?;
        Ok(self.open.insert(Open { socket, rate, n_samples: 0 }))
    }

    async fn keep_alive(&mut self) {
        if let Some(open) = &mut self.open
            && open.socket.send(Message::Text(KEEP_ALIVE.to_owned())).await.is_err()
        {
            self.open = None;
        }
    }

    async fn serve(&mut self, spoken: Spoken) {
        let Spoken { rate, sound, partials, mut reply } = spoken;
        let heard = tokio::select! {
            heard = self.understand(rate, sound, &partials) => Some(heard),
            () = reply.closed() => None,
        };
        // After a failure, or in the middle of words, nobody knows what the connection says next.
        if !matches!(heard, Some(Ok(_))) {
            self.open = None;
        }
        if let Some(heard) = heard {
            // Nobody may want it any more.
            let _ = reply.send(heard);
        }
    }

    async fn understand(&mut self, rate: u32, mut sound: mpsc::Receiver<Vec<i16>>, partials: &Partials) -> Result<Heard, ProviderError> {
        let clock = self.clock.clone();
        let open = match self.open.take().filter(|open| open.rate == rate) {
            Some(open) => self.open.insert(open),
            None => self.connect(rate).await?,
        };
        let mut words = Words::from(open.seconds());
        loop {
            tokio::select! {
                piece = sound.recv() => match piece {
                    Some(samples) => open.hear(&samples).await?,
                    None => break,
                },
                message = open.socket.next() => {
                    take(message, &mut words, partials)?;
                }
            }
        }
        open.say(FINALIZE).await?;
        let last = clock.sleep(LAST_WITHIN);
        tokio::pin!(last);
        loop {
            let is_certain = words.is_certain();
            tokio::select! {
                message = open.socket.next() => if take(message, &mut words, partials)? {
                    return Ok(words.heard());
                },
                () = clock.sleep(SETTLED_AFTER), if is_certain => return Ok(words.heard()),
                () = &mut last => break,
            }
        }
        if words.is_empty() { Err(nonsense("the recogniser did not answer")) } else { Ok(words.heard()) }
    }
}

impl Open {
    fn seconds(&self) -> f64 {
        self.n_samples as f64 / f64::from(self.rate)
    }

    async fn hear(&mut self, samples: &[i16]) -> Result<(), ProviderError> {
        self.n_samples += samples.len() as u64;
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.socket.send(Message::Bytes(bytes.into())).await.map_err(|error| unreachable(&error))
    }

    async fn say(&mut self, text: &str) -> Result<(), ProviderError> {
        self.socket.send(Message::Text(text.to_owned())).await.map_err(|error| unreachable(&error))
    }
}

/// Takes what the service sent. Says whether that was all.
fn take(message: Result<Option<Message>, NetError>, words: &mut Words, partials: &Partials) -> Result<bool, ProviderError> {
    match message.map_err(|error| unreachable(&error))? {
        Some(Message::Text(text)) => match words.take(&text).map_err(nonsense)? {
            Change::Words(so_far) => partials(&so_far),
            Change::Finished => return Ok(true),
            Change::None => {}
        },
        Some(Message::Bytes(_)) => {}
        None => return Err(nonsense("the recogniser closed the connection")),
    }
    Ok(false)
}

/// Waits until a connection has ended; what comes meanwhile belongs to nobody.
async fn closed(open: &mut Option<Open>) {
    match open {
        Some(open) => while let Ok(Some(_)) = open.socket.next().await {},
        None => std::future::pending().await,
    }
}
