//! Orders to erase a person and what came of them, as they are sent and shown. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{ErasureId, SessionId};
use crate::base::{Error, Millis, Result};
use crate::features::permit::DoNotCallChoice;

/// Fewest letters or digits of a number, so that a slip of the pen erases nobody else.
const FEWEST: usize = 5;
/// Longest number, in bytes.
const LONGEST: usize = 64;

/// Who is to be erased.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseOrder {
    /// The number with its country code, or the name a caller of another kind calls by.
    pub phone: String,
    /// What becomes of the number's do-not-call entry: `hash` (the default), `keep` or `remove`.
    #[serde(default)]
    pub do_not_call: DoNotCallChoice,
}

/// What an erasure removed. The person is known by the last digits and a keyed mark only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErasureView {
    /// Key of this erasure.
    pub id: ErasureId,
    /// Last four digits of the number.
    pub phone_end: String,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// What became of the do-not-call entry.
    pub do_not_call: String,
    /// Calls that were made anonymous.
    pub n_calls: u64,
    /// Calls that stayed as they are, because they are on legal hold.
    pub n_held: u64,
    /// Recordings that were removed.
    pub n_recordings: u64,
    /// Transcripts that were removed.
    pub n_transcripts: u64,
    /// Outbound orders that were removed.
    pub n_orders: u64,
    /// Webhook deliveries that were removed.
    pub n_deliveries: u64,
    /// Mails that were removed from the list; a mail that was sent is with its reader.
    pub n_mails: u64,
    /// The calls on hold; only in the answer to the order itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<SessionId>,
}

/// A number as it is looked for: trimmed, not too short.
pub(super) fn phone(text: &str) -> Result<String> {
    let text = text.trim();
    let n_letters = text.chars().filter(char::is_ascii_alphanumeric).count();
    let fits = n_letters >= FEWEST && text.len() <= LONGEST && !text.chars().any(char::is_control);
    if fits {
        return Ok(text.to_owned());
    }
    let sentence = "must be a number with its country code, such as +15551234567, or a name with at least five letters or digits";
    Err(Error::invalid(format!("phone {sentence}")).field("phone", sentence))
}

/// The last four letters or digits of a number.
pub(super) fn end_of(phone: &str) -> String {
    let letters: Vec<char> = phone.chars().filter(char::is_ascii_alphanumeric).collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_could_be_anybodys_is_refused() {
        assert_eq!(phone(" +15551234567 ").expect("taken"), "+15551234567");
        for bad in ["", "+123", "    ", "a\u{0}bcdef", &"1".repeat(65)] {
            assert_eq!(phone(bad).expect_err("refused").fields()[0].field, "phone");
        }
        assert_eq!((end_of("+1 555-12 34"), end_of("ab")), ("1234".to_owned(), "ab".to_owned()));
    }
}
