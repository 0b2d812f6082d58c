//! Offers as browsers make them, and what is none.

use proptest::prelude::*;

use super::*;

const DIGEST: &str = "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA";

/// What Chromium offers for audio, shortened, with a video line that is not wanted.
fn browser() -> String {
    format!(
        "v=0\r\no=- 46 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic: WMS x\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:Wk3+\r\na=ice-pwd:secret\r\n\
         a=fingerprint:sha-256 {DIGEST}\r\na=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\n\
         a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:126 telephone-event/8000\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
    )
}

fn ours(addresses: &[IpAddr]) -> Ours<'_> {
    Ours { ufrag: "ours", password: "a-password", fingerprint: "BB", addresses, port: 6000 }
}

#[test]
fn the_sound_of_an_offer_is_passed_on_as_plain_rtp() {
    let offer = Offer::parse(&browser()).unwrap();
    assert_eq!((offer.ufrag.as_str(), offer.fingerprint), ("Wk3+", [0xaa; 32]));
    let plain = offer.plain("127.0.0.1:4000".parse().unwrap());
    for line in ["m=audio 4000 RTP/AVP 111 9 0 8 126", "a=rtcp:4000", "c=IN IP4 127.0.0.1", "a=rtpmap:111 opus/48000/2", "a=sendrecv"] {
        assert!(plain.contains(&format!("{line}\r\n")), "{line} is missing in {plain}");
    }
    assert!(!plain.contains("ice-") && !plain.contains("extmap") && !plain.contains("video"));
}

#[test]
fn an_answer_says_where_we_are_and_refuses_what_is_no_call() {
    let offer = Offer::parse(&browser()).unwrap();
    let plain =
        "v=0\r\no=- 77 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 5000 RTP/AVP 0 126\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n";
    let addresses = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let answer = offer.answer(plain, &ours(&addresses)).unwrap();
    for line in [
        "o=- 77 1 IN IP4 127.0.0.1",
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "m=audio 6000 UDP/TLS/RTP/SAVPF 0 126",
        "a=setup:passive",
        "a=fingerprint:sha-256 BB",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 6000 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 6000 typ host",
        "a=rtpmap:0 PCMU/8000",
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
    ] {
        assert!(answer.contains(&format!("{line}\r\n")), "{line} is missing in {answer}");
    }
    assert!(offer.answer("v=0\r\nm=audio 0 RTP/AVP 0\r\n", &ours(&addresses)).is_err());
}

#[test]
fn what_is_no_offer_of_a_browser_is_refused_in_words() {
    let good = browser();
    for (from, to, word) in [
        ("v=0", "hello", "v=0"),
        ("UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", "no audio"),
        ("m=audio 9", "m=audio 0", "no audio"),
        ("m=audio 9", "m=audio x", "media line"),
        ("a=ice-ufrag:Wk3+", "a=ice-ufrag:W", "ice-ufrag"),
        ("a=ice-ufrag:Wk3+", "a=ice-ufrag:Wk3+ a", "ice-ufrag"),
        ("fingerprint:sha-256", "fingerprint:sha-1", "fingerprint"),
        ("AA:AA\r\n", "AA\r\n", "fingerprint"),
        ("setup:actpass", "setup:passive", "handshake"),
        ("a=rtcp-mux\r\n", "", "rtcp-mux"),
        ("a=mid:0", "a=mid:0 1", "mid"),
    ] {
        let error = Offer::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(error.message().contains(word), "{from} -> {to}: {}", error.message());
        assert_eq!(error.fields().first().map(|field| field.field.as_str()), Some("sdp"));
    }
    assert!(Offer::parse(&format!("{good}{}", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n".repeat(20))).is_err());
    assert!(Offer::parse(&format!("{good}{}", "a=x\r\n".repeat(500))).is_err());
    assert!(Offer::parse(&"v=0".repeat(30_000)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}", at in 0usize..900, with in any::<char>()) {
        drop(Offer::parse(&text));
        let mut near: Vec<char> = browser().chars().collect();
        let at = at % near.len();
        near[at] = with;
        if let Ok(offer) = Offer::parse(&near.iter().collect::<String>()) {
            let plain = offer.plain("127.0.0.1:4000".parse().unwrap());
            drop(offer.answer(&plain, &ours(&[])));
        }
    }
}
