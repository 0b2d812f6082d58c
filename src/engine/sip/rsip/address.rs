//! Addresses of trunks from `host:port`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use tokio::sync::OnceCell;

use crate::base::{Context as _, Error, Result};

/// Port of SIP when none is named.
const SIP_PORT: u16 = 5060;
/// How long a name may take.
const LOOKUP: Duration = Duration::from_secs(4);

/// Looks names of trunks up. Without name servers only addresses work.
#[derive(Default)]
pub(super) struct Resolver(OnceCell<TokioResolver>);

impl Resolver {
    /// The address of `host`, `host:port`, `ip` or `[ip]:port`. `Invalid` if it is none of these, `Upstream` if the
    /// name is not known.
    pub(super) async fn find(&self, text: &str) -> Result<SocketAddr> {
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(SocketAddr::new(ip, SIP_PORT));
        }
        let (host, port) = split(text).ok_or_else(|| Error::invalid(format!("{text} is no SIP address")))?;
        let resolver = self.0.get_or_try_init(|| async { make() }).await?;
        let unknown = || Error::upstream(format!("the host {host} is not known"));
        let found = tokio::time::timeout(LOOKUP, resolver.lookup_ip(host)).await.map_err(|_| unknown())?;
        let ip = found.map_err(|error| unknown().caused_by(error))?.iter().next().ok_or_else(unknown)?;
        Ok(SocketAddr::new(ip, port))
    }
}

fn make() -> Result<TokioResolver> {
    TokioResolver::builder_tokio().and_then(|builder| builder.build()).context("name lookup does not start")
}

/// The host of `host:port`, as a SIP URI writes it.
pub(super) fn host(text: &str) -> &str {
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return text;
    }
    text.rsplit_once(':').map_or(text, |(host, _)| host)
}

fn split(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, SIP_PORT),
    };
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    is_name.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_read_with_and_without_a_port() {
        let resolver = Resolver::default();
        for (text, expected) in
            [("127.0.0.1:5090", "127.0.0.1:5090"), ("127.0.0.1", "127.0.0.1:5060"), ("[::1]:5070", "[::1]:5070"), ("::1", "[::1]:5060")]
        {
            assert_eq!(resolver.find(text).await.unwrap().to_string(), expected);
        }
        for text in ["", ":5060", "host:port", "a b", "sip:x@y", "host:99999"] {
            assert!(resolver.find(text).await.is_err(), "{text}");
        }
    }
}
