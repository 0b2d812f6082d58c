//! What a SIP account is, and whose name can be one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{PhoneId, UserId};
use crate::base::{Error, Millis, Result};
use crate::contract::phone::Registration;

/// Body of `POST /api/v1/phones`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPhone {
    /// Name or id of the person.
    pub user: String,
}

/// A SIP account as it is read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhoneView {
    /// The account.
    pub id: PhoneId,
    /// The person it belongs to.
    pub user_id: UserId,
    /// That person's name; routes may point at it.
    pub user: String,
    /// Name the telephone signs in with.
    pub sip_username: String,
    /// Realm it signs in to; also the domain of its address.
    pub realm: String,
    /// Whether a telephone is registered now.
    pub is_registered: bool,
    /// The telephones that are registered now.
    pub registrations: Vec<Registration>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// Who made it.
    pub created_by: String,
    /// When its password was made.
    #[schema(value_type = String, format = DateTime)]
    pub password_changed_at: Millis,
}

/// A SIP account with its new password, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhoneSecret {
    /// The account.
    #[serde(flatten)]
    pub phone: PhoneView,
    /// Password of the telephone. It is kept nowhere.
    pub sip_password: String,
}

/// The name a person's telephone signs in with: theirs in lower case, if SIP can carry it.
pub(super) fn sip_username(name: &str) -> Result<String> {
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits {
        return Ok(name.to_ascii_lowercase());
    }
    let sentence = "this person's name cannot be a SIP name: it may have letters, digits and - _ . only";
    Err(Error::invalid(sentence).field("user", sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_a_sip_name_in_lower_case() {
        assert_eq!(sip_username("Alex.B-2").unwrap(), "alex.b-2");
        for unfit in ["", "Alex B", "alex@example.com", "ålex", "a\"b", &"x".repeat(65)] {
            assert!(sip_username(unfit).is_err(), "{unfit}");
        }
    }
}
