//! The DTLS handshake with one browser, which gives the keys of SRTP. Sans-IO: datagrams and moments in, datagrams and keys out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use ring::digest::{SHA256, digest};

use crate::base::{Context as _, Error, Result};
use crate::engine::srtp::{Opener, Sealer, Suite};

/// How long the handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(15);
/// Space for one datagram of ours.
const DATAGRAM: usize = 2048;

/// What the engine proves itself with to browsers: a certificate of its own, whose digest stands in our answer.
pub(super) struct Identity {
    certificate: DtlsCertificate,
    config: Arc<Config>,
    /// The digest as it is written in SDP.
    pub(super) fingerprint: String,
}

impl Identity {
    /// A new one.
    pub(super) fn new() -> Result<Self> {
        let failed = "cannot make the certificate for calls from browsers";
        let mut params = CertificateParams::new(Vec::new()).context(failed)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "cxbox");
        let key = KeyPair::generate().context(failed)?;
        let certificate = params.self_signed(&key).context(failed)?.der().to_vec();
        // A browser has proved its address by ICE before it gets here, so no cookie has to.
        let config = Config::builder().use_server_cookie(false).handshake_timeout(HANDSHAKE_WITHIN).build().context(failed)?;
        let fingerprint = spelled(&fingerprint_of(&certificate));
        let certificate = DtlsCertificate { certificate, private_key: key.serialize_der() };
        Ok(Self { certificate, config: Arc::new(config), fingerprint })
    }
}

/// The SHA-256 of a certificate.
fn fingerprint_of(certificate: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, certificate).as_ref());
    sum
}

fn spelled(sum: &[u8; 32]) -> String {
    sum.map(|byte| format!("{byte:02X}")).join(":")
}

/// What comes out of the handshake.
pub(super) enum Step {
    /// To the browser.
    Send(Vec<u8>),
    /// The browser is who its offer said; this opens what it sends and seals what it gets.
    Keys(Box<(Opener, Sealer)>),
    /// The browser said goodbye.
    Closed,
}

/// One connection, its first half a handshake.
pub(super) struct Connection {
    dtls: Dtls,
    /// Digest of the certificate that the offer announced.
    announced: [u8; 32],
    is_proven: bool,
    /// When [`Connection::wake`] is to be called.
    pub(super) wake_at: Option<Instant>,
    buffer: Vec<u8>,
}

impl Connection {
    /// Waits for the browser to begin.
    pub(super) fn new(identity: &Identity, announced: [u8; 32], now: Instant) -> Self {
        let dtls = Dtls::new_auto(identity.config.clone(), identity.certificate.clone(), now);
        Self { dtls, announced, is_proven: false, wake_at: None, buffer: vec![0; DATAGRAM] }
    }

    /// Takes a datagram. An error means that there will be no call.
    pub(super) fn take(&mut self, datagram: &[u8], now: Instant) -> Result<Vec<Step>> {
        self.dtls.handle_timeout(now).map_err(failed)?;
        let mut steps = self.drain()?;
        self.dtls.handle_packet(datagram).map_err(failed)?;
        steps.extend(self.drain()?);
        Ok(steps)
    }

    /// Time went by.
    pub(super) fn wake(&mut self, now: Instant) -> Result<Vec<Step>> {
        self.dtls.handle_timeout(now).map_err(failed)?;
        self.drain()
    }

    /// Our goodbye.
    pub(super) fn close(&mut self) -> Vec<Step> {
        // One that never stood has nothing to say.
        if self.dtls.close().is_ok() { self.drain().unwrap_or_default() } else { Vec::new() }
    }

    fn drain(&mut self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            match self.dtls.poll_output(&mut self.buffer) {
                Output::Packet(bytes) => steps.push(Step::Send(bytes.to_vec())),
                Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                Output::PeerCert(certificate) => {
                    self.is_proven = fingerprint_of(certificate) == self.announced;
                    if !self.is_proven {
                        return Err(Error::forbidden("the browser's certificate is not the one its offer announced"));
                    }
                }
                Output::KeyingMaterial(material, profile) => steps.push(Step::Keys(Box::new(self.keys(&material, profile)?))),
                Output::CloseNotify => steps.push(Step::Closed),
                Output::Timeout(at) => {
                    self.wake_at = Some(at);
                    return Ok(steps);
                }
                // Keys say that it stands, and there is no data channel.
                _ => {}
            }
        }
    }

    /// The two directions (RFC 5764 §4.2). The browser is the client.
    fn keys(&self, material: &[u8], profile: SrtpProfile) -> Result<(Opener, Sealer)> {
        if !self.is_proven {
            return Err(Error::forbidden("the browser has shown no certificate"));
        }
        let suite = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128Sha1,
            SrtpProfile::AEAD_AES_128_GCM => Suite::Aes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Suite::Aes256Gcm,
            _ => return Err(Error::upstream("the browser's SRTP is none we know")),
        };
        let short = || Error::internal("the handshake gave too few keys");
        let (client_key, rest) = material.split_at_checked(suite.key_len()).ok_or_else(short)?;
        let (server_key, rest) = rest.split_at_checked(suite.key_len()).ok_or_else(short)?;
        let (client_salt, rest) = rest.split_at_checked(suite.salt_len()).ok_or_else(short)?;
        let server_salt = rest.get(..suite.salt_len()).ok_or_else(short)?;
        Ok((Opener::new(suite, client_key, client_salt)?, Sealer::new(suite, server_key, server_salt)?))
    }
}

fn failed(error: dimpl::Error) -> Error {
    Error::upstream("the secure connection with the browser did not come about").caused_by(error)
}
