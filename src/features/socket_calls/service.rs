//! What can be done with calls over WebSockets.

use std::sync::Arc;

use tracing::info;

use crate::base::id::{BotId, CallId, SessionId};
use crate::base::{Error, Random, Result};
use crate::contract::socket::{FromSocket, SocketCall};
use crate::features::bots::{BotStatus, Bots};
use crate::features::fleet::Fleet;
use crate::platform::access::Actor;
use crate::platform::db::Db;
use crate::platform::net::Answer;

/// What the slice is built from.
pub struct SocketCallsSetup {
    /// The database.
    pub db: Db,
    /// Randomness, for keys of calls.
    pub random: Random,
    /// The bots that are talked with.
    pub bots: Bots,
    /// The engines.
    pub fleet: Fleet,
}

/// Calls over WebSockets. Cheap to clone.
#[derive(Clone)]
pub struct SocketCalls {
    inner: Arc<SocketCallsSetup>,
}

impl SocketCalls {
    /// The slice over its parts.
    pub fn new(setup: SocketCallsSetup) -> Self {
        Self { inner: Arc::new(setup) }
    }

    /// Hands a handshake to an engine; what comes back has status 101, its connection is the engine's side of the socket. `NotFound` for a bot
    /// that is unknown or takes no calls; else fails as a call from a browser does.
    pub(super) async fn open(&self, actor: &Actor, bot_id: BotId, handshake: &[(String, String)]) -> Result<Answer> {
        let (bots, id) = (self.inner.bots.clone(), bot_id.clone());
        let bot = self.inner.db.read(move |conn| bots.find_published(conn, &id)).await?;
        match bot.map(|bot| bot.body.status) {
            None => return Err(Error::not_found(format!("no bot {bot_id}"))),
            Some(BotStatus::Active) => {}
            Some(status) => {
                let sentence = format!("the bot {bot_id} is {} and takes no calls", status.word());
                return Err(Error::not_found(sentence).code("bot_not_active"));
            }
        }
        let (call_id, session_id) = (CallId::new(&self.inner.random), SessionId::new(&self.inner.random));
        let from = FromSocket { bot_id, user: Some(actor.name.clone()), stream_id: None };
        let call = SocketCall { call_id, session_id, from };
        let answer = self.inner.fleet.socket_call(&call, handshake).await?;
        info!(call.id = %call.session_id, "A WebSocket calls: {}", call.session_id);
        Ok(answer)
    }
}
