//! `Idempotency-Key`: the same request of the same caller is carried out once, and answered the same way for a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

use super::ask::refused;
use super::model::Placed;
use crate::base::{Error, Kind, Result};
use crate::platform::access::{Actor, Via};

/// Longest key, in bytes.
const LONGEST: usize = 255;

/// A key and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct OnceKey {
    pub(super) caller: String,
    pub(super) key: String,
}

impl OnceKey {
    /// The key a caller has sent, if it has. An API key is a caller of its own.
    pub(super) fn of(actor: &Actor, sent: Option<&[u8]>) -> Result<Option<Self>> {
        let Some(sent) = sent else { return Ok(None) };
        let is_key = (1..=LONGEST).contains(&sent.len()) && sent.iter().all(|b| (0x20..0x7f).contains(b));
        let key = String::from_utf8(sent.to_vec()).ok().filter(|_| is_key);
        let key = key.ok_or_else(|| refused("Idempotency-Key", "must be 1 to 255 printable ASCII characters"))?;
        let caller = match &actor.via {
            Via::ApiKey(id) => id.to_string(),
            Via::Oidc | Via::Login | Via::Local | Via::Link => actor.user_id.to_string(),
        };
        Ok(Some(Self { caller, key }))
    }
}

/// What a request was answered, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It was taken.
    Placed(Placed),
    /// An order was made, but no engine took it.
    NoEngine {
        /// Whether an engine answered at all.
        is_reached: bool,
        /// The sentence.
        message: String,
    },
}

impl Answer {
    /// What to keep of a result; nothing of a failure that made no order.
    pub(super) fn of(result: &Result<Placed>) -> Self {
        match result {
            Ok(placed) => Self::Placed(placed.clone()),
            Err(error) => Self::NoEngine { is_reached: error.kind() != Kind::Upstream, message: error.message().to_owned() },
        }
    }

    /// The same result again.
    pub(super) fn again(self) -> Result<Placed> {
        match self {
            Self::Placed(placed) => Ok(placed),
            Self::NoEngine { is_reached: true, message } => Err(no_capacity(message)),
            Self::NoEngine { is_reached: false, message } => Err(unreachable(message)),
        }
    }
}

/// No engine takes a call now.
pub(super) fn no_capacity(message: String) -> Error {
    Error::unavailable(message).code("no_capacity").retry_after(10)
}

/// No engine answers.
pub(super) fn unreachable(message: String) -> Error {
    Error::upstream(message).code("bridge_unreachable")
}

/// The keys whose first request is at work in this process. A repeat waits for its turn and then finds the answer.
#[derive(Debug, Default)]
pub(super) struct AtWork {
    turns: Mutex<HashMap<OnceKey, Weak<tokio::sync::Mutex<()>>>>,
}

impl AtWork {
    /// Waits until no other request with this key is at work.
    pub(super) async fn turn(&self, key: &OnceKey) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let found = turns.get(key).and_then(Weak::upgrade);
            found.unwrap_or_else(|| {
                turns.retain(|_, turn| turn.strong_count() > 0);
                let made = Arc::default();
                turns.insert(key.clone(), Arc::downgrade(&made));
                made
            })
        };
        turn.lock_owned().await
    }
}
