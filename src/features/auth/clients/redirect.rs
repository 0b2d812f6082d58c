//! Where browsers may be sent: rules for addresses that clients register, and the comparison with what a request asks for.

use openidconnect::url::{Host, Url};

use crate::base::{Error, Result};

/// Longest address.
const LONGEST: usize = 2048;

/// Refuses an address that browsers must not be sent to: `https`, or `http` on this very machine (RFC 8252), absolute, without
/// fragment, user name or wildcard.
pub(super) fn check(uri: &str, field: &'static str) -> Result<()> {
    fault(uri).map_or(Ok(()), |sentence| Err(Error::invalid(format!("{field}: {sentence}")).field(field, sentence)))
}

fn fault(uri: &str) -> Option<&'static str> {
    if uri.len() > LONGEST {
        return Some("a redirect address has at most 2048 bytes");
    }
    if !uri.bytes().all(|b| b.is_ascii_graphic() && !b"\\*\"<>^`{|}".contains(&b)) {
        return Some("a redirect address is plain ASCII without spaces, wildcards or backslashes");
    }
    if uri.contains('#') {
        return Some("a redirect address has no fragment");
    }
    let Ok(url) = Url::parse(uri) else { return Some("a redirect address is an absolute URL") };
    if authority(uri).contains('@') {
        return Some("a redirect address carries no user name or password");
    }
    match url.scheme() {
        "https" if uri.starts_with("https://") && url.host().is_some() => None,
        "http" if uri.starts_with("http://") && is_loopback(&url) => None,
        "http" => Some("a redirect address is https; plain http is for 127.0.0.1, [::1] and localhost only"),
        _ => Some("a redirect address begins with https://, or http:// on the loopback interface"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether the address that a request names is one of the registered ones: letter by letter, except that the port of a loopback
/// address is free (RFC 8252, section 7.3).
pub(in crate::features::auth) fn matches_any(registered: &[String], asked: &str) -> bool {
    registered.iter().any(|one| one == asked || matches_but_for_the_port(one, asked))
}

fn matches_but_for_the_port(registered: &str, asked: &str) -> bool {
    let is_local = Url::parse(registered).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url));
    is_local && fault(asked).is_none() && without_port(registered).is_some() && without_port(registered) == without_port(asked)
}

/// Host, and what follows the port. `None` for a text that is not plain http.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    let host = authority[host_end..].find(':').map_or(authority, |at| &authority[..host_end + at]);
    Some((host, path))
}

fn authority(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}

/// Scheme, host and port of an address, for a page that names where its form may lead. Browsers' policies know no IPv6 addresses:
/// there, the scheme alone.
pub(in crate::features::auth) fn origin(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if matches!(url.host(), Some(Host::Ipv6(_))) => format!("{}:", url.scheme()),
        Ok(url) => url.origin().ascii_serialization(),
        Err(_) => String::new(),
    }
}

/// The address with these values added to its query.
pub(in crate::features::auth) fn with_query(uri: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut url = Url::parse(uri).map_err(|error| Error::internal("a registered address is no URL").caused_by(error))?;
    if !values.is_empty() {
        url.query_pairs_mut().extend_pairs(values);
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_on_this_machine() {
        let good = [
            "https://app.example/callback",
            "https://app.example:8443/callback?tenant=a",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:5000/callback",
            "http://[::1]:5000/callback",
            "http://localhost:3000/callback",
        ];
        for uri in good {
            assert_eq!(fault(uri), None, "{uri}");
        }
        let bad = [
            "",
            "/callback",
            "callback",
            "//app.example/callback",
            "http://app.example/callback",
            "http://127.0.0.1.example/callback",
            "http://localhost.example/callback",
            "http://10.0.0.1/callback",
            "https://app.example/callback#part",
            "https://app.example/callback#",
            "https://user@app.example/callback",
            "https://user:word@app.example/callback",
            "https://*.example/callback",
            "https://app.example/*",
            "https://app.example/call back",
            "https://app.example/\u{e9}",
            "https://app.example\\@evil.example/",
            "https:/app.example/callback",
            "https:app.example",
            "https://",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "com.example.app:/callback",
            "ftp://app.example/",
            "HTTPS//app.example",
        ];
        for uri in bad {
            assert!(fault(uri).is_some(), "{uri}");
        }
        assert!(fault(&format!("https://app.example/{}", "a".repeat(LONGEST))).is_some());
    }

    #[test]
    fn a_request_names_a_registered_address_letter_by_letter() {
        let registered = ["https://app.example/cb".to_owned(), "http://127.0.0.1/cb".to_owned(), "http://[::1]:9/cb?a=1".to_owned()];
        let good = [
            "https://app.example/cb",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:1/cb",
            "http://127.0.0.1:65535/cb",
            "http://[::1]:80/cb?a=1",
            "http://[::1]/cb?a=1",
        ];
        for asked in good {
            assert!(matches_any(&registered, asked), "{asked}");
        }
        let bad = [
            "",
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/cb#x",
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "https://APP.example/cb",
            "http://app.example/cb",
            "https://app.example/cb/../other",
            "https://app.example.evil/cb",
            "https://evil.example/?https://app.example/cb",
            "http://127.0.0.1:1/cb/",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:x/cb",
            "http://127.0.0.1:1@evil.example/cb",
            "http://127.0.0.1:1/cb#x",
            "http://127.0.0.2:1/cb",
            "http://localhost:1/cb",
            "https://127.0.0.1:1/cb",
            "http://[::1]:80/cb",
            "http://[::2]:80/cb?a=1",
        ];
        for asked in bad {
            assert!(!matches_any(&registered, asked), "{asked}");
        }
    }

    #[test]
    fn what_is_added_to_an_address_is_encoded_and_keeps_its_own_query() {
        let made = with_query("https://app.example/cb?a=1", &[("state", "x y&z"), ("iss", "https://box")]).unwrap();
        assert_eq!(made, "https://app.example/cb?a=1&state=x+y%26z&iss=https%3A%2F%2Fbox");
        assert_eq!(origin("http://127.0.0.1:5000/cb"), "http://127.0.0.1:5000");
        assert_eq!(origin("http://[::1]:5000/cb"), "http:");
    }
}
