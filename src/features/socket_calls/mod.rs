//! Calls over WebSockets: who may open one, and the way of its bytes to an engine. Owns no tables, announces no facts and hears none.
//!
//! The handshake is passed to the freest engine, which speaks the protocol (`engine/socket`); here nothing of it is read. The engine asks for
//! the bot as for every incoming call (`features/runtime/socket.rs`), so all else is the same.

mod routes;
mod service;

pub use routes::routes;
pub use service::{SocketCalls, SocketCallsSetup};

use crate::platform::access::{Permission, Role};

/// May talk with any bot over a WebSocket.
pub enum CallBySocket {}

impl Permission for CallBySocket {
    const RANK: Role = Role::Admin;
}
