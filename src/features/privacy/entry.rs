//! One erasure, as the ledger keeps it.

use serde::{Deserialize, Serialize};

use crate::base::Millis;
use crate::base::id::ErasureId;
use crate::features::permit::DoNotCallChoice;

/// One erasure, as its line in the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) id: ErasureId,
    pub(super) at: Millis,
    /// The mark of the person.
    pub(super) person: String,
    /// Last four digits of the number.
    pub(super) phone_end: String,
    pub(super) requested_by: String,
    pub(super) do_not_call: DoNotCallChoice,
}
