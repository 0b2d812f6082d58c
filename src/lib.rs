//! cxbox: an appliance for AI phone calls. Start reading at `src/ARCHITECTURE.md`.

pub mod app;
pub mod base;
pub mod cli;
pub mod contract;
pub mod engine;
pub mod features;
pub mod lab;
pub mod platform;
