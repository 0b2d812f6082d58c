//! The engine's side of the link to the control plane: asks, reports, results that survive crashes, commands.

pub mod admission;
mod answer;
mod callback;
pub mod client;
pub mod commands;
pub mod journal;
mod knowledge;
pub mod logs;
pub mod phones;
mod recording;
pub mod report;
mod sockets;
pub mod spool;
pub mod trunks;

pub(in crate::engine) use answer::refusal;
pub use client::Control;
