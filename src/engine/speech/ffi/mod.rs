//! The two C libraries, each behind a safe type. Only the speech worker, a process of its own, calls them.

mod alsa;
mod flite;
mod sphinx;

pub(crate) use flite::Flite;
pub(crate) use sphinx::{Decoded, ModelPaths, Sphinx};
