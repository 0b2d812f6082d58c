//! The registrar's memory and rules: where telephones are, which nonces are good, who guessed too often. Pure; no SIP messages.

mod bindings;
mod failures;
mod habits;
mod nonces;

pub(super) use bindings::{Bindings, LONGEST, SHORTEST};
pub(super) use failures::Failures;
pub(super) use habits::Habits;
pub(super) use nonces::{Nonces, Standing};
