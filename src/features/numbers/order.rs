//! The match order of inbound routes as an operator sets it. Pure.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use super::route::{InboundRoute, filter};
use crate::base::{Error, Result};

/// What tells one route from all others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RouteKey)]
pub(super) struct Key {
    /// See [`InboundRoute::did`].
    pub(super) did: String,
    /// See [`InboundRoute::from_number`]; absent for the route without a filter.
    #[serde(default)]
    pub(super) from_number: Option<String>,
}

/// All routes but the catch-all, in the order in which they are to be asked.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RouteOrder)]
pub(super) struct Order {
    /// Each route once. The catch-all is not named: it is always last.
    pub(super) routes: Vec<Key>,
}

/// The stored ids as `wanted` puts them. `rows` is what is stored, in match order, without the catch-all; of older doubles all rows stay together.
pub(super) fn arranged(rows: &[(i64, InboundRoute)], wanted: Vec<Key>) -> Result<Vec<i64>> {
    let (mut seen, mut ids) = (BTreeSet::new(), Vec::with_capacity(rows.len()));
    for (n, key) in wanted.into_iter().enumerate() {
        let key = (key.did.trim().to_owned(), filter(key.from_number));
        if key == ("*".to_owned(), None) {
            return Err(refused(n, "is the catch-all, which is always last"));
        }
        let own: Vec<_> =
            rows.iter().filter(|(_, route)| (&route.did, &route.from_number) == (&key.0, &key.1)).map(|(id, _)| *id).collect();
        if own.is_empty() {
            return Err(changed());
        }
        if !seen.insert(key) {
            return Err(refused(n, "is named twice"));
        }
        ids.extend(own);
    }
    if ids.len() == rows.len() { Ok(ids) } else { Err(changed()) }
}

fn refused(n: usize, sentence: &str) -> Error {
    Error::invalid(format!("routes[{n}]: {sentence}")).field(format!("routes[{n}]"), sentence)
}

/// Whoever ordered them looked at another list.
fn changed() -> Error {
    Error::conflict("the order must name every route there is, once: the routes have changed, read them again").code("routes_changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<(i64, InboundRoute)> {
        [(3, "100", None), (5, "100", Some("+356*")), (8, "100", None), (9, "*", Some("+44*"))]
            .map(|(id, did, from)| (id, InboundRoute { did: did.into(), from_number: from.map(str::to_owned), user: "x".into() }))
            .into()
    }

    fn keys(wanted: &[(&str, Option<&str>)]) -> Vec<Key> {
        wanted.iter().map(|(did, from)| Key { did: (*did).into(), from_number: from.map(str::to_owned) }).collect()
    }

    #[test]
    fn doubles_stay_together_and_keep_their_order() {
        let ids = arranged(&rows(), keys(&[("*", Some("+44*")), (" 100 ", Some("")), ("100", Some("+356*"))])).unwrap();
        assert_eq!(ids, [9, 3, 8, 5]);
    }

    #[test]
    fn an_order_names_every_route_once_and_never_the_catch_all() {
        let all = [("100", None), ("100", Some("+356*")), ("*", Some("+44*"))];
        for (wanted, part) in [
            (vec![], "routes have changed"),
            (all[..2].to_vec(), "routes have changed"),
            (vec![all[0], all[1], ("200", None)], "routes have changed"),
            (vec![all[0], all[1], all[1], all[2]], "routes[2]: is named twice"),
            (vec![all[0], all[1], all[2], ("*", None)], "routes[3]: is the catch-all"),
        ] {
            let error = arranged(&rows(), keys(&wanted)).unwrap_err();
            assert!(error.message().contains(part), "{wanted:?}: {error:?}");
        }
    }
}
