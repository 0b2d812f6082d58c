//! What follows from an attempt to push: sent, again later, or failed. Pure.

use std::time::Duration;

use crate::contract::crm::PostCallPush;

/// The longest wish of a CRM that is granted.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    /// The CRM answered.
    Status {
        /// Its status.
        status: u16,
        /// Its `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// It did not.
    Network,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The CRM has it.
    Sent,
    /// Another attempt after this long.
    Again(Duration),
    /// No further attempt by itself.
    Failed,
}

/// What follows from the attempt number `attempt` (1 for the first).
pub(super) fn next(push: &PostCallPush, answered: &Answered, attempt: u32) -> Next {
    let (may_retry, wish) = match answered {
        Answered::Status { status, .. } if (200..300).contains(status) => return Next::Sent,
        Answered::Status { status, retry_after } => (push.retry_on.iter().any(|word| names_status(word, *status)), *retry_after),
        Answered::Network => (push.retry_on.iter().any(|word| word == "network"), None),
    };
    if !may_retry || attempt >= push.max_attempts {
        return Next::Failed;
    }
    let n = usize::try_from(attempt).unwrap_or(usize::MAX).saturating_sub(1);
    let pause = push.backoff.get(n).or(push.backoff.last()).copied().unwrap_or(5);
    let wish = wish.map(Duration::from_secs).unwrap_or_default().min(MOST_RETRY_AFTER);
    Next::Again(Duration::from_secs(pause.into()).max(wish))
}

/// Whether a word such as `408` or `5xx` names a status.
fn names_status(word: &str, status: u16) -> bool {
    match word.strip_suffix("xx") {
        Some(class) => class.parse() == Ok(status / 100),
        None => word.parse() == Ok(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_list_of_the_bot_says_what_is_tried_again_and_how_often() {
        let again = |seconds| Next::Again(Duration::from_secs(seconds));
        let status = |status| Answered::Status { status, retry_after: None };
        let wish = |status, seconds| Answered::Status { status, retry_after: Some(seconds) };
        let table: Vec<(Value, Answered, u32, Next)> = vec![
            (json!({}), status(200), 1, Next::Sent),
            (json!({}), status(204), 4, Next::Sent),
            (json!({}), status(301), 1, Next::Failed),
            (json!({}), status(400), 1, Next::Failed),
            (json!({}), status(408), 1, again(5)),
            (json!({}), status(500), 2, again(30)),
            (json!({}), status(503), 3, again(120)),
            (json!({}), status(503), 4, Next::Failed),
            (json!({}), Answered::Network, 1, again(5)),
            (json!({}), wish(429, 60), 1, again(60)),
            (json!({}), wish(429, 1), 1, again(5)),
            (json!({}), wish(429, 999_999), 1, again(3600)),
            (json!({ "retry_on": ["409"] }), status(409), 1, again(5)),
            (json!({ "retry_on": ["409"] }), status(500), 1, Next::Failed),
            (json!({ "retry_on": [] }), Answered::Network, 1, Next::Failed),
            (json!({ "max_attempts": 1 }), status(500), 1, Next::Failed),
            (json!({ "backoff": [2], "max_attempts": 9 }), status(500), 8, again(2)),
            (json!({ "backoff": [] }), status(500), 1, again(5)),
        ];
        for (change, answered, attempt, expected) in table {
            let mut body = json!({ "url": "https://crm.example" });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let push: PostCallPush = serde_json::from_value(body).unwrap();
            assert_eq!(next(&push, &answered, attempt), expected, "{change} {answered:?} {attempt}");
        }
    }
}
