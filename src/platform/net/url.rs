//! Reads URLs strictly: what is unusual is refused, so that guard, resolver and peer can never read the same text differently.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::failure::{Failure, NetError};

/// Longest URL that is read.
const MOST_BYTES: usize = 2048;

/// Where a URL points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `https`.
    pub tls: bool,
    /// Name or address.
    pub host: Host,
    /// Port, the scheme's own if none is written.
    pub port: u16,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// The `Host` header: host, and port if it is not the scheme's own.
    pub authority: String,
}

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name in lower case, without a trailing dot.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Target {
    /// Reads an absolute `http` or `https` URL.
    pub fn read(url: &str) -> Result<Self, NetError> {
        if url.len() > MOST_BYTES {
            return Err(refuse("the URL is too long"));
        }
        if !url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(refuse("the URL has characters that must be encoded (names with other letters in their xn-- form)"));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refuse("the URL must begin with http:// or https://"))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(refuse("the URL must begin with http:// or https://")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(refuse("the URL must not carry a user name or password"));
        }
        let (host, port) = split_port(authority)?;
        let standard = if tls { 443 } else { 80 };
        let port = port.unwrap_or(standard);
        let host = Host::read(host)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let authority = if port == standard { host.to_string() } else { format!("{host}:{port}") };
        Ok(Self { tls, host, port, path, authority })
    }
}

impl Host {
    fn read(text: &str) -> Result<Self, NetError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or_else(|| refuse("the URL's IPv6 address is not closed by ]"))?;
            let address: Ipv6Addr = inner.parse().map_err(|_| refuse("the URL's IPv6 address cannot be read"))?;
            return Ok(Self::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_label = |l: &str| {
            (1..=63).contains(&l.len())
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(refuse("the URL's host is not a name or an address"));
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        let looks_numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
        if !looks_numeric {
            return Ok(Self::Name(name));
        }
        // Only the plain dotted form: 0177.0.0.1, 0x7f.1 and 2130706433 mean different things to different programs.
        let address: Ipv4Addr = name.parse().map_err(|_| refuse("the URL's IPv4 address must be four plain decimal numbers"))?;
        if text.ends_with('.') {
            return Err(refuse("the URL's address must not end with a dot"));
        }
        Ok(Self::Address(address.into()))
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), NetError> {
    let host_ends = if authority.starts_with('[') { authority.find(']').map_or(0, |at| at + 1) } else { 0 };
    match authority[host_ends..].find(':') {
        None => Ok((authority, None)),
        Some(at) => {
            let (host, port) = (&authority[..host_ends + at], &authority[host_ends + at + 1..]);
            if port.is_empty() || port.len() > 5 || !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(refuse("the URL's port is not a number"));
            }
            let port = port.parse().ok().filter(|p| *p != 0).ok_or_else(|| refuse("the URL's port is not between 1 and 65535"))?;
            Ok((host, Some(port)))
        }
    }
}

fn refuse(sentence: &'static str) -> NetError {
    NetError::new(Failure::BadUrl, sentence)
}
