//! Starting the real program and talking to it.

mod appliance;
mod http;
mod ports;

pub use appliance::{Appliance, Setup, binary};
pub use ports::until;
