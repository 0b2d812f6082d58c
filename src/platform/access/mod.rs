//! Who is calling and what they may do. Logins live in `features/auth`; this floor only checks.

mod caller;
mod can;

pub use caller::{Actor, Authenticate, Caller, Role, Via};
pub use can::{Can, EngineOnly, Permission};
