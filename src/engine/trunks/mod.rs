//! Upkeep of the carriers' trunks: registers where a trunk wants it, asks every one whether it is there, and tells the control plane.

mod health;
mod keep;
mod report;
mod tend;
mod upkeep;

pub use keep::TrunkKeeper;
pub use upkeep::{Checked, Upkeep};
