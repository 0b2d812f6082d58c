//! Where a trunk's SIP server is: a host and a port, and the prefixes calls are taken from. Pure.

use std::net::IpAddr;

use ipnet::IpNet;

/// The port of SIP over UDP and TCP (RFC 3261).
pub(super) const SIP_PORT: u16 = 5060;
/// The port of SIP over TLS.
pub(super) const SIPS_PORT: u16 = 5061;

/// `host:port` of a text such as `sip.example.com`, `10.0.0.5:5070`, `[2001:db8::1]:5060`. `None` if it is not one. `usual` is the port
/// where none is named.
pub(super) fn host_and_port(text: &str, usual: u16) -> Option<String> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(std::net::SocketAddr::new(ip, usual).to_string());
    }
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return (address.port() != 0).then(|| address.to_string());
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().ok().filter(|port| *port != 0)?),
        None => (text, usual),
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => return inner.parse::<std::net::Ipv6Addr>().ok().map(|ip| format!("[{ip}]:{port}")),
        None => host,
    };
    is_host_name(host).then(|| format!("{host}:{port}"))
}

/// Whether a text is an address or a prefix such as `10.0.0.0/8`.
pub(super) fn is_prefix(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok()
}

fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let looks_like_ip = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    host.len() <= 253 && !looks_like_ip && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_the_port_of_sip() {
        for (text, address) in [
            ("sip.example.com", Some("sip.example.com:5060")),
            ("sip.example.com:5080", Some("sip.example.com:5080")),
            ("127.0.0.1:5090", Some("127.0.0.1:5090")),
            ("10.0.0.5", Some("10.0.0.5:5060")),
            ("2001:db8::1", Some("[2001:db8::1]:5060")),
            ("[2001:db8::1]:5070", Some("[2001:db8::1]:5070")),
            ("sip:10.0.0.5", None),
            ("10.0.0.5:0", None),
            ("10.0.0.500", None),
            ("host:port", None),
            ("a b", None),
            ("", None),
            ("-x.example.com", None),
        ] {
            assert_eq!(host_and_port(text, SIP_PORT).as_deref(), address, "{text}");
        }
    }

    #[test]
    fn tls_has_a_port_of_its_own() {
        assert_eq!(host_and_port("sip.example.com", SIPS_PORT).as_deref(), Some("sip.example.com:5061"));
        assert_eq!(host_and_port("sip.example.com:5090", SIPS_PORT).as_deref(), Some("sip.example.com:5090"));
    }

    #[test]
    fn prefixes_are_addresses_or_networks() {
        assert!(is_prefix("127.0.0.1") && is_prefix("10.0.0.0/8") && is_prefix("2001:db8::/32"));
        assert!(!is_prefix("sip.example.com") && !is_prefix("10.0.0.0/33"));
    }
}
