//! A credential as it stands in the contract between the two processes.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A credential on the way between the two processes: readable on the wire, never in debug output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct WireSecret(pub String);

impl fmt::Debug for WireSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireSecret(…)")
    }
}
