//! Shapes that cross a process or are stored as JSON. Both wings speak only through these.

pub mod browser;
pub mod callback;
pub mod chat;
pub mod config;
pub mod crm;
pub mod event;
pub mod fact;
pub mod fleet;
pub mod flow;
pub mod inbound;
pub mod knowledge;
pub mod log;
pub mod mcp;
pub mod phone;
pub mod provider;
pub mod result;
pub mod socket;
pub mod trunk;
pub mod turn;
pub mod wire_secret;

/// Version of the contract between control plane and engine. Adoption of a running engine requires the same one.
pub const CONTRACT_VERSION: u32 = 1;

/// The internal header (seed 000). Its other spelling is accepted, never sent.
pub const SECRET_HEADER: &str = "X-CXBCore-Secret";
/// The accepted second spelling of the internal header (decision 8).
pub const SECRET_HEADER_ALIAS: &str = "X-CXB-Core-Secret";
/// The local header of the command line: the internal secret again, and good only over `run/control.sock`.
pub const LOCAL_HEADER: &str = "X-CXBox-Local";
