//! Offer and answer (RFC 3264): what two descriptions agree on. Pure.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::base::{Error, Result};

use super::codec::Codec;
use super::opus::Wishes;
use super::sdes::{self, Crypto};
use super::sdp::{Description, Direction, Keys, Local, SECURE, Section};

/// Payload types we offer keys with, and the clocks they are for.
const KEYS: [Keys; 2] = [Keys { payload_type: 101, clock: 8000 }, Keys { payload_type: 110, clock: 48_000 }];

/// What both sides agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) codec: Codec,
    /// Payload type of the codec, as the far end numbers it.
    pub(super) payload_type: u8,
    /// What the far end wants of Opus.
    pub(super) wishes: Wishes,
    /// The profile of their section, as our answer repeats it.
    pub(super) profile: &'static str,
    /// Keys of both sides where sound is encrypted.
    pub(super) srtp: Option<sdes::Keys>,
    /// How keys are sent, if the far end takes them.
    pub(super) keys: Option<Keys>,
    /// Where they receive RTP. `None` while they say "nowhere" (an old way to hold).
    pub(super) remote: Option<SocketAddr>,
    /// Where they receive RTCP.
    pub(super) rtcp: Option<SocketAddr>,
    /// Which way media flows, from our side.
    pub(super) direction: Direction,
}

/// What we offer in a new call.
pub(super) fn offer(session: u64, address: SocketAddr, codecs: &[Codec], crypto: Vec<Crypto>) -> Local {
    let keys = KEYS.into_iter().filter(|keys| codecs.iter().any(|codec| codec.clock() == keys.clock)).collect();
    let codecs = codecs.iter().map(|codec| (codec.payload_type(), *codec)).collect();
    Local { session, version: 1, address, direction: Direction::Both, codecs, keys, profile: "RTP/AVP", crypto }
}

/// What their description and our codecs have in common. `current` is kept when they still have it.
/// `Invalid` with the code `no_common_codec` when there is nothing in common (SIP: 488).
pub(super) fn agree(theirs: &Description, ours: &[Codec], own: &[Crypto], current: Option<Codec>) -> Result<Agreed> {
    let audio = theirs.sections.iter().find(|section| is_usable(section));
    let Some(audio) = audio else {
        return Err(Error::invalid("the far end offers no audio as plain RTP or as SRTP with keys (SDES)").code("no_common_codec"));
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
        wishes: audio.parameters.iter().find(|(number, _)| *number == payload_type).map(|(_, text)| Wishes::read(text)).unwrap_or_default(),
        profile: profile(audio).unwrap_or("RTP/AVP"),
        srtp: srtp(audio, own),
        keys: keys(audio, codec.clock()),
        remote,
        rtcp: rtcp_port.filter(|_| reachable).map(|port| SocketAddr::new(ip, port)),
        direction,
    })
}

fn is_usable(section: &Section) -> bool {
    let is_plain = || matches!(section.profile.as_str(), "RTP/AVP" | "RTP/AVPF");
    section.kind == "audio" && section.port != 0 && (is_plain() || (profile(section).is_some() && !section.crypto.is_empty()))
}

/// The secure profile of a section.
fn profile(section: &Section) -> Option<&'static str> {
    SECURE.into_iter().find(|profile| *profile == section.profile)
}

/// The keys of a secure section: their first line that we can use, and ours of that suite under the same tag.
fn srtp(section: &Section, own: &[Crypto]) -> Option<sdes::Keys> {
    let theirs = *section.crypto.first().filter(|_| profile(section).is_some())?;
    let ours = own.iter().find(|line| line.suite == theirs.suite)?;
    Some(sdes::Keys { ours: ours.tagged(theirs.tag), theirs })
}

/// Their formats that we know by name, in their order.
fn formats(audio: &Section) -> impl Iterator<Item = (u8, Codec)> + '_ {
    audio.formats.iter().filter_map(|format| {
        let number: u8 = format.parse().ok().filter(|n| *n < 128)?;
        let map = audio.maps.iter().find(|(mapped, _, _)| *mapped == number);
        let codec = match map {
            Some((_, name, clock)) => Codec::named(name, *clock),
            None => Codec::of_payload_type(number),
        };
        codec.map(|codec| (number, codec))
    })
}

/// How they take keys: at the clock of the sound (RFC 4733 §2.1), else at the usual one.
fn keys(audio: &Section, clock: u32) -> Option<Keys> {
    let at = |clock: u32| {
        let mut named = audio.maps.iter().filter(|(_, name, of)| name.eq_ignore_ascii_case("telephone-event") && *of == clock);
        let number = named.find(|(number, _, _)| audio.formats.iter().any(|format| format.parse() == Ok(*number)))?.0;
        Some(Keys { payload_type: number, clock })
    };
    at(clock).or_else(|| at(8000))
}

/// Our answer: their media lines in their order, all but the agreed one refused.
pub(super) fn answer(theirs: &Description, agreed: &Agreed, local: &Local) -> Vec<u8> {
    let ours = Local {
        codecs: vec![(agreed.payload_type, agreed.codec)],
        keys: agreed.keys.into_iter().collect(),
        direction: agreed.direction,
        profile: agreed.profile,
        crypto: agreed.srtp.map(|keys| keys.ours).into_iter().collect(),
        ..local.clone()
    };
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

    const ALL: &[Codec] = &Codec::ALL;
    const OPUS: &str = "m=audio 4000 RTP/AVP 96 0 97 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1;maxaveragebitrate=16000\r\n\
                        a=rtpmap:97 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000\r\n";

    fn own() -> Vec<Crypto> {
        Crypto::new(&crate::base::Random::seeded(1))
    }

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
            let agreed = agree(&description(audio), ALL, &own(), None).unwrap();
            let agreed_keys = agreed.keys.map(|keys| keys.payload_type);
            assert_eq!((agreed.codec, agreed.payload_type, agreed_keys), (codec, number, keys), "{audio}");
        }
    }

    #[test]
    fn opus_is_taken_with_its_wishes_and_with_keys_of_its_clock() {
        let theirs = description(OPUS);
        let agreed = agree(&theirs, ALL, &own(), None).unwrap();
        assert_eq!((agreed.codec, agreed.payload_type), (Codec::Opus, 96));
        assert_eq!(agreed.wishes, Wishes { bitrate: 16_000, takes_redundancy: true });
        assert_eq!(agreed.keys, Some(Keys { payload_type: 97, clock: 48_000 }));
        let ours = String::from_utf8(answer(&theirs, &agreed, &offer(1, "192.0.2.1:6000".parse().unwrap(), ALL, own()))).unwrap();
        for line in ["m=audio 6000 RTP/AVP 96 97", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 telephone-event/48000"] {
            assert!(ours.contains(&format!("{line}\r\n")), "{ours}");
        }
        assert!(ours.contains("a=fmtp:96 minptime=10;useinbandfec=1"), "{ours}");
        let without = agree(&theirs, &[Codec::Pcmu], &own(), None).unwrap();
        assert_eq!((without.codec, without.keys), (Codec::Pcmu, Some(Keys { payload_type: 101, clock: 8000 })));
    }

    #[test]
    fn nothing_in_common_says_so() {
        for audio in ["", "m=audio 4000 RTP/AVP 18\r\n", "m=audio 4000 RTP/SAVP 0\r\n", "m=audio 0 RTP/AVP 0\r\n"] {
            assert_eq!(agree(&description(audio), ALL, &own(), None).unwrap_err().stable_code(), "no_common_codec", "{audio}");
        }
        assert!(agree(&description("m=audio 4000 RTP/AVP 9\r\n"), &[Codec::Pcmu], &own(), None).is_err());
    }

    #[test]
    fn the_codec_in_use_is_kept() {
        let agreed = agree(&description("m=audio 4000 RTP/AVP 8 0\r\n"), ALL, &own(), Some(Codec::Pcmu)).unwrap();
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
            let agreed = agree(&theirs, ALL, &own(), None).unwrap();
            assert_eq!(agreed.direction, direction, "{audio}");
            let ours = String::from_utf8(answer(&theirs, &agreed, &offer(1, "192.0.2.1:6000".parse().unwrap(), ALL, own()))).unwrap();
            assert!(ours.contains(&format!("a={}\r\n", direction.word())), "{ours}");
        }
    }

    #[test]
    fn an_answer_has_their_lines_and_refuses_the_others() {
        let theirs = description(
            "m=video 5000 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\nm=audio 4002 RTP/AVP 0\r\n",
        );
        let agreed = agree(&theirs, ALL, &own(), None).unwrap();
        let ours = Description::parse(&answer(&theirs, &agreed, &offer(7, "192.0.2.1:6000".parse().unwrap(), ALL, own()))).unwrap();
        let ports: Vec<u16> = ours.sections.iter().map(|section| section.port).collect();
        assert_eq!(ports, [0, 6000, 0]);
        assert_eq!(ours.sections[1].formats, ["0", "101"]);
    }

    #[test]
    fn an_encrypted_offer_is_answered_with_our_key_under_its_tag() {
        for n in 0..2 {
            an_encrypted_offer_of_suite(n);
        }
    }

    fn an_encrypted_offer_of_suite(n: usize) {
        let theirs = Crypto::new(&crate::base::Random::seeded(2))[n].tagged(7);
        let offer_with = |profile: &str, crypto: &str| description(&format!("m=audio 4000 {profile} 0\r\n{crypto}"));
        let line = format!("a=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA\r\na=crypto:{}\r\n", theirs.line());
        for profile in SECURE {
            let offered = offer_with(profile, &line);
            let agreed = agree(&offered, ALL, &own(), None).unwrap();
            assert_eq!(agreed.srtp, Some(sdes::Keys { ours: own()[n].tagged(7), theirs }));
            let ours = answer(&offered, &agreed, &offer(1, "192.0.2.1:6000".parse().unwrap(), ALL, own()));
            let back = agree(&Description::parse(&ours).unwrap(), ALL, &[theirs], None).unwrap();
            assert_eq!(back.srtp, Some(sdes::Keys { ours: theirs, theirs: own()[n].tagged(7) }));
            assert!(String::from_utf8(ours).unwrap().contains(&format!("m=audio 6000 {profile} 0\r\n")));
        }
        assert_eq!(agree(&offer_with("RTP/AVP", &line), ALL, &own(), None).unwrap().srtp, None, "a key beside a plain profile");
        let without = agree(&offer_with("RTP/SAVP", ""), ALL, &own(), None);
        assert_eq!(without.unwrap_err().stable_code(), "no_common_codec");
    }

    #[test]
    fn two_of_us_agree() {
        let local = offer(1, "192.0.2.1:6000".parse().unwrap(), ALL, own());
        let text = local.head() + &local.audio();
        let agreed = agree(&Description::parse(text.as_bytes()).unwrap(), ALL, &own(), None).unwrap();
        assert_eq!((agreed.codec, agreed.keys, agreed.rtcp), (Codec::Pcmu, Some(KEYS[0]), "192.0.2.1:6001".parse().ok()));
        let only_opus = offer(1, "192.0.2.1:6000".parse().unwrap(), &[Codec::Opus], own());
        let text = only_opus.head() + &only_opus.audio();
        let agreed = agree(&Description::parse(text.as_bytes()).unwrap(), ALL, &own(), None).unwrap();
        assert_eq!((agreed.codec, agreed.payload_type, agreed.keys), (Codec::Opus, 111, Some(KEYS[1])));
    }
}
