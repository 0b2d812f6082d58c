//! The control plane, one folder per feature; `src/ARCHITECTURE.md` has the table of who may use whom.

pub mod audit;
pub mod auth;
pub mod backups;
pub mod bots;
pub mod browser_calls;
pub mod calls;
pub mod carriers;
pub mod console;
pub mod crm;
pub mod fleet;
pub mod knowledge;
pub mod mail;
pub mod numbers;
pub mod ops;
pub mod outbound;
pub mod permit;
pub mod phones;
pub mod privacy;
pub mod recordings;
pub mod runtime;
pub mod settings;
pub mod socket_calls;
pub mod transcripts;
pub mod webhooks;
