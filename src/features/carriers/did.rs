//! What a number of a carrier (a DID) is, and whether it can be accepted. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{BotId, CarrierId, DidId};
use crate::base::{Error, Millis, Result};

/// Longest label, in characters.
const LONGEST_LABEL: usize = 200;

/// What a number of a carrier is used for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DidDirection {
    /// People call it.
    Inbound,
    /// Calls show it.
    Outbound,
    /// Both.
    #[default]
    Both,
}

impl DidDirection {
    /// The word in the database.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Both => "both",
        }
    }

    /// The direction of a stored word.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "inbound" => Self::Inbound,
            "outbound" => Self::Outbound,
            _ => Self::Both,
        }
    }
}

/// A number of a carrier as it is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DidBody {
    /// The number, as the carrier writes it: an optional `+` and 2 to 15 digits. No two carriers have the same one.
    #[schema(pattern = r"^\s*\+?[0-9]{2,15}\s*$")]
    pub number: String,
    /// What people call it.
    #[schema(max_length = 200)]
    pub label: String,
    /// What it is used for.
    pub direction: DidDirection,
    /// The bot that answers calls to it, where no inbound route says otherwise. None: the virtual number of the same digits, or the catch-all.
    pub bot_id: Option<BotId>,
}

/// A number of a carrier as it is read.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DidView {
    /// The number's row.
    pub id: DidId,
    /// Whose it is.
    pub carrier_id: CarrierId,
    /// What was written.
    #[serde(flatten)]
    pub body: DidBody,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// What two writings of one number have in common: its digits.
pub(super) fn digits(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// The number without spaces round its texts, or a refusal that names every wrong field.
pub(super) fn checked(mut body: DidBody) -> Result<DidBody> {
    for text in [&mut body.number, &mut body.label] {
        *text = text.trim().to_owned();
    }
    body.bot_id = body.bot_id.filter(|id| !id.as_str().trim().is_empty());
    let mut wrong: Vec<(&str, &str)> = Vec::new();
    let n_digits = digits(&body.number).len();
    if !(2..=15).contains(&n_digits) || !digits(&body.number).bytes().all(|b| b.is_ascii_digit()) {
        wrong.push(("number", "must be an optional + and 2 to 15 digits, such as +15551234567"));
    }
    if body.label.chars().count() > LONGEST_LABEL || body.label.chars().any(char::is_control) {
        wrong.push(("label", "must have at most 200 characters and no line ends"));
    }
    if body.bot_id.is_some() && body.direction == DidDirection::Outbound {
        wrong.push(("bot_id", "must be left out: nobody calls a number whose direction is outbound"));
    }
    match wrong.first() {
        None => Ok(body),
        Some((field, sentence)) => {
            let error = Error::invalid(format!("{field}: {sentence}"));
            Err(wrong.iter().fold(error, |error, (field, sentence)| error.field(*field, *sentence)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_refusal_names_its_field() {
        let good = json!({ "number": " +15551234567 ", "label": "Front desk", "direction": "inbound", "bot_id": "bot_1" });
        let read = |body: serde_json::Value| checked(serde_json::from_value(body).unwrap());
        assert_eq!(read(good.clone()).unwrap().number, "+15551234567");
        for (field, value) in [
            ("number", json!("")),
            ("number", json!("+")),
            ("number", json!("1")),
            ("number", json!("++1555")),
            ("number", json!("1555x")),
            ("number", json!("1234567890123456")),
            ("label", json!("a\nb")),
            ("label", json!("x".repeat(201))),
            ("bot_id", json!("bot_1")),
        ] {
            let mut body = good.clone();
            body[field] = value;
            if field == "bot_id" {
                body["direction"] = json!("outbound");
            }
            assert_eq!(read(body).unwrap_err().fields()[0].field, field);
        }
    }
}
