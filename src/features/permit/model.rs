//! What the gate is asked, and what it answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::{Error, Millis};

/// A call that somebody wants to place.
#[derive(Debug, Clone, Copy)]
pub struct CallWish<'a> {
    /// Whom: E.164.
    pub phone: &'a str,
    /// Who wants it.
    pub origin: WishOrigin,
    /// When.
    pub now: Millis,
}

/// Who wants a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WishOrigin {
    /// Somebody asks for this number now; asking puts it on the whitelist.
    Asked,
    /// The box itself dials again or later; the number must still be on the whitelist.
    Planned,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Dial.
    Allow,
    /// Not before this moment, when the calling window opens.
    WaitUntil(Millis),
    /// Not this number.
    Refuse {
        /// In one word, such as `do_not_call`.
        reason: &'static str,
        /// In a sentence for people.
        sentence: String,
    },
}

/// The error of a call that the gate refuses (decision 20).
pub fn refused(reason: &'static str, sentence: &str) -> Error {
    Error::invalid(format!("{sentence} ({reason})")).code("call_not_permitted").because(reason).about("phone")
}

/// A number that may be dialled again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WhitelistEntry {
    /// The number.
    pub(super) phone: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub(super) added_at: Millis,
    /// By whom.
    pub(super) added_by: String,
}

/// A number that is never dialled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DoNotCallEntry {
    /// The number.
    pub(super) phone: String,
    /// Why it is here.
    pub(super) note: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub(super) added_at: Millis,
    /// By whom.
    pub(super) added_by: String,
}

/// A number for the whitelist.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNumber {
    /// The number with its country code, such as `+1 555 123 4567`.
    pub(super) phone: String,
}

/// A number for the do-not-call list.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEntry {
    /// The number with its country code, such as `+1 555 123 4567`.
    pub(super) phone: String,
    /// Why.
    #[serde(default)]
    pub(super) note: String,
}

/// A question to the gate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The number with its country code.
    pub(super) phone: String,
    /// When; now if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) at: Option<Millis>,
}

/// What the gate would say to a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Advice {
    /// The number.
    pub(super) phone: String,
    /// `allow`, `wait` or `refuse`.
    pub(super) verdict: &'static str,
    /// Why it is refused, in one word.
    pub(super) reason: Option<&'static str>,
    /// Why it is refused, in a sentence.
    pub(super) sentence: Option<String>,
    /// When the window opens.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) wait_until: Option<Millis>,
    /// The country of the number; none if it is not known.
    pub(super) country: Option<&'static str>,
    /// The time zones whose clocks count.
    pub(super) time_zones: Vec<String>,
}
