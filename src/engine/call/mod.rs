//! A call, from INVITE to result: the only part of the engine that knows both SIP and sound.
//!
//! `state` decides what becomes of the call and `pipeline::turn` what is said; `session` moves messages between them and the world.

#[cfg(test)]
mod adversary_tests;
mod aftercare;
mod browser;
mod consult;
mod disposition;
mod ears;
mod encryption;
mod exchange;
mod gathered;
mod hands;
mod inbound;
mod inside;
mod live;
mod outbound;
mod pick_up;
mod prepare;
mod record;
mod result;
mod ring;
mod session;
mod socket;
mod state;
mod talk;
mod timers;
mod transfer;

pub use browser::take_browser;
pub use exchange::{Exchange, Parts, ProviderSource};
pub use inbound::take;
pub use live::{Live, Order, Seat};
pub use outbound::dial;
pub use socket::take_socket;
