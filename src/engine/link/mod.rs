//! The engine's side of the link to the control plane: asks, reports, results that survive crashes, commands.

mod admission;
mod answer;
pub mod client;
pub mod commands;
pub mod journal;
pub mod report;
pub mod spool;
pub mod trunks;

pub use client::Control;
