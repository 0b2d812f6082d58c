//! Offer and answer (RFC 3264): what two descriptions agree on. Pure.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::base::{Error, Result};

use super::codec::Codec;
use super::sdp::{Description, Direction, Local, Section};

/// Payload type we offer keys with.
const KEYS: u8 = 101;

/// What both sides agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) codec: Codec,
    /// Payload type of the codec, as the far end numbers it.
    pub(super) payload_type: u8,
    /// Payload type of keys, if the far end takes them.
    pub(super) keys: Option<u8>,
    /// Where they receive RTP. `None` while they say "nowhere" (an old way to hold).
    pub(super) remote: Option<SocketAddr>,
    /// Where they receive RTCP.
    pub(super) rtcp: Option<SocketAddr>,
    /// Which way media flows, from our side.
    pub(super) direction: Direction,
}

/// What we offer in a new call.
pub(super) fn offer(session: u64, address: SocketAddr, codecs: &[Codec]) -> Local {
    let codecs = codecs.iter().map(|codec| (codec.payload_type(), *codec)).collect();
    Local { session, version: 1, address, direction: Direction::Both, codecs, keys: Some(KEYS) }
}

/// What their description and our codecs have in common. `current` is kept when they still have it.
/// `Invalid` with the code `no_common_codec` when there is nothing in common (SIP: 488).
pub(super) fn agree(theirs: &Description, ours: &[Codec], current: Option<Codec>) -> Result<Agreed> {
    let audio = theirs.sections.iter().find(|section| is_usable(section));
    let Some(audio) = audio else {
        return Err(Error::invalid("the far end offers no plain RTP audio").code("no_common_codec"));
    };
    let codecs: Vec<(u8, Codec)> = formats(audio).filter(|(_, codec)| ours.contains(codec)).collect();
    let chosen = codecs.iter().find(|(_, codec)| Some(*codec) == current).or(codecs.first());
    let Some((payload_type, codec)) = chosen.copied() else {
        return Err(Error::invalid("the far end speaks none of our codecs").code("no_common_codec"));
    };
    let ip = audio.ip.ok_or_else(|| Error::invalid("the session description has no address"))?;
    let reachable = !ip.is_unspecified() && !ip.is_multicast();
    let remote = reachable.then_some(SocketAddr::new(ip, audio.port));
    let rtcp_port = audio.rtcp_port.or(audio.port.checked_add(1));
    let direction = match audio.direction.mirrored() {
        _ if !reachable => Direction::Inactive,
        direction => direction,
    };
    Ok(Agreed {
        codec,
        payload_type,
        keys: keys(audio),
        remote,
        rtcp: rtcp_port.filter(|_| reachable).map(|port| SocketAddr::new(ip, port)),
        direction,
    })
}

fn is_usable(section: &Section) -> bool {
    section.kind == "audio" && section.port != 0 && matches!(section.profile.as_str(), "RTP/AVP" | "RTP/AVPF")
}

/// Their formats that we know by name, in their order.
fn formats(audio: &Section) -> impl Iterator<Item = (u8, Codec)> + '_ {
    audio.formats.iter().filter_map(|format| {
        let number: u8 = format.parse().ok().filter(|n| *n < 128)?;
        let map = audio.maps.iter().find(|(mapped, _, _)| *mapped == number);
        let codec = match map {
            Some((_, name, 8000)) => Codec::named(name),
            Some(_) => None,
            None => Codec::of_payload_type(number),
        };
        codec.map(|codec| (number, codec))
    })
}

fn keys(audio: &Section) -> Option<u8> {
    let named = audio.maps.iter().find(|(_, name, clock)| name.eq_ignore_ascii_case("telephone-event") && *clock == 8000);
    named.map(|(number, _, _)| *number).filter(|number| audio.formats.iter().any(|format| format.parse() == Ok(*number)))
}

/// Our answer: their media lines in their order, all but the agreed one refused.
pub(super) fn answer(theirs: &Description, agreed: &Agreed, local: &Local) -> Vec<u8> {
    let ours = Local { codecs: vec![(agreed.payload_type, agreed.codec)], keys: agreed.keys, direction: agreed.direction, ..local.clone() };
    let mut text = ours.head();
    let mut taken = false;
    for section in &theirs.sections {
        if !taken && is_usable(section) {
            taken = true;
            text.push_str(&ours.audio());
        } else {
            let _ = write!(text, "m={} 0 {} {}\r\n", section.kind, section.profile, section.formats.join(" "));
        }
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Codec] = &[Codec::Pcmu, Codec::Pcma, Codec::G722];

    fn description(audio: &str) -> Description {
        Description::parse(format!("v=0\r\nc=IN IP4 192.0.2.9\r\n{audio}").as_bytes()).unwrap()
    }

    #[test]
    fn their_order_decides_and_numbers_are_theirs() {
        let cases = [
            ("m=audio 4000 RTP/AVP 8 0\r\n", Codec::Pcma, 8, None),
            ("m=audio 4000 RTP/AVP 18 9 0\r\n", Codec::G722, 9, None),
            ("m=audio 4000 RTP/AVP 97 96\r\na=rtpmap:97 pcmu/8000\r\na=rtpmap:96 telephone-event/8000\r\n", Codec::Pcmu, 97, Some(96)),
            ("m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/48000\r\n", Codec::Pcmu, 0, None),
            ("m=video 9 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\nm=audio 6 RTP/AVP 8\r\n", Codec::Pcma, 8, None),
        ];
        for (audio, codec, number, keys) in cases {
            let agreed = agree(&description(audio), ALL, None).unwrap();
            assert_eq!((agreed.codec, agreed.payload_type, agreed.keys), (codec, number, keys), "{audio}");
        }
    }

    #[test]
    fn nothing_in_common_says_so() {
        for audio in ["", "m=audio 4000 RTP/AVP 18\r\n", "m=audio 4000 RTP/SAVP 0\r\n", "m=audio 0 RTP/AVP 0\r\n"] {
            assert_eq!(agree(&description(audio), ALL, None).unwrap_err().stable_code(), "no_common_codec", "{audio}");
        }
        assert!(agree(&description("m=audio 4000 RTP/AVP 9\r\n"), &[Codec::Pcmu], None).is_err());
    }

    #[test]
    fn the_codec_in_use_is_kept() {
        let agreed = agree(&description("m=audio 4000 RTP/AVP 8 0\r\n"), ALL, Some(Codec::Pcmu)).unwrap();
        assert_eq!(agreed.codec, Codec::Pcmu);
    }

    #[test]
    fn hold_in_all_its_spellings_stops_us_and_an_answer_mirrors_it() {
        let cases = [
            ("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", Direction::ReceiveOnly),
            ("m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n", Direction::SendOnly),
            ("m=audio 4000 RTP/AVP 0\r\na=inactive\r\n", Direction::Inactive),
            ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", Direction::Inactive),
            ("m=audio 4000 RTP/AVP 0\r\n", Direction::Both),
        ];
        for (audio, direction) in cases {
            let theirs = description(audio);
            let agreed = agree(&theirs, ALL, None).unwrap();
            assert_eq!(agreed.direction, direction, "{audio}");
            let ours = String::from_utf8(answer(&theirs, &agreed, &offer(1, "192.0.2.1:6000".parse().unwrap(), ALL))).unwrap();
            assert!(ours.contains(&format!("a={}\r\n", direction.word())), "{ours}");
        }
    }

    #[test]
    fn an_answer_has_their_lines_and_refuses_the_others() {
        let theirs = description(
            "m=video 5000 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\nm=audio 4002 RTP/AVP 0\r\n",
        );
        let agreed = agree(&theirs, ALL, None).unwrap();
        let ours = Description::parse(&answer(&theirs, &agreed, &offer(7, "192.0.2.1:6000".parse().unwrap(), ALL))).unwrap();
        let ports: Vec<u16> = ours.sections.iter().map(|section| section.port).collect();
        assert_eq!(ports, [0, 6000, 0]);
        assert_eq!(ours.sections[1].formats, ["0", "101"]);
    }

    #[test]
    fn two_of_us_agree() {
        let local = offer(1, "192.0.2.1:6000".parse().unwrap(), ALL);
        let text = local.head() + &local.audio();
        let agreed = agree(&Description::parse(text.as_bytes()).unwrap(), ALL, None).unwrap();
        assert_eq!((agreed.codec, agreed.keys, agreed.rtcp), (Codec::Pcmu, Some(101), "192.0.2.1:6001".parse().ok()));
    }
}
