//! Who is calling and what they may do. Logins live in `features/auth`; this floor only checks.

mod caller;
mod can;
mod doors;
mod gate;
mod misses;
mod peer;

pub use caller::{Actor, Authenticate, Caller, Role, Via};
pub use can::{Can, EngineOnly, Permission, known_caller};
pub use doors::{Doors, doors};
pub use gate::{Refusal, gate};
pub use misses::Misses;
pub use peer::{Entrance, Peer};
