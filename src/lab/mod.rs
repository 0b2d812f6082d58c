//! The lab: peers that behave always alike, for development and tests without keys, carriers or a network.

pub mod ai;
mod api;
pub mod bench;
pub mod demo;
pub mod load;
pub mod phone;
pub mod replay;
pub mod wave;
mod world;
