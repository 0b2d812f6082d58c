//! Digest authentication as SIP uses it (RFC 8760): what is stored of a password, the challenge, and whether an answer proves it. Pure.

use std::fmt;

use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;

/// The hash functions we offer, the better one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// MD5, for older phones.
    Md5,
}

impl Algorithm {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Md5];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Sha256 => crate::base::secret::sha256_hex(text),
            Self::Md5 => hex::encode(Md5::digest(text.as_bytes())),
        }
    }
}

/// Digests of one name, realm and password. They are as good as the password within the realm: sealed at rest, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By MD5.
    pub md5: String,
    /// By SHA-256.
    pub sha256: String,
}

impl Ha1 {
    /// The digests of a password.
    pub fn of(username: &str, realm: &str, password: &str) -> Self {
        let text = format!("{username}:{realm}:{password}");
        Self { md5: Algorithm::Md5.hash(&text), sha256: Algorithm::Sha256.hash(&text) }
    }

    fn by(&self, algorithm: Algorithm) -> &str {
        match algorithm {
            Algorithm::Sha256 => &self.sha256,
            Algorithm::Md5 => &self.md5,
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// The value of a `WWW-Authenticate` header. `is_stale`: the proof was right, only its nonce is not good any more.
pub fn challenge(realm: &str, nonce: &str, algorithm: Algorithm, is_stale: bool) -> String {
    let stale = if is_stale { ", stale=true" } else { "" };
    format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}", algorithm.name())
}

/// A challenge that somebody else sent us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    has_auth: bool,
    is_stale: bool,
}

impl Challenge {
    /// Reads the value of a `WWW-Authenticate` or `Proxy-Authenticate` header. `None` for what cannot be answered: no digest, a hash
    /// function we do not have, or a protection of the body and nothing less.
    pub fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let parts = parts(rest)?;
        let part = |name: &str| parts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        let qop = part("qop");
        let has_auth = qop.as_ref().is_some_and(|qop| qop.split(',').any(|kind| kind.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some_and(|qop| !qop.trim().is_empty()) && !has_auth {
            return None;
        }
        Some(Self {
            realm: part("realm")?,
            nonce: part("nonce")?,
            opaque: part("opaque"),
            algorithm: part("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::named(&name))?,
            has_auth,
            is_stale: part("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The one to answer of several: the best hash function, the first of equals.
    pub fn best(offered: &[Self]) -> Option<&Self> {
        Algorithm::ALL.into_iter().find_map(|algorithm| offered.iter().find(|challenge| challenge.algorithm == algorithm))
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm=\"{}\", nonce=\"{}\", algorithm={}", escaped(&self.realm), escaped(&self.nonce), self.algorithm.name())?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque=\"{}\"", escaped(opaque))?;
        }
        if self.has_auth {
            f.write_str(", qop=\"auth\"")?;
        }
        if self.is_stale { f.write_str(", stale=true") } else { Ok(()) }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// What an `Authorization` header claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who it says it is.
    pub username: String,
    /// For which realm.
    pub realm: String,
    /// The nonce it answers.
    pub nonce: String,
    uri: String,
    response: String,
    algorithm: Algorithm,
    cnonce: String,
    nc: String,
}

impl Claim {
    /// Reads the header's value. `None` for what is no digest with `qop=auth`, or lacks a part.
    pub fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let parts = parts(rest)?;
        let part = |name: &str| parts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        if !part("qop")?.eq_ignore_ascii_case("auth") {
            return None;
        }
        Some(Self {
            username: part("username")?,
            realm: part("realm")?,
            nonce: part("nonce")?,
            uri: part("uri")?,
            response: part("response")?.to_ascii_lowercase(),
            algorithm: part("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::named(&name))?,
            cnonce: part("cnonce")?,
            nc: part("nc")?,
        })
    }

    /// Whether it proves that the sender of a request with this method knows the password. Takes the same time for every wrong answer.
    pub fn proves(&self, ha1: &Ha1, method: &str) -> bool {
        let of_request = self.algorithm.hash(&format!("{method}:{}", self.uri));
        let known = ha1.by(self.algorithm);
        let expected = self.algorithm.hash(&format!("{known}:{}:{}:{}:auth:{of_request}", self.nonce, self.nc, self.cnonce));
        expected.as_bytes().ct_eq(self.response.as_bytes()).into()
    }
}

/// `name=value, name="quoted value"`, in any order. `None` when a quote is not closed or a name is missing.
fn parts(text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        found.push((name.trim().to_owned(), value));
        rest = after.trim_start_matches([' ', '\t', ',', '\r', '\n']);
    }
    Some(found)
}

fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 7616, 3.9.1.
    fn answer(algorithm: &str, response: &str) -> String {
        format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", opaque=\"x, \\\" y\""
        )
    }

    #[test]
    fn the_examples_of_the_rfc_are_proofs_and_nothing_near_them_is() {
        let right = Ha1::of("Mufasa", "http-auth@example.org", "Circle of Life");
        let wrong = Ha1::of("Mufasa", "http-auth@example.org", "Circle of Live");
        for (algorithm, response) in
            [("MD5", "8ca523f5e9506fed4657c9700eebdbec"), ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")]
        {
            let claim = Claim::parse(&answer(algorithm, response)).expect("a claim");
            assert!(claim.proves(&right, "GET"), "{algorithm}");
            assert!(!claim.proves(&right, "POST") && !claim.proves(&wrong, "GET"), "{algorithm}");
            assert!(!Claim { nonce: "another".to_owned(), ..claim.clone() }.proves(&right, "GET"));
            assert!(!Claim { response: String::new(), ..claim }.proves(&right, "GET"));
        }
    }

    #[test]
    fn what_lacks_a_part_or_has_another_scheme_is_no_claim() {
        let whole = answer("MD5", "00");
        for broken in [
            String::new(),
            "Basic abc".to_owned(),
            "Digest".to_owned(),
            whole.replace("qop=auth", "qop=auth-int"),
            whole.replace("algorithm=MD5", "algorithm=MD4"),
            whole.replace("username=", "user="),
            whole.replace("nc=00000001, ", ""),
            whole.replace("\"Mufasa\"", "\"Mufasa"),
        ] {
            assert_eq!(Claim::parse(&broken), None, "{broken}");
        }
    }

    #[test]
    fn of_several_challenges_the_best_that_can_be_answered_is_kept() {
        let read = |values: &[&str]| {
            let offered: Vec<Challenge> = values.iter().filter_map(|value| Challenge::parse(value)).collect();
            Challenge::best(&offered).map(ToString::to_string)
        };
        let (md5, sha) = ("Digest realm=\"r\", nonce=\"n\", algorithm=MD5", "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256");
        let better = "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256";
        assert_eq!(read(&[md5, better, sha]).as_deref(), Some(sha));
        assert_eq!(read(&[sha, md5]).as_deref(), Some(sha));
        assert_eq!(read(&[better, md5]).as_deref(), Some(md5));
        assert_eq!(read(&[better]), None);
        assert_eq!(read(&["Basic realm=\"r\""]), None);
        assert_eq!(read(&["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\""]), None);
        assert_eq!(
            read(&["digest qop=\"auth-int,auth\", nonce=\"n\", realm=\"a \\\"b\", opaque=\"o\", stale=TRUE"]).as_deref(),
            Some("Digest realm=\"a \\\"b\", nonce=\"n\", algorithm=MD5, opaque=\"o\", qop=\"auth\", stale=true")
        );
    }

    #[test]
    fn debug_output_hides_the_digests() {
        let ha1 = Ha1::of("a", "b", "c");
        assert!(!format!("{ha1:?}").contains(&ha1.md5));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(text in ".{0,200}") {
            drop(Claim::parse(&text));
            drop(Claim::parse(&format!("Digest {text}")));
            drop(Challenge::parse(&format!("Digest {text}")));
        }
    }
}
