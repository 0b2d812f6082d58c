//! Our own address as peers are told it: in SIP's Contact and in SDP. Behind a NAT the interface's address is of no use to peers outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::IpNet;

use crate::contract::trunk::Reach;

/// Any port, to learn the way to a peer. Nothing is sent to it.
const ANY_PORT: u16 = 9;
/// Somewhere beyond the router (an address of documentation), to learn which interface leads out. Nothing is sent to it.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// What peers are told. Cheap to clone; all clones know the same.
#[derive(Debug, Clone, Default)]
pub struct OwnAddress {
    /// Told to everybody, whatever else is said.
    fixed: Option<IpAddr>,
    outside: Arc<RwLock<Option<Outside>>>,
}

/// What peers outside our own networks are told.
#[derive(Debug)]
struct Outside {
    ip: IpAddr,
    local: Vec<IpNet>,
}

impl OwnAddress {
    /// An address that everybody is told; none: the one of the interface that leads to the peer.
    pub fn fixed(ip: Option<IpAddr>) -> Self {
        Self { fixed: ip, outside: Arc::default() }
    }

    /// The address that everybody is told, if there is one.
    pub fn for_everybody(&self) -> Option<IpAddr> {
        self.fixed
    }

    /// Takes over what the control plane says. What cannot be read counts as nothing.
    pub fn set(&self, reach: Option<&Reach>) {
        let outside = reach.and_then(|reach| {
            let local = reach.local_networks.iter().filter_map(|text| text.parse().ok()).collect();
            reach.external_address.parse().ok().map(|ip| Outside { ip, local })
        });
        *self.outside.write().unwrap_or_else(PoisonError::into_inner) = outside;
    }

    /// Everything of ours that this peer may reach us at, the best first: what it is told, then the interfaces. For those who try them all.
    /// Only addresses that a socket bound to `bound` hears.
    pub fn all_towards(&self, bound: IpAddr, peer: Option<IpAddr>) -> Vec<IpAddr> {
        let mut all = vec![self.towards(bound, peer)];
        if self.fixed.is_none() && bound.is_unspecified() {
            let hears = |peer: &IpAddr| bound.is_ipv6() || peer.is_ipv4();
            let peer = peer.map(|peer| peer.to_canonical()).filter(hears);
            // Somebody on this machine, or of whom we know nothing, may look for us outside.
            let elsewhere = peer.is_none_or(|peer| peer.is_loopback()).then_some(ELSEWHERE);
            all.extend(peer.into_iter().chain(elsewhere).filter_map(interface_towards).filter(hears));
        } else if self.fixed.is_none() {
            all.push(bound);
        }
        let mut told = Vec::new();
        for ip in all.into_iter().map(|ip| ip.to_canonical()).filter(|ip| !ip.is_unspecified()) {
            if !told.contains(&ip) {
                told.push(ip);
            }
        }
        told
    }

    /// What this peer is told, by a socket that is bound to `bound`.
    pub fn towards(&self, bound: IpAddr, peer: Option<IpAddr>) -> IpAddr {
        if let Some(ip) = self.fixed {
            return ip;
        }
        let outside = self.outside.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(outside) = outside.as_ref() {
            let is_local = peer.is_some_and(|peer| outside.local.iter().any(|net| net.contains(&peer.to_canonical())));
            if !is_local {
                return outside.ip;
            }
        }
        if bound.is_unspecified() { peer.and_then(interface_towards).unwrap_or(bound) } else { bound }
    }
}

/// The address of ours that a packet to this peer would leave from.
fn interface_towards(peer: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = if peer.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect((peer, ANY_PORT)).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const ANY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_fixed_address_wins_then_the_outside_one_then_the_bound_one_then_the_way_to_the_peer() {
        let own = OwnAddress::fixed(None);
        assert_eq!(own.towards(LOOPBACK, Some(ip("192.0.2.1"))), LOOPBACK);
        assert_eq!(own.towards(ANY, Some(LOOPBACK)), LOOPBACK);
        assert_eq!(own.towards(ANY, None), ANY);
        own.set(Some(&Reach { external_address: "203.0.113.9".to_owned(), local_networks: vec!["10.0.0.0/8".to_owned()] }));
        for (peer, told) in [("192.0.2.1", "203.0.113.9"), ("10.1.2.3", "127.0.0.1"), ("::ffff:10.1.2.3", "127.0.0.1")] {
            assert_eq!(own.towards(LOOPBACK, Some(ip(peer))), ip(told), "{peer}");
        }
        assert_eq!(own.clone().towards(LOOPBACK, None), ip("203.0.113.9"));
        own.set(Some(&Reach { external_address: "nonsense".to_owned(), local_networks: Vec::new() }));
        assert_eq!(own.towards(LOOPBACK, Some(ip("192.0.2.1"))), LOOPBACK);
        own.set(Some(&Reach { external_address: "203.0.113.9".to_owned(), local_networks: Vec::new() }));
        assert_eq!(own.all_towards(LOOPBACK, Some(ip("192.0.2.1"))), [ip("203.0.113.9"), LOOPBACK]);
        assert_eq!(own.all_towards(ANY, Some(LOOPBACK))[..2], [ip("203.0.113.9"), LOOPBACK]);
        let fixed = OwnAddress::fixed(Some(ip("198.51.100.1")));
        assert_eq!(fixed.all_towards(ANY, Some(LOOPBACK)), [ip("198.51.100.1")]);
        fixed.set(Some(&Reach { external_address: "203.0.113.9".to_owned(), local_networks: Vec::new() }));
        assert_eq!(fixed.towards(LOOPBACK, Some(ip("192.0.2.1"))), ip("198.51.100.1"));
    }
}
