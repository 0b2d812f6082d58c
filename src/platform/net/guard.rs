//! Decides which addresses may be reached (decision 15). Pure: the same question always gets the same answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::failure::{Failure, NetError};
use super::url::{Host, Target};
use crate::base::{Error, Result};

/// Ranges that are not the public internet. An entry of the allow-list opens what it covers.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001::/23",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
];

/// Ranges that a wide entry must not open by accident: only an entry that lies inside one of them opens what it covers.
const DELICATE: &[&str] = &[
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/32",
    "2002::/16",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Addresses under which clouds hand out credentials. Only their own /32 or /128 opens them, and for operators nothing does.
const METADATA: &[&str] = &["169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"];

/// The public part of IPv6; everything else is treated as private.
const PUBLIC_V6: &str = "2000::/3";

/// Which addresses may be reached from here.
#[derive(Debug, Clone)]
pub struct Guard {
    allow: Vec<IpNet>,
    private: Vec<IpNet>,
    delicate: Vec<IpNet>,
    metadata: Vec<IpAddr>,
    public_v6: Vec<IpNet>,
}

/// Who gave the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Anyone: internal ranges are refused unless the allow-list names them.
    Guarded,
    /// The operator: the local network is allowed, link-local addresses never.
    Operator,
}

impl Guard {
    /// A guard with the entries of `outbound.allow_cidrs`: prefixes, or single addresses.
    pub fn new<S: AsRef<str>>(allow_cidrs: &[S]) -> Result<Self> {
        let allow = allow_cidrs
            .iter()
            .map(|entry| {
                let entry = entry.as_ref().trim();
                read_net(entry).ok_or_else(|| Error::invalid(format!("outbound.allow_cidrs: {entry} is neither an address nor a prefix")))
            })
            .collect::<Result<_>>()?;
        let nets = |list: &[&str]| list.iter().filter_map(|net| read_net(net)).collect();
        Ok(Self {
            allow,
            private: nets(PRIVATE),
            delicate: nets(DELICATE),
            metadata: METADATA.iter().filter_map(|a| a.parse().ok()).collect(),
            public_v6: nets(&[PUBLIC_V6]),
        })
    }

    /// Whether the URL itself may be reached: its port, and its address if it has one. Names are judged by what they resolve to.
    pub fn check_target(&self, target: &Target, class: Class) -> Result<(), NetError> {
        if class == Class::Guarded && !matches!(target.port, 80 | 443 | 8443 | 1024..) {
            return Err(NetError::new(
                Failure::Blocked,
                format!("port {} may not be reached: only 80, 443, 8443 and 1024 or higher", target.port),
            ));
        }
        match target.host {
            Host::Address(address) => self.check_address(address, &[], class),
            Host::Name(_) => Ok(()),
        }
    }

    /// Whether an address may be reached. `own` are the addresses of this machine.
    pub fn check_address(&self, address: IpAddr, own: &[IpAddr], class: Class) -> Result<(), NetError> {
        let open = match class {
            Class::Guarded => self.opens_to_anyone(address, own),
            Class::Operator => self.opens_to_operators(address),
        };
        if open { Ok(()) } else { Err(NetError::new(Failure::Blocked, "the address is internal and not in outbound.allow_cidrs")) }
    }

    fn opens_to_anyone(&self, address: IpAddr, own: &[IpAddr]) -> bool {
        let named_exactly = self.allow.iter().any(|net| *net == IpNet::from(address));
        if self.metadata.contains(&address) {
            return named_exactly;
        }
        if let Some(range) = self.delicate.iter().find(|range| range.contains(&address)) {
            return self.allow.iter().any(|net| range.contains(net) && net.contains(&address)) || self.is_named_loopback(address);
        }
        if own.contains(&address) {
            return named_exactly;
        }
        let allowed = self.allow.iter().any(|net| net.contains(&address));
        allowed || !self.is_private(address)
    }

    /// Naming 127.0.0.0/8 names loopback as such, the IPv6 one too.
    fn is_named_loopback(&self, address: IpAddr) -> bool {
        let loopback = IpNet::V4(ipnet::Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8));
        address == IpAddr::V6(Ipv6Addr::LOCALHOST) && self.allow.contains(&loopback)
    }

    fn is_private(&self, address: IpAddr) -> bool {
        let outside_v6 = address.is_ipv6() && !self.public_v6.iter().any(|net| net.contains(&address));
        outside_v6 || self.private.iter().any(|net| net.contains(&address))
    }

    fn opens_to_operators(&self, address: IpAddr) -> bool {
        let plain = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        let is_delicate = self.delicate.iter().any(|range| range.contains(&plain));
        !self.metadata.contains(&plain) && (plain.is_loopback() || !is_delicate)
    }
}

fn read_net(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(|net| net.trunc())
}
