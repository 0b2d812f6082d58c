//! All traffic that leaves this process: Unix sockets of the data folder, guarded targets, operator endpoints.

mod failure;
mod message;
mod send;
pub mod unix;

pub use failure::{Failure, NetError};
pub use message::{Answer, Request};
