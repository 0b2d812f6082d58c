//! The lab: peers that behave always alike, for development and tests without keys, carriers or a network.

pub mod ai;
pub mod demo;
pub mod load;
pub mod phone;
