//! All traffic that leaves this process: Unix sockets of the data folder, guarded targets, operator endpoints.

mod client;
#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod corpus;
mod failure;
mod guard;
#[cfg(test)]
mod guard_table;
mod idle;
mod message;
mod own;
mod pace;
mod places;
mod resolve;
mod send;
mod socket;
#[cfg(test)]
mod socket_tests;
mod tls;
pub mod unix;
mod url;

pub use client::{Outbound, OutboundOptions};
pub use failure::{Failure, NetError};
pub use guard::{Class, Guard};
pub use message::{Answer, Request};
pub use resolve::Resolver;
pub use socket::{Message, Refusal, Socket};
pub use url::{Host, Target};
