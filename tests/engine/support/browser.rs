//! A browser of a few lines: an offer, STUN checks, DTLS and SRTP, so that the engine's side is tried without Chromium.

use std::net::SocketAddr;
use std::sync::Arc;

use cxbox::base::Clock;
use cxbox::engine::srtp::{MOST_ADDED, Opener, Sealer, Suite};
use cxbox::platform::net::Request;
use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};
use rcgen::{CertificateParams, KeyPair};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tokio::net::UdpSocket;

use super::{Bench, within};

const KEYS: u8 = 126;

/// A certificate and its digest as SDP writes it.
fn certificate() -> (DtlsCertificate, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().der().to_vec();
    let sum = digest::digest(&digest::SHA256, &certificate);
    let digest = sum.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    (DtlsCertificate { certificate, private_key: key.serialize_der() }, digest)
}

/// An offer for this certificate.
pub fn offer(fingerprint: &str) -> String {
    format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 {KEYS}\r\nc=IN IP4 0.0.0.0\r\n\
         a=ice-ufrag:them\r\na=ice-pwd:their-password-is-not-needed\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\na=mid:0\r\n\
         a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:{KEYS} telephone-event/8000\r\n"
    )
}

/// The order that hands a call from a browser to the engine.
pub fn order(sdp: &str) -> Value {
    json!({
        "call_id": "vnum000000000001", "session_id": "0190aaaa-0000-7000-8000-000000000001", "sdp": sdp, "client_ip": "127.0.0.1",
        "from": { "reaches": { "kind": "number", "number_id": "num_1" }, "user": "alex" },
    })
}

/// One that was answered.
pub struct Browser {
    socket: UdpSocket,
    engine: SocketAddr,
    ufrag: String,
    password: String,
    dtls: Dtls,
    keys: Option<(Opener, Sealer)>,
    is_over: bool,
    sequence: u16,
    clock: Clock,
}

impl Browser {
    /// Calls; the answer is in, nothing has been sent yet.
    pub async fn calls(bench: &Bench) -> Self {
        let (certificate, fingerprint) = certificate();
        Self::calls_as(bench, certificate, &fingerprint).await
    }

    /// One that announces another certificate than it has.
    pub async fn calls_with_a_false_name(bench: &Bench) -> Self {
        Self::calls_as(bench, certificate().0, &certificate().1).await
    }

    async fn calls_as(bench: &Bench, certificate: DtlsCertificate, fingerprint: &str) -> Self {
        let answer = bench.command(Request::post("/browser-calls").json(&order(&offer(fingerprint))).unwrap()).await;
        assert_eq!(answer.status, 200);
        let answer: Value = answer.json(1 << 16).await.unwrap();
        let sdp = answer["sdp"].as_str().unwrap();
        let of =
            |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {sdp}")).to_owned();
        let candidate = of("a=candidate:");
        let words: Vec<&str> = candidate.split(' ').collect();
        let clock = Clock::system();
        let mut dtls = Dtls::new_auto(Arc::new(Config::default()), certificate, clock.monotonic());
        dtls.set_active(true);
        Self {
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            engine: format!("{}:{}", words[4], words[5]).parse().unwrap(),
            ufrag: of("a=ice-ufrag:"),
            password: of("a=ice-pwd:"),
            dtls,
            keys: None,
            is_over: false,
            sequence: 65_530,
            clock,
        }
    }

    /// A check with this password.
    fn check(&self, password: &str) -> Vec<u8> {
        let name = format!("{}:them", self.ufrag);
        let mut bytes = [&[0u8, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], b"abcdefghijkl"].concat();
        for (kind, value) in [(0x0006u16, name.as_bytes()), (0x0025, &[][..])] {
            bytes.extend(kind.to_be_bytes());
            bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            bytes.extend(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        let length = u16::try_from(bytes.len() - 20 + 24).unwrap();
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let proof = hmac::sign(&key, &bytes);
        bytes.extend([0, 8, 0, 20]);
        bytes.extend(proof.as_ref());
        bytes
    }

    /// Sends a check and says whether it was answered before one with the right password was.
    pub async fn is_answered_with(&self, password: &str) -> bool {
        self.send(&self.check(password)).await;
        self.send(&self.check(&self.password)).await;
        let mut buffer = [0; 2048];
        let mut n_answers = 0;
        // Two answers, or one and then nothing more until our own datagram comes round.
        let own = self.socket.local_addr().unwrap();
        self.receive(&mut buffer).await;
        self.socket.send_to(b"enough", own).await.unwrap();
        while &buffer[..6] != b"enough" {
            n_answers += u32::from(buffer[..2] == [1, 1]);
            self.receive(&mut buffer).await;
        }
        n_answers > 1
    }

    async fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.engine).await.unwrap();
    }

    async fn receive(&self, buffer: &mut [u8; 2048]) -> usize {
        within("a datagram of the engine", self.socket.recv_from(buffer)).await.unwrap().0
    }

    /// Checks the way and shakes hands.
    pub async fn connects(&mut self) {
        self.send(&self.check(&self.password)).await;
        let mut buffer = [0; 2048];
        let n = self.receive(&mut buffer).await;
        assert_eq!((n > 20, &buffer[..2]), (true, &[1u8, 1][..]), "the check is answered");
        self.shake_hands().await;
        while self.keys.is_none() {
            self.take_one().await;
        }
    }

    /// Checks the way and begins the handshake, whose end is not waited for.
    pub async fn begins(&mut self) {
        self.send(&self.check(&self.password)).await;
        self.receive(&mut [0; 2048]).await;
        self.shake_hands().await;
    }

    async fn shake_hands(&mut self) {
        self.dtls.handle_timeout(self.clock.monotonic()).unwrap();
        let mut out = vec![0; 4096];
        loop {
            let bytes = match self.dtls.poll_output(&mut out) {
                Output::Packet(bytes) => bytes.to_vec(),
                Output::KeyingMaterial(material, profile) => {
                    self.keys = Some(keys(&material, profile));
                    continue;
                }
                Output::CloseNotify => {
                    self.is_over = true;
                    continue;
                }
                Output::Timeout(_) => return,
                _ => continue,
            };
            self.send(&bytes).await;
        }
    }

    /// Takes one datagram; the payload type and payload if it was sound.
    async fn take_one(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut buffer = [0; 2048];
        let n = self.receive(&mut buffer).await;
        match buffer[0] {
            20..=63 => {
                self.dtls.handle_packet(&buffer[..n]).unwrap();
                self.shake_hands().await;
                None
            }
            128..=191 if !(192..=223).contains(&buffer[1]) => {
                let n = self.keys.as_mut()?.0.rtp(&mut buffer[..n]).expect("a packet under our keys");
                Some((buffer[1] & 0x7f, buffer[12..n].to_vec()))
            }
            _ => None,
        }
    }

    /// Waits for this many packets in a row that are loud, or quiet.
    async fn packets(&mut self, n: usize, loud: bool) {
        let mut n_in_a_row = 0;
        while n_in_a_row < n {
            if let Some((_, payload)) = self.take_one().await {
                let is_loud = payload.iter().filter(|byte| **byte & 0x7f < 0x60).count() > payload.len() / 4;
                n_in_a_row = if is_loud == loud { n_in_a_row + 1 } else { 0 };
            }
        }
    }

    /// Waits until the bot is heard.
    pub async fn hears(&mut self) {
        within("the bot is heard", self.packets(3, true)).await;
    }

    /// Waits until the bot has been silent for 400 ms.
    pub async fn hears_silence(&mut self) {
        within("the bot is silent", self.packets(20, false)).await;
    }

    async fn say(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let mut packet = vec![0x80, payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend([9, 9, 9, 9]);
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        let n = packet.len();
        packet.resize(n + MOST_ADDED, 0);
        let n = self.keys.as_mut().unwrap().1.rtp(&mut packet, n).unwrap();
        self.send(&packet[..n]).await;
    }

    /// Presses a digit, as browsers do it.
    pub async fn press(&mut self, digit: u8) {
        for n in 1u16..=6 {
            let [high, low] = (n * 160).to_be_bytes();
            self.say(KEYS, 5000, &[digit, if n > 4 { 0x8a } else { 0x0a }, high, low]).await;
        }
    }

    /// Makes a noise for so many packets, in step with those of the engine.
    pub async fn hums(&mut self, n: u32) {
        for n in 0..n {
            let tone: Vec<u8> = (0..160).map(|at| if at / 8 % 2 == 0 { 0x10 } else { 0x90 }).collect();
            self.say(0, n * 160, &tone).await;
            while self.take_one().await.is_none() {}
        }
    }

    /// Says goodbye.
    pub async fn hangs_up(&mut self) {
        self.dtls.close().unwrap();
        self.shake_hands().await;
    }

    /// Waits until the engine says goodbye.
    pub async fn is_hung_up(&mut self) {
        within("the engine hangs up", async {
            while !self.is_over {
                self.take_one().await;
            }
        })
        .await;
    }
}

/// The two directions; a browser is the client.
fn keys(material: &[u8], profile: SrtpProfile) -> (Opener, Sealer) {
    let suite = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128Sha1,
        SrtpProfile::AEAD_AES_128_GCM => Suite::Aes128Gcm,
        _ => Suite::Aes256Gcm,
    };
    let (client_key, rest) = material.split_at(suite.key_len());
    let (server_key, rest) = rest.split_at(suite.key_len());
    let (client_salt, server_salt) = rest.split_at(suite.salt_len());
    (Opener::new(suite, server_key, server_salt).unwrap(), Sealer::new(suite, client_key, client_salt).unwrap())
}
