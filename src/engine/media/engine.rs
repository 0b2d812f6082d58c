//! The owner of the RTP ports and of what sessions run on. One for the whole process.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::base::{Error, Random, Result};
use crate::engine::reach::OwnAddress;

use super::MediaEvent;
use super::codec::Codec;
use super::negotiate;
use super::pacing::Pacing;
use super::ports::{Ports, Sockets};
use super::runner::Runner;
use super::sdes::{Crypto, Encryption};
use super::sdp::{Description, Local, SECURE};
use super::session::{MediaSession, PendingSession};

/// Where and how media runs.
#[derive(Debug, Clone)]
pub struct MediaOptions {
    /// Address the RTP sockets are bound to; may be unspecified.
    pub bind: IpAddr,
    /// Address that is told to the far end.
    pub advertise: OwnAddress,
    /// Ports for RTP (even) and RTCP (odd).
    pub ports: RangeInclusive<u16>,
    /// Codecs to take, the one to offer first at the front.
    pub codecs: Vec<Codec>,
    /// Whether the media thread asks for real-time priority.
    pub realtime: bool,
}

impl MediaOptions {
    /// All codecs, real-time priority if permitted.
    pub fn new(bind: IpAddr, ports: RangeInclusive<u16>) -> Self {
        Self { bind, advertise: OwnAddress::default(), ports, codecs: Codec::ALL.to_vec(), realtime: true }
    }
}

/// A running session with our answer.
pub struct Answer {
    /// The session.
    pub session: MediaSession,
    /// Our SDP.
    pub sdp: Vec<u8>,
    /// What happens in it.
    pub events: mpsc::Receiver<MediaEvent>,
}

/// Makes media sessions. Cheap to clone; the threads end when the last handle and the last session are gone.
#[derive(Clone)]
pub struct MediaEngine {
    inner: Arc<Inner>,
}

/// Where a session's sockets are.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In the range of ports, on the address that the far end reaches.
    Range,
    /// On loopback.
    Inside,
}

struct Inner {
    options: MediaOptions,
    ports: Ports,
    runner: Runner,
    random: Random,
}

impl MediaEngine {
    /// Starts the media thread and the recorder. `Invalid` when the port range holds no pair.
    pub fn start(options: MediaOptions, random: Random) -> Result<Self> {
        let ports = Ports::new(options.bind, &options.ports, &random)?;
        let runner = Runner::start(options.realtime, options.codecs.clone(), random.clone())?;
        Ok(Self { inner: Arc::new(Inner { options, ports, runner, random }) })
    }

    /// Takes ports and makes an SDP offer. `towards` is the peer, needed only when neither `advertise` nor `bind` is set.
    pub fn offer(&self, towards: Option<IpAddr>) -> Result<(PendingSession, Vec<u8>)> {
        self.offer_with(towards, Encryption::Never)
    }

    /// The same, with a say in encryption.
    pub fn offer_with(&self, towards: Option<IpAddr>, encryption: Encryption) -> Result<(PendingSession, Vec<u8>)> {
        self.offer_at(Place::Range, towards, encryption)
    }

    fn offer_at(&self, place: Place, towards: Option<IpAddr>, encryption: Encryption) -> Result<(PendingSession, Vec<u8>)> {
        let sockets = self.sockets(place)?;
        let mut local = self.local(&sockets, place, towards);
        if encryption != Encryption::Never {
            local.profile = SECURE[0];
        }
        let sdp = (local.head() + &local.audio()).into_bytes();
        Ok((PendingSession { runner: self.inner.runner.clone(), sockets, local, encryption }, sdp))
    }

    /// Takes ports, answers an offer and starts the media. `Invalid` for a description that cannot be read, or with the
    /// code `no_common_codec` (SIP: 488); `Unavailable` without a free port (SIP: 503).
    pub fn answer(&self, remote_sdp: &[u8]) -> Result<Answer> {
        self.answer_with(remote_sdp, Encryption::IfTaken)
    }

    /// The same, with a say in encryption: an offer without it is refused when it is wanted always.
    pub fn answer_with(&self, remote_sdp: &[u8], encryption: Encryption) -> Result<Answer> {
        self.answer_at(remote_sdp, encryption, Place::Range)
    }

    fn answer_at(&self, remote_sdp: &[u8], encryption: Encryption, place: Place) -> Result<Answer> {
        let theirs = Description::parse(remote_sdp)?;
        let crypto = Crypto::new(&self.inner.random);
        let agreed = negotiate::agree(&theirs, self.inner.runner.codecs(), &crypto, None)?;
        if encryption == Encryption::Always && agreed.srtp.is_none() {
            return Err(Error::invalid("the far end does not encrypt sound (SRTP), and its carrier must").code("no_common_codec"));
        }
        let sockets = self.sockets(place)?;
        let local = Local { crypto, ..self.local(&sockets, place, agreed.remote.map(|remote| remote.ip())) };
        let sdp = negotiate::answer(&theirs, &agreed, &local);
        let (session, events) = MediaSession::start(&self.inner.runner, sockets, local, agreed)?;
        Ok(Answer { session, sdp, events })
    }

    /// Answers an offer of plain RTP that comes from this very machine, on loopback and outside the port range: what is behind a line to a
    /// browser. Fails as [`MediaEngine::answer`] does.
    pub fn answer_inside(&self, remote_sdp: &[u8]) -> Result<Answer> {
        self.answer_at(remote_sdp, Encryption::Never, Place::Inside)
    }

    /// An offer to somebody on this very machine, who answers with [`MediaEngine::answer_inside`].
    pub fn offer_inside(&self) -> Result<(PendingSession, Vec<u8>)> {
        self.offer_at(Place::Inside, None, Encryption::Never)
    }

    /// A socket of the port range, for a line to a browser. `Unavailable` when all are taken.
    pub fn outside(&self) -> Result<UdpSocket> {
        Ok(self.inner.ports.bind()?.rtp)
    }

    /// How regularly packets of all sessions left since the start or the last [`MediaEngine::reset_pacing`].
    pub fn pacing(&self) -> Pacing {
        self.inner.runner.pacing().read()
    }

    /// Begins measuring anew.
    pub fn reset_pacing(&self) {
        self.inner.runner.pacing().reset();
    }

    fn sockets(&self, place: Place) -> Result<Sockets> {
        match place {
            Place::Range => self.inner.ports.bind(),
            Place::Inside => Ports::inside(),
        }
    }

    fn local(&self, sockets: &Sockets, place: Place, towards: Option<IpAddr>) -> Local {
        let options = &self.inner.options;
        let ip = match place {
            Place::Range => options.advertise.towards(options.bind, towards),
            // Nobody else ever hears of it.
            Place::Inside => sockets.local.ip(),
        };
        let session = self.inner.random.below(1 << 62);
        negotiate::offer(session, SocketAddr::new(ip, sockets.local.port()), self.inner.runner.codecs(), Crypto::new(&self.inner.random))
    }
}
