//! Session descriptions (RFC 4566), as much as an audio call needs: read what the far end says, write what we say.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use crate::base::{Error, Result};

use super::codec::Codec;
use super::sdes::Crypto;

/// Longest description that is read; larger ones do not fit a SIP message either.
const MOST_BYTES: usize = 65_535;
/// Most `m=` lines that are read.
const MOST_SECTIONS: usize = 32;

/// Which way media flows, from the speaker's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Direction {
    #[default]
    Both,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

impl Direction {
    fn of(attribute: &str) -> Option<Self> {
        Some(match attribute {
            "sendrecv" => Self::Both,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::ReceiveOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }

    /// Its attribute.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Both => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::ReceiveOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same, seen from the other side.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::SendOnly => Self::ReceiveOnly,
            Self::ReceiveOnly => Self::SendOnly,
            same => same,
        }
    }

    /// Whether the speaker sends.
    pub(super) fn sends(self) -> bool {
        matches!(self, Self::Both | Self::SendOnly)
    }

    /// Whether the speaker receives.
    pub(super) fn receives(self) -> bool {
        matches!(self, Self::Both | Self::ReceiveOnly)
    }
}

/// One `m=` section as it was said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Section {
    /// `audio`, `video`, …
    pub(super) kind: String,
    /// Zero refuses it.
    pub(super) port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, …
    pub(super) profile: String,
    /// The formats as they were written.
    pub(super) formats: Vec<String>,
    /// Address of this section, or of the session.
    pub(super) ip: Option<IpAddr>,
    /// Where RTCP goes, when it is not the next port.
    pub(super) rtcp_port: Option<u16>,
    pub(super) direction: Direction,
    /// Payload type, name and clock of each `rtpmap`.
    pub(super) maps: Vec<(u8, String, u32)>,
    /// Payload type and parameters of each `fmtp`.
    pub(super) parameters: Vec<(u8, String)>,
    /// Keys we can use, in their order.
    pub(super) crypto: Vec<Crypto>,
}

/// A description as it was said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Description {
    pub(super) sections: Vec<Section>,
}

impl Description {
    /// Reads a description. Lines it does not know are skipped; what it must understand and cannot is `Invalid`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MOST_BYTES {
            return Err(Error::invalid("the session description is too long"));
        }
        let text = String::from_utf8_lossy(bytes);
        if !text.trim_start().starts_with("v=0") {
            return Err(Error::invalid("this is no session description"));
        }
        let mut session = Section::default();
        let mut sections: Vec<Section> = Vec::new();
        for line in text.lines() {
            let Some((kind, value)) = line.trim_end().split_once('=') else { continue };
            match kind.trim_start() {
                "m" if sections.len() == MOST_SECTIONS => return Err(Error::invalid("the session description has too many media lines")),
                "m" => sections.push(media_line(value, &session)?),
                "c" => sections.last_mut().unwrap_or(&mut session).ip = Some(connection(value)?),
                "a" => attribute(value, sections.last_mut().unwrap_or(&mut session)),
                _ => {}
            }
        }
        Ok(Self { sections })
    }
}

fn media_line(value: &str, session: &Section) -> Result<Section> {
    let mut words = value.split_whitespace();
    let (Some(kind), Some(port), Some(profile)) = (words.next(), words.next(), words.next()) else {
        return Err(Error::invalid("a media line of the session description is cut short"));
    };
    let port = port.split('/').next().and_then(|p| p.parse().ok());
    let Some(port) = port else { return Err(Error::invalid("a media line of the session description has no port")) };
    Ok(Section { kind: kind.to_owned(), port, profile: profile.to_owned(), formats: words.map(str::to_owned).collect(), ..session.clone() })
}

fn connection(value: &str) -> Result<IpAddr> {
    let address = value.split_whitespace().nth(2).and_then(|a| a.split('/').next());
    address.and_then(|a| a.parse().ok()).ok_or_else(|| Error::invalid("the connection line of the session description has no IP address"))
}

fn attribute(value: &str, section: &mut Section) {
    if let Some(direction) = Direction::of(value) {
        section.direction = direction;
    } else if let Some(rest) = value.strip_prefix("rtpmap:") {
        if let Some(map) = rtpmap(rest) {
            section.maps.push(map);
        }
    } else if let Some(rest) = value.strip_prefix("fmtp:") {
        let number = rest.split_once(' ').and_then(|(number, text)| Some((number.parse().ok().filter(|n| *n < 128)?, text.to_owned())));
        section.parameters.extend(number);
    } else if let Some(rest) = value.strip_prefix("crypto:") {
        section.crypto.extend(Crypto::parse(rest));
    } else if let Some(rest) = value.strip_prefix("rtcp:") {
        section.rtcp_port = rest.split_whitespace().next().and_then(|p| p.parse().ok());
    }
}

fn rtpmap(rest: &str) -> Option<(u8, String, u32)> {
    let (number, encoding) = rest.split_once(' ')?;
    let mut parts = encoding.trim().split('/');
    let number: u8 = number.parse().ok().filter(|n| *n < 128)?;
    Some((number, parts.next()?.to_owned(), parts.next()?.parse().ok()?))
}

/// What our side says of itself.
#[derive(Debug, Clone)]
pub(super) struct Local {
    /// Names the session; stays the same.
    pub(super) session: u64,
    /// Grows with every description.
    pub(super) version: u64,
    /// Where we receive, as the far end reaches it.
    pub(super) address: SocketAddr,
    pub(super) direction: Direction,
    /// Payload types and codecs, the preferred one first.
    pub(super) codecs: Vec<(u8, Codec)>,
    /// How keys are sent (RFC 4733): one way for each clock that our codecs have.
    pub(super) keys: Vec<Keys>,
    /// `RTP/AVP`, or `RTP/SAVP` with our key.
    pub(super) profile: &'static str,
    /// Our keys, one for each suite; used where the profile is a secure one.
    pub(super) crypto: Vec<Crypto>,
}

/// Profiles whose sound is encrypted with keys of the description.
pub(super) const SECURE: [&str; 2] = ["RTP/SAVP", "RTP/SAVPF"];

/// How keys are sent: their payload type and clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) payload_type: u8,
    pub(super) clock: u32,
}

impl Local {
    /// The head of a description, up to the first media line.
    pub(super) fn head(&self) -> String {
        let (family, ip) = (if self.address.is_ipv4() { "IP4" } else { "IP6" }, self.address.ip());
        format!("v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n", self.session, self.version)
    }

    /// Our audio section.
    pub(super) fn audio(&self) -> String {
        let mut text = format!("m=audio {} {}", self.address.port(), self.profile);
        let numbers = self.codecs.iter().map(|(number, _)| *number).chain(self.keys.iter().map(|keys| keys.payload_type));
        for number in numbers {
            let _ = write!(text, " {number}");
        }
        text.push_str("\r\n");
        for (number, codec) in &self.codecs {
            let _ = write!(text, "a=rtpmap:{number} {}\r\n", codec.encoding());
            if let Some(parameters) = codec.parameters() {
                let _ = write!(text, "a=fmtp:{number} {parameters}\r\n");
            }
        }
        for Keys { payload_type, clock } in &self.keys {
            let _ = write!(text, "a=rtpmap:{payload_type} telephone-event/{clock}\r\na=fmtp:{payload_type} 0-15\r\n");
        }
        if SECURE.contains(&self.profile) {
            for crypto in &self.crypto {
                let _ = write!(text, "a=crypto:{}\r\n", crypto.line());
            }
        }
        let _ = write!(text, "a=ptime:20\r\na={}\r\n", self.direction.word());
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PHONE: &str = "v=0\r\no=u 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\na=sendonly\r\nm=audio 4000/2 RTP/AVP 8 0 101\r\nc=IN IP4 192.0.2.10/127\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:4011\r\nm=video 5000 RTP/AVP 96\r\n";

    #[test]
    fn a_section_overrides_what_the_session_said() {
        let description = Description::parse(PHONE.as_bytes()).unwrap();
        let audio = &description.sections[0];
        assert_eq!((audio.port, audio.rtcp_port, audio.direction), (4000, Some(4011), Direction::SendOnly));
        assert_eq!(audio.ip, Some(IpAddr::from([192, 0, 2, 10])));
        assert_eq!(audio.maps, [(101, "telephone-event".to_owned(), 8000)]);
        assert_eq!(description.sections[1].ip, Some(IpAddr::from([192, 0, 2, 9])));
    }

    #[test]
    fn bare_line_feeds_are_read_too() {
        assert_eq!(Description::parse(PHONE.replace('\r', "").as_bytes()).unwrap(), Description::parse(PHONE.as_bytes()).unwrap());
    }

    #[test]
    fn garbage_is_refused_in_words() {
        let cases: [(&str, &str); 6] = [
            ("", "this is no session description"),
            ("hello", "this is no session description"),
            ("v=0\r\nm=audio", "a media line of the session description is cut short"),
            ("v=0\r\nm=audio 99999 RTP/AVP 0", "a media line of the session description has no port"),
            ("v=0\r\nc=IN IP4 pbx.example", "the connection line of the session description has no IP address"),
            ("v=0\r\nc=IN", "the connection line of the session description has no IP address"),
        ];
        for (text, message) in cases {
            assert_eq!(Description::parse(text.as_bytes()).unwrap_err().message(), message, "{text}");
        }
        assert!(Description::parse(format!("v=0\r\n{}", "m=audio 1 RTP/AVP 0\r\n".repeat(33)).as_bytes()).is_err());
        assert!(Description::parse(&vec![b'v'; 70_000]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(Description::parse(&bytes));
            let mut led = b"v=0\r\n".to_vec();
            led.extend_from_slice(&bytes);
            drop(Description::parse(&led));
        }

        #[test]
        fn no_change_of_a_good_one_makes_it_panic(at in 0usize..250, byte in any::<u8>()) {
            let mut bytes = PHONE.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            drop(Description::parse(&bytes));
        }
    }
}
