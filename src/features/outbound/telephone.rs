//! Telephones that are called by their SIP address, with no carrier between: for trying a bot out on a desk phone or a softphone.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::base::id::CarrierId;
use crate::base::phone::is_e164;
use crate::base::{Error, Result};
use crate::contract::trunk::{Transport, Trunk};

/// What stands in the place of a carrier.
const NO_CARRIER: &str = "direct";
/// Longest user part.
const LONGEST_USER: usize = 64;
/// A user part with so many digits is a number that a PBX would dial on.
const DIGITS_OF_A_NUMBER: usize = 7;

/// A telephone at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telephone {
    /// Before the `@`.
    user: String,
    /// Where it is.
    at: SocketAddr,
    /// Over TCP instead of UDP.
    #[serde(default)]
    is_tcp: bool,
}

impl Telephone {
    /// Reads `sip:user@address`, with a port and `;transport=tcp` where they differ from the usual ones. The host must be an address.
    pub fn parse(uri: &str) -> Result<Self> {
        let rest = uri.trim().strip_prefix("sip:").ok_or_else(unreadable)?;
        let (address, parameters) = rest.split_once(';').map_or((rest, ""), |(address, parameters)| (address, parameters));
        let (user, host) = address.split_once('@').ok_or_else(unreadable)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
        if user.is_empty() || user.len() > LONGEST_USER || !user.chars().all(is_plain) {
            return Err(unreadable());
        }
        let bare = || host.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 5060));
        let at = host.parse::<SocketAddr>().or_else(|_| bare()).map_err(|_| unreadable())?;
        let is_tcp = match parameters {
            "" | "transport=udp" => false,
            "transport=tcp" => true,
            _ => return Err(unreadable()),
        };
        Ok(Self { user: user.to_owned(), at, is_tcp })
    }

    /// Whom the engine is told to call there.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The number that a PBX at the address would dial on, if the user part is one: the gate decides about it.
    pub(super) fn number(&self) -> Option<String> {
        let digits = self.user.trim_start_matches('+').trim_start_matches("00");
        let is_number = digits.len() >= DIGITS_OF_A_NUMBER && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| format!("+{digits}"))
    }

    /// Refuses a telephone outside the box's own networks, and one with a number that is none.
    pub(super) fn check(&self, networks: &[String]) -> Result<()> {
        let ip = self.at.ip().to_canonical();
        if !networks.iter().filter_map(|net| net.parse::<IpNet>().ok()).any(|net| net.contains(&ip)) {
            return Err(refused("must be in one of your own networks (the setting sip.local_networks)"));
        }
        match self.number() {
            Some(number) if !is_e164(&number) => Err(refused("has a user part that is neither a name nor an international number")),
            _ => Ok(()),
        }
    }

    /// The way there.
    pub(super) fn trunk(&self) -> Trunk {
        let transport = if self.is_tcp { Transport::Tcp } else { Transport::Udp };
        Trunk { name: format!("telephone at {}", self.at), ..Trunk::new(CarrierId::from(NO_CARRIER), self.at.to_string(), transport) }
    }
}

/// Whether a trunk is the way to a telephone: no carrier's limits hold for it.
pub(super) fn is_direct(trunk: &Trunk) -> bool {
    trunk.carrier_id.as_str() == NO_CARRIER
}

fn unreadable() -> Error {
    refused("must be a number or an address such as sip:anna@192.168.1.20:5060;transport=tcp; names of hosts and TLS are not called")
}

fn refused(sentence: &'static str) -> Error {
    Error::invalid(format!("to {sentence}")).field("to", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_everything_else_is_refused() {
        for (uri, user, address, transport) in [
            ("sip:anna@192.168.1.20", "anna", "192.168.1.20:5060", Transport::Udp),
            ("sip:100@10.0.0.7:5080;transport=tcp", "100", "10.0.0.7:5080", Transport::Tcp),
            ("sip:desk-1@[fd00::1]", "desk-1", "[fd00::1]:5060", Transport::Udp),
            ("sip:a@[fd00::1]:5070;transport=udp", "a", "[fd00::1]:5070", Transport::Udp),
        ] {
            let read = Telephone::parse(uri).expect(uri);
            let trunk = read.trunk();
            assert_eq!((read.user(), trunk.sip_address.as_str(), trunk.transport), (user, address, transport), "{uri}");
            assert!(is_direct(&trunk));
        }
        for bad in [
            "",
            "sip:",
            "sip:@10.0.0.1",
            "sip:anna",
            "anna@10.0.0.1",
            "sips:a@10.0.0.1",
            "sip:a@pbx.example.com",
            "sip:a b@10.0.0.1",
            "sip:a@10.0.0.1;transport=tls",
            "sip:a@10.0.0.1:99999",
            "sip:a\r\n@10.0.0.1",
            "sip:a@10.0.0.1;x=\r\nX: y",
        ] {
            assert!(Telephone::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_own_networks_are_reached_and_numbers_behind_a_pbx_are_numbers() {
        let networks = ["10.0.0.0/8".to_owned(), "nonsense".to_owned()];
        let of = |uri: &str| Telephone::parse(uri).expect(uri);
        assert!(of("sip:anna@10.1.2.3").check(&networks).is_ok());
        assert!(of("sip:anna@203.0.113.5").check(&networks).is_err());
        assert_eq!(of("sip:1001@10.0.0.1").number(), None, "an extension");
        assert_eq!(of("sip:0015551234567@10.0.0.1").number().as_deref(), Some("+15551234567"));
        assert_eq!(of("sip:+15551234567@10.0.0.1").number().as_deref(), Some("+15551234567"));
        assert!(of("sip:0123456789@10.0.0.1").check(&networks).is_err(), "a local number cannot be judged");
    }
}
