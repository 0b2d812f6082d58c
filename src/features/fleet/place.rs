//! Which engine takes the next call: a healthy one with the most room. Pure.

use crate::base::Random;
use crate::contract::fleet::FleetHealth;

/// Whether what a host says about itself can be true, and it is well.
pub(super) fn is_healthy(health: &FleetHealth) -> bool {
    health.status == "ok" && health.fleet_available <= health.fleet_max
}

/// Whether any host can take a call.
pub(super) fn has_room(hosts: &[Option<FleetHealth>]) -> bool {
    hosts.iter().flatten().any(|health| is_healthy(health) && health.fleet_available > 0)
}

/// The place in the list of the host with the most room; a random one of those that have the same; `None` when none has any.
pub(super) fn freest(hosts: &[Option<FleetHealth>], random: &Random) -> Option<usize> {
    let room =
        |health: &Option<FleetHealth>| health.as_ref().filter(|health| is_healthy(health)).map_or(0, |health| health.fleet_available);
    let most = hosts.iter().map(room).max().filter(|most| *most > 0)?;
    let best: Vec<usize> = hosts.iter().enumerate().filter(|(_, health)| room(health) == most).map(|(n, _)| n).collect();
    best.get(usize::try_from(random.below(best.len() as u64)).unwrap_or(0)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn host(status: &str, available: u32) -> Option<FleetHealth> {
        Some(FleetHealth {
            status: status.into(),
            fleet_max: 100,
            fleet_available: available,
            fleet_calls: 0,
            workers: Vec::new(),
            contract_version: None,
            version: None,
            pid: None,
            sip: None,
            speech_ready: false,
            spooled: 0,
        })
    }

    #[test]
    fn the_freest_healthy_host_wins_and_ties_are_spread() {
        let random = Random::seeded(7);
        assert_eq!(freest(&[host("ok", 3), host("ok", 9), host("draining", 50), None], &random), Some(1));
        assert_eq!(freest(&[host("ok", 101), host("ok", 1)], &random), Some(1), "more room than there can be is a lie");
        assert_eq!(freest(&[host("ok", 0), None], &random), None);
        assert_eq!(freest(&[], &random), None);
        let tied = [host("ok", 5), host("ok", 5), host("ok", 4)];
        let chosen: BTreeSet<_> = (0..50).filter_map(|_| freest(&tied, &random)).collect();
        assert_eq!(chosen, BTreeSet::from([0, 1]));
    }
}
