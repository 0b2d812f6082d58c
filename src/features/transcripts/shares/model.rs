//! A share: how long it lasts, how it is shown, what is told of it. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::base::id::ShareId;
use crate::base::{Error, Millis, Result};

/// A week.
const DEFAULT_TTL_HOURS: u32 = 168;
/// A year.
const MOST_TTL_HOURS: u32 = 8760;
/// Characters of a token that may be shown and kept.
const SHOWN: usize = 8;

/// A link that is wanted.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// Hours until the link ends: 1 to 8760, 0 for never; 168 if absent.
    #[schema(default = 168, minimum = 0, maximum = 8760)]
    pub ttl_hours: Option<u32>,
}

impl NewShare {
    /// The hours, or a refusal.
    pub(super) fn hours(&self) -> Result<u32> {
        let hours = self.ttl_hours.unwrap_or(DEFAULT_TTL_HOURS);
        if hours <= MOST_TTL_HOURS {
            return Ok(hours);
        }
        let sentence = format!("must be 0 to {MOST_TTL_HOURS}; 0 is for ever");
        Err(Error::invalid(format!("ttl_hours {sentence}")).field("ttl_hours", sentence))
    }
}

/// When a link made now ends; never for zero hours.
pub(super) fn ends_at(now: Millis, hours: u32) -> Option<Millis> {
    (hours > 0).then(|| now.plus(Duration::from_secs(u64::from(hours) * 3600)))
}

/// The part of a token that is kept: its last characters.
pub(super) fn end_of(token: &str) -> String {
    let n = token.chars().count();
    token.chars().skip(n.saturating_sub(SHOWN)).collect()
}

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareState {
    /// It opens the transcript.
    Live,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

/// A stored share.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Share {
    pub(super) id: ShareId,
    pub(super) call_id: String,
    pub(super) file: String,
    pub(super) token_end: String,
    pub(super) ttl_hours: u32,
    pub(super) created_by: String,
    pub(super) created_at: Millis,
    pub(super) expires_at: Option<Millis>,
    pub(super) revoked_at: Option<Millis>,
    pub(super) revoked_by: Option<String>,
    pub(super) n_views: u64,
    pub(super) last_viewed_at: Option<Millis>,
}

impl Share {
    /// Whether it opens anything now. One that was taken back stays so when its time is over.
    pub(super) fn state(&self, now: Millis) -> ShareState {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => ShareState::Revoked,
            (None, Some(end)) if end <= now => ShareState::Expired,
            _ => ShareState::Live,
        }
    }

    fn masked(&self) -> String {
        format!("...{}", self.token_end)
    }

    /// Data of `transcript.share.created` (seed 002).
    pub(super) fn created_data(&self) -> Map<String, Value> {
        fields(json!({ "token": self.masked(), "file": self.file, "ttlHours": self.ttl_hours, "createdBy": self.created_by,
            "expiresUtc": self.expires_at }))
    }

    /// Data of `transcript.share.viewed`.
    pub(super) fn viewed_data(&self, viewer_ip: &str) -> Map<String, Value> {
        fields(json!({ "token": self.masked(), "file": self.file, "viewerIp": viewer_ip }))
    }

    /// Data of `transcript.share.revoked`.
    pub(super) fn revoked_data(&self, by: &str) -> Map<String, Value> {
        fields(json!({ "token": self.masked(), "file": self.file, "revokedBy": by }))
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A share as admins see it. The token is not among it: it is shown once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShareView {
    /// The share.
    pub id: ShareId,
    /// The call.
    pub call_id: String,
    /// The transcript's text file.
    pub file: String,
    /// `...` and the last eight characters of the token.
    pub token_masked: String,
    /// How it stands.
    pub state: ShareState,
    /// Hours it was made for; 0 is for ever.
    pub ttl_hours: u32,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it ends; null for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Millis>,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Millis>,
    /// Who took it back.
    pub revoked_by: Option<String>,
    /// How often it was looked at; looks from one address within a minute count once.
    pub views: u64,
    /// When it was last looked at.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_viewed_at: Option<Millis>,
}

impl ShareView {
    /// The share as it stands now.
    pub(super) fn of(share: Share, now: Millis) -> Self {
        Self {
            token_masked: share.masked(),
            state: share.state(now),
            id: share.id,
            call_id: share.call_id,
            file: share.file,
            ttl_hours: share.ttl_hours,
            created_by: share.created_by,
            created_at: share.created_at,
            expires_at: share.expires_at,
            revoked_at: share.revoked_at,
            revoked_by: share.revoked_by,
            views: share.n_views,
            last_viewed_at: share.last_viewed_at,
        }
    }
}

/// A new share with its token, which no later answer shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShareMade {
    /// The share.
    #[serde(flatten)]
    #[schema(inline)]
    pub share: ShareView,
    /// 32 characters with 192 random bits.
    pub token: String,
    /// The page for people; with `.json` after it the same for programs.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share() -> Share {
        Share {
            id: ShareId::from("shr_1"),
            call_id: "oac-1".into(),
            file: "f.txt".into(),
            token_end: "abc12345".into(),
            ttl_hours: 1,
            created_by: "alex".into(),
            created_at: Millis(0),
            expires_at: Some(Millis(3_600_000)),
            revoked_at: None,
            revoked_by: None,
            n_views: 0,
            last_viewed_at: None,
        }
    }

    #[test]
    fn a_link_lasts_a_week_unless_told_otherwise_and_at_most_a_year() {
        for (asked, hours) in [(None, Some(168)), (Some(0), Some(0)), (Some(8760), Some(8760)), (Some(8761), None)] {
            assert_eq!(NewShare { ttl_hours: asked }.hours().ok(), hours, "{asked:?}");
        }
        assert_eq!(ends_at(Millis(5), 168), Some(Millis(5 + 7 * 86_400_000)));
        assert_eq!(ends_at(Millis(5), 0), None);
    }

    #[test]
    fn it_ends_at_its_time_and_when_it_is_taken_back() {
        let revoked = Share { revoked_at: Some(Millis(9)), ..share() };
        let endless = Share { expires_at: None, ..share() };
        for (share, now, state) in [
            (&share(), 3_599_999, ShareState::Live),
            (&share(), 3_600_000, ShareState::Expired),
            (&revoked, 10, ShareState::Revoked),
            (&revoked, 3_600_000, ShareState::Revoked),
            (&endless, i64::MAX, ShareState::Live),
        ] {
            assert_eq!(share.state(Millis(now)), state, "{now}");
        }
    }

    #[test]
    fn events_have_exactly_the_documented_fields_and_only_the_end_of_the_token() {
        let expected = json!({ "token": "...abc12345", "file": "f.txt", "ttlHours": 1, "createdBy": "alex", "expiresUtc": "1970-01-01T01:00:00.000Z" });
        assert_eq!(Value::Object(share().created_data()), expected);
        let endless = Share { expires_at: None, ttl_hours: 0, ..share() };
        assert_eq!((endless.created_data()["expiresUtc"].clone(), endless.created_data()["ttlHours"].clone()), (Value::Null, json!(0)));
        let viewed = json!({ "token": "...abc12345", "file": "f.txt", "viewerIp": "203.0.113.42" });
        assert_eq!(Value::Object(share().viewed_data("203.0.113.42")), viewed);
        let revoked = json!({ "token": "...abc12345", "file": "f.txt", "revokedBy": "alex" });
        assert_eq!(Value::Object(share().revoked_data("alex")), revoked);
        assert_eq!((end_of("0123456789").as_str(), end_of("short").as_str()), ("23456789", "short"));
    }
}
