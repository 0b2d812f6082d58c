//! Where large things lie, recordings above all. On local disk; other stores would stand beside it.

mod disk;
mod key;

pub use disk::{Object, Objects};
pub use key::ObjectKey;
