//! Which carrier an outbound call goes through, and which ones follow when that fails. Pure.

use super::did::digits;
use super::model::CarrierBody;
use crate::base::id::CarrierId;

/// What the choice looks at.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    id: &'a CarrierId,
    from_number: Option<&'a str>,
    is_down: bool,
}

impl<'a> Candidate<'a> {
    /// A carrier as a candidate; `is_down` says that its trunk does not work now.
    pub(super) fn of(id: &'a CarrierId, body: &'a CarrierBody, is_down: bool) -> Self {
        Self { id, from_number: body.from_number.as_deref(), is_down }
    }
}

/// Places in the list (oldest first) in the order in which they are tried, each with the number to show there. `owner` is the carrier that
/// has the wanted number among its own. Another one shows its own number where it has one: it would refuse a foreign one.
pub(super) fn in_order(carriers: &[Candidate<'_>], owner: Option<&CarrierId>, shown: Option<&str>) -> Vec<(usize, Option<String>)> {
    let owns = |carrier: &Candidate<'_>| match (owner, shown) {
        (Some(owner), _) => carrier.id == owner,
        (None, Some(number)) => carrier.from_number.is_some_and(|own| digits(own) == digits(number)),
        (None, None) => false,
    };
    let mut order: Vec<usize> = (0..carriers.len()).collect();
    // The one that would be taken if all worked may show the number; a trunk that is down comes last, for want of a better one.
    order.sort_by_key(|at| !owns(&carriers[*at]));
    let first = order.first().copied();
    order.sort_by_key(|at| carriers[*at].is_down);
    let number = |at: usize| match (shown, carriers[at].from_number) {
        (Some(shown), _) if Some(at) == first => Some(shown.to_owned()),
        (_, Some(own)) => Some(own.to_owned()),
        (shown, None) => shown.map(str::to_owned),
    };
    order.into_iter().map(|at| (at, number(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carrier_that_has_the_number_comes_first_then_the_oldest() {
        let ids: Vec<CarrierId> = ["tr_a", "tr_b", "tr_c"].map(CarrierId::from).to_vec();
        let candidate = |n: usize, from_number, is_down| Candidate { id: &ids[n], from_number, is_down };
        let carriers = [candidate(0, Some("+1001"), false), candidate(1, Some("+1002"), false), candidate(2, None, false)];
        let order = |owner: Option<usize>, shown: Option<&'static str>| {
            let found = in_order(&carriers, owner.map(|n| &ids[n]), shown);
            found.into_iter().map(|(at, from)| (at, from.unwrap_or_default())).collect::<Vec<_>>()
        };
        let expected = |list: [(usize, &str); 3]| list.map(|(at, from)| (at, from.to_owned())).to_vec();
        assert_eq!(order(None, None), expected([(0, "+1001"), (1, "+1002"), (2, "")]));
        assert_eq!(order(Some(1), Some("+1555")), expected([(1, "+1555"), (0, "+1001"), (2, "+1555")]));
        assert_eq!(order(None, Some("1002")), expected([(1, "1002"), (0, "+1001"), (2, "1002")]));
        assert_eq!(order(None, Some("+1999")), expected([(0, "+1999"), (1, "+1002"), (2, "+1999")]));
        assert_eq!(in_order(&[], None, Some("+1999")), []);
        let broken = [candidate(0, Some("+1001"), true), candidate(1, Some("+1002"), false)];
        let found: Vec<_> = in_order(&broken, Some(&ids[0]), Some("+1555")).into_iter().map(|(at, from)| (at, from.unwrap())).collect();
        assert_eq!(found, [(1, "+1002".to_owned()), (0, "+1555".to_owned())], "one that is down is the last resort");
    }
}
