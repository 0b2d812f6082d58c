//! One inbound route, and which of several an incoming call takes. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::{Error, Result};

/// What a route says when it is for calls to any number, or from anybody.
const ANY: &str = "*";
/// The `did` of a route for calls that withhold their number.
const WITHHELD: &str = "anonymous";
/// Words that carriers put in place of a withheld number.
const WITHHELD_WORDS: [&str; 6] = ["anonymous", "restricted", "unavailable", "unknown", "private", "withheld"];

/// A route: who takes calls to `did`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboundRoute {
    /// A number, an extension, `anonymous`, `*`, or any text a SIP user part may be.
    pub did: String,
    /// Only calls from this number: exact, a beginning such as `+356*`, or `*`. Absent: calls from anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_number: Option<String>,
    /// A virtual number's name or number, else a user whose phone rings.
    pub user: String,
}

/// A route as it is sent; both casings of a key are the same key (seed 002).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NewRoute {
    /// See [`InboundRoute::did`].
    pub did: Option<String>,
    /// See [`InboundRoute::from_number`].
    pub from_number: Option<String>,
    /// See [`InboundRoute::user`].
    pub user: Option<String>,
}

impl NewRoute {
    /// The route, or a refusal that names the missing field. A blank filter is no filter.
    pub(super) fn checked(self) -> Result<InboundRoute> {
        Ok(InboundRoute { did: needed("did", self.did)?, from_number: filter(self.from_number), user: needed("user", self.user)? })
    }
}

/// The user of a body, or a refusal.
pub(super) fn needed(field: &'static str, text: Option<String>) -> Result<String> {
    let text = text.unwrap_or_default().trim().to_owned();
    if text.is_empty() || text.len() > 255 {
        let sentence = "is required and must have 1 to 255 characters";
        return Err(Error::invalid(format!("{field} {sentence}")).field(field, sentence));
    }
    Ok(text)
}

/// A filter without surrounding space; blank is none.
pub(super) fn filter(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl InboundRoute {
    /// Whether this is the route that takes what no other takes. A `*` with a filter is an ordinary one (contract 4.24).
    pub fn is_catch_all(&self) -> bool {
        self.did == ANY && self.from_number.is_none()
    }

    /// Whether the route is for calls to `did` and not just for anybody's.
    pub fn names(&self, did: &str) -> bool {
        ![ANY, WITHHELD].contains(&self.did.as_str()) && same_number(&self.did, did)
    }

    /// Whether a call to `did` from `from` (`None`: withheld) takes this route.
    pub fn matches(&self, did: &str, from: Option<&str>) -> bool {
        let from = from.filter(|from| !is_withheld(from));
        let dialled = match self.did.as_str() {
            ANY => true,
            WITHHELD => from.is_none(),
            own => same_number(own, did),
        };
        dialled && self.from_number.as_deref().is_none_or(|pattern| fits(pattern, from))
    }
}

/// The first route in order that a call takes.
pub fn first_match<'a>(routes: impl IntoIterator<Item = &'a InboundRoute>, did: &str, from: Option<&str>) -> Option<&'a InboundRoute> {
    routes.into_iter().find(|route| route.matches(did, from))
}

/// Carriers send the same number with and without a `+`.
fn same_number(one: &str, other: &str) -> bool {
    one == other || one.strip_prefix('+').unwrap_or(one) == other.strip_prefix('+').unwrap_or(other)
}

fn is_withheld(from: &str) -> bool {
    from.trim().is_empty() || WITHHELD_WORDS.iter().any(|word| from.trim().eq_ignore_ascii_case(word))
}

fn fits(pattern: &str, from: Option<&str>) -> bool {
    match (pattern.strip_suffix('*'), from) {
        (Some(""), _) => true,
        (_, None) => pattern.eq_ignore_ascii_case(WITHHELD),
        (Some(beginning), Some(from)) => {
            let bare = |text: &str| text.strip_prefix('+').map(str::to_owned);
            from.starts_with(beginning) || bare(beginning).is_some_and(|beginning| from.starts_with(&beginning))
        }
        (None, Some(from)) => same_number(pattern, from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(did: &str, from: Option<&str>, user: &str) -> InboundRoute {
        InboundRoute { did: did.into(), from_number: from.map(str::to_owned), user: user.into() }
    }

    fn taken<'a>(routes: &'a [InboundRoute], did: &str, from: Option<&str>) -> &'a str {
        first_match(routes, did, from).map_or("nobody", |route| &route.user)
    }

    #[test]
    fn the_first_route_that_fits_wins() {
        let routes = [
            route("+15551234567", Some("+356*"), "malta"),
            route("+15551234567", None, "alex"),
            route("+15551234567", None, "too late"),
            route("anonymous", Some("*"), "screening"),
            route("100", None, "desk"),
            route("*", Some("+44*"), "british"),
            route("*", None, "everyone"),
        ];
        for (did, from, user) in [
            ("+15551234567", Some("+35699123456"), "malta"),
            ("+15551234567", Some("+447700900123"), "alex"),
            ("15551234567", Some("+447700900123"), "alex"),
            ("+15551234567", None, "alex"),
            ("+1999", None, "screening"),
            ("+1999", Some("Anonymous"), "screening"),
            ("+1999", Some("  "), "screening"),
            ("100", Some("+15550001111"), "desk"),
            ("+1999", Some("+447700900123"), "british"),
            ("+1999", Some("447700900123"), "british"),
            ("+1999", Some("+15550001111"), "everyone"),
        ] {
            assert_eq!(taken(&routes, did, from), user, "{did} from {from:?}");
        }
        assert_eq!(taken(&routes[..1], "+1999", None), "nobody");
    }

    #[test]
    fn a_filter_for_numbers_never_takes_a_withheld_one() {
        assert!(!route("+1555", Some("+356*"), "x").matches("+1555", None));
        assert!(route("+1555", Some("*"), "x").matches("+1555", None));
        assert!(route("+1555", Some("anonymous"), "x").matches("+1555", None));
    }

    #[test]
    fn only_a_star_without_a_filter_is_the_catch_all() {
        assert!(route("*", None, "x").is_catch_all());
        assert!(!route("*", Some("*"), "x").is_catch_all());
    }
}
