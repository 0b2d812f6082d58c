//! Helpers with no I/O that every floor may use.

pub mod backoff;
pub mod clock;
pub mod csv;
pub mod digest;
pub mod email;
pub mod error;
pub mod id;
pub mod mapping;
pub mod page;
pub mod phone;
pub mod random;
pub mod seal;
pub mod secret;
pub mod template;
pub mod words;

pub use clock::{Clock, Millis};
pub use error::{Context, Error, Kind, Result};
pub use random::Random;
