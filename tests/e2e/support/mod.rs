//! Starting the real program and talking to it.

mod appliance;
mod baresip;
mod hooks;
mod http;
pub mod kamailio;
mod peer;
mod ports;
pub mod release;
pub mod sound;
pub mod stage;
#[path = "../../sound/voice.rs"]
pub mod voice;

pub use appliance::{Appliance, Setup, binary};
pub use baresip::Baresip;
pub use hooks::Hooks;
pub use http::Http;
pub use kamailio::Kamailio;
pub use peer::Peer;
pub use ports::{free_port, free_range, until};
pub use stage::reception;
