//! Numbers and names of this box to which a bot hands its caller on: they are reached inside, as a call to them would reach them.

use std::collections::BTreeMap;

use super::inbound::{NOT_FOUND, Taker};
use super::service::Runtime;
use crate::base::Result;
use crate::contract::config::Within;
use crate::features::bots::BotBody;
use crate::features::numbers::first_match;
use crate::platform::db::Tx;

impl Runtime {
    /// Whom the box itself has there: a route for what was dialled goes first, then a virtual number by its name or number, whatever its
    /// visibility, then the bot of a carrier's number. Routes for whatever else comes do not count: what is not ours is a carrier's.
    pub(super) fn within(&self, tx: &Tx<'_>, dialled: &str, from: Option<&str>) -> Result<Taker> {
        let routes = self.inner.inbound_routes.in_order(tx)?;
        if let Some(route) = first_match(routes.iter().filter(|route| route.names(dialled)), dialled, from) {
            return self.user(tx, &route.user);
        }
        if let Some(number) = self.inner.numbers.find_user(tx, dialled)? {
            return Ok(Taker::Number(Box::new(number)));
        }
        let did = self.inner.carriers.find_did(tx, dialled)?.and_then(|did| Some((did.body.bot_id.clone()?, did)));
        Ok(did.map_or(Taker::Nobody(NOT_FOUND, None), |(bot_id, did)| Taker::Did(did, bot_id)))
    }

    /// Which targets of a bot's transfers the box has itself.
    pub(super) fn targets_within(&self, tx: &Tx<'_>, body: &BotBody, from: Option<&str>) -> Result<BTreeMap<String, Within>> {
        let mut within = BTreeMap::new();
        for target in targets(body) {
            let who = match self.within(tx, &target, from)? {
                Taker::Number(_) | Taker::Did(..) => Within::Bot,
                Taker::Nobody(NOT_FOUND, _) => continue,
                Taker::Phone(_) | Taker::Nobody(..) => Within::Phone,
            };
            within.insert(target, who);
        }
        Ok(within)
    }
}

/// What a bot may transfer to by a number or a name. A URI says itself where it is.
fn targets(body: &BotBody) -> Vec<String> {
    let listed = body.transfer_targets.iter().map(|target| target.value.clone());
    let flow = body.flow.iter().flat_map(|flow| &flow.intents).filter_map(|intent| intent.tool.as_ref()?.target.clone());
    let all = body.transfer_numbers.values().cloned().chain(listed).chain(flow);
    all.filter(|target| !target.trim().is_empty() && !target.contains([':', '@'])).collect()
}
