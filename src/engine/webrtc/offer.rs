//! What a browser offers and what it is answered: SDP on its side (RFC 8829), plain RTP on ours. Pure.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use crate::base::{Error, Result};

/// Longest offer that is read. Browsers send about 3 kB for audio alone.
const MOST_BYTES: usize = 65_535;
/// Most media lines, and most lines of one of them, that are read.
const MOST_SECTIONS: usize = 16;
const MOST_LINES: usize = 400;
/// The profile of media under DTLS.
const SECURE: [&str; 2] = ["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"];
/// Attributes about the sound itself, which go to the media engine and come back from it.
const OF_SOUND: [&str; 4] = ["rtpmap:", "fmtp:", "ptime:", "maxptime:"];
const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];

/// A media line and what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Section {
    /// `audio`, `video`, `application`.
    kind: String,
    port: u16,
    profile: String,
    formats: Vec<String>,
    /// Attributes without their `a=`.
    attributes: Vec<String>,
}

impl Section {
    fn attribute<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find_map(|line| line.strip_prefix(name)).map(str::trim)
    }
}

/// An offer that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    sections: Vec<Section>,
    /// Which of them is the call.
    audio: usize,
    pub(super) ufrag: String,
    /// SHA-256 of the browser's certificate.
    pub(super) fingerprint: [u8; 32],
    is_bundled: bool,
}

/// What our side says of itself.
pub(super) struct Ours<'a> {
    pub(super) ufrag: &'a str,
    pub(super) password: &'a str,
    pub(super) fingerprint: &'a str,
    /// Where we are, the best address first.
    pub(super) addresses: &'a [IpAddr],
    pub(super) port: u16,
}

impl Offer {
    /// Reads an offer. `Invalid`, in words, for what is no offer of a browser or holds no audio we could answer.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |sentence: &'static str| Error::invalid(sentence).field("sdp", sentence);
        if text.len() > MOST_BYTES {
            return Err(invalid("is longer than an offer can be"));
        }
        if !text.trim_start().starts_with("v=0") {
            return Err(invalid("is no session description: it must begin with v=0"));
        }
        let (session, sections) = lines(text).ok_or_else(|| invalid("has a media line that cannot be read, or too many lines"))?;
        let is_audio = |section: &Section| section.kind == "audio" && section.port != 0 && SECURE.contains(&section.profile.as_str());
        let audio = sections.iter().position(is_audio).ok_or_else(|| invalid("offers no audio as browsers do (UDP/TLS/RTP/SAVPF)"))?;
        let section = &sections[audio];
        let named = |name: &str| section.attribute(name).or_else(|| session.attribute(name));
        let ufrag = named("ice-ufrag:").filter(|ufrag| is_ice(ufrag)).ok_or_else(|| invalid("names no ice-ufrag"))?.to_owned();
        let mut digests = section.attributes.iter().chain(&session.attributes).filter_map(|line| line.strip_prefix("fingerprint:"));
        let fingerprint = digests.find_map(sha256_of).ok_or_else(|| invalid("names no SHA-256 fingerprint of a certificate"))?;
        if !matches!(named("setup:"), Some("actpass" | "active")) {
            return Err(invalid("must let the browser begin the handshake (a=setup:actpass)"));
        }
        if section.attribute("rtcp-mux").is_none() {
            return Err(invalid("must send RTCP on the port of RTP (a=rtcp-mux)"));
        }
        if sections.iter().filter_map(|section| section.attribute("mid:")).any(|mid| !is_token(mid)) {
            return Err(invalid("has a media line whose mid cannot be used"));
        }
        let is_bundled = session.attribute("group:BUNDLE").is_some();
        Ok(Self { sections, audio, ufrag, fingerprint, is_bundled })
    }

    /// The same audio as plain RTP to and from this address, with RTCP on the same port.
    pub(super) fn plain(&self, at: SocketAddr) -> String {
        let section = &self.sections[self.audio];
        let (family, ip, port) = (family(at.ip()), at.ip(), at.port());
        let mut text = format!("v=0\r\no=- 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n");
        let _ = write!(text, "m=audio {port} RTP/AVP {}\r\na=rtcp:{port}\r\n", section.formats.join(" "));
        for line in section.attributes.iter().filter(|line| is_of_sound(line)) {
            let _ = write!(text, "a={line}\r\n");
        }
        text
    }

    /// Our answer: what the media engine answered to [`Offer::plain`], in a browser's terms. All media lines but the call's are refused.
    pub(super) fn answer(&self, plain: &str, ours: &Ours<'_>) -> Result<String> {
        let unusable = || Error::internal("the media engine's answer cannot be read");
        let (_, answered) = lines(plain).ok_or_else(unusable)?;
        let sound = answered.iter().find(|section| section.kind == "audio" && section.port != 0).ok_or_else(unusable)?;
        let origin = plain.lines().find_map(|line| line.trim_end().strip_prefix("o=")).unwrap_or("- 1 1 IN IP4 127.0.0.1");
        let mut text = format!("v=0\r\no={origin}\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n");
        if let Some(mid) = self.sections[self.audio].attribute("mid:").filter(|_| self.is_bundled) {
            let _ = write!(text, "a=group:BUNDLE {mid}\r\n");
        }
        for (n, section) in self.sections.iter().enumerate() {
            if n == self.audio { self.accept(&mut text, section, sound, ours) } else { refuse(&mut text, section) }
        }
        Ok(text)
    }

    fn accept(&self, text: &mut String, offered: &Section, sound: &Section, ours: &Ours<'_>) {
        let first = ours.addresses.first().copied().unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let _ = write!(text, "m=audio {} {} {}\r\n", ours.port, offered.profile, sound.formats.join(" "));
        let _ = write!(text, "c=IN {} {first}\r\n", family(first));
        if let Some(mid) = offered.attribute("mid:") {
            let _ = write!(text, "a=mid:{mid}\r\n");
        }
        let _ = write!(text, "a=rtcp-mux\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", ours.ufrag, ours.password);
        let _ = write!(text, "a=fingerprint:sha-256 {}\r\na=setup:passive\r\n", ours.fingerprint);
        for (n, address) in ours.addresses.iter().enumerate() {
            // Host candidates (type preference 126), in our order.
            let priority = (126 << 24) | ((65_535 - u32::try_from(n).unwrap_or(0)) << 8) | 255;
            let _ = write!(text, "a=candidate:{} 1 udp {priority} {address} {} typ host\r\n", n + 1, ours.port);
        }
        text.push_str("a=end-of-candidates\r\n");
        for line in sound.attributes.iter().filter(|line| is_of_sound(line)) {
            let _ = write!(text, "a={line}\r\n");
        }
        text.push_str("a=msid:cxbox bot\r\n");
    }
}

fn refuse(text: &mut String, section: &Section) {
    let _ = write!(text, "m={} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\n", section.kind, section.profile, section.formats.join(" "));
    if let Some(mid) = section.attribute("mid:") {
        let _ = write!(text, "a=mid:{mid}\r\n");
    }
    text.push_str("a=inactive\r\n");
}

/// The session's own attributes and its media sections. `None` when a media line cannot be read.
fn lines(text: &str) -> Option<(Section, Vec<Section>)> {
    let mut session = Section::default();
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
        match kind {
            "m" if sections.len() == MOST_SECTIONS => return None,
            "m" => sections.push(media_line(value)?),
            "a" => {
                let attributes = &mut sections.last_mut().unwrap_or(&mut session).attributes;
                if attributes.len() == MOST_LINES || value.chars().any(char::is_control) {
                    return None;
                }
                attributes.push(value.to_owned());
            }
            _ => {}
        }
    }
    Some((session, sections))
}

fn media_line(value: &str) -> Option<Section> {
    let mut words = value.split_whitespace();
    let (kind, port, profile) = (words.next()?, words.next()?, words.next()?);
    let port = port.split('/').next()?.parse().ok()?;
    let formats: Vec<String> = words.map(str::to_owned).collect();
    let is_plain = [kind, profile].into_iter().chain(formats.iter().map(String::as_str)).all(is_token);
    (is_plain && !formats.is_empty()).then(|| Section { kind: kind.into(), port, profile: profile.into(), formats, attributes: Vec::new() })
}

fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_ice(text: &str) -> bool {
    (4..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

fn is_of_sound(line: &str) -> bool {
    OF_SOUND.iter().any(|name| line.starts_with(name)) || DIRECTIONS.contains(&line)
}

/// The digest of a `fingerprint` attribute, if it is of the kind we compare.
fn sha256_of(value: &str) -> Option<[u8; 32]> {
    let (kind, digits) = value.trim().split_once(' ')?;
    let bytes = kind.eq_ignore_ascii_case("sha-256").then(|| hex::decode(digits.trim().replace(':', "")).ok())??;
    bytes.try_into().ok()
}

fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IP4" } else { "IP6" }
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
