//! Calls from browsers (WebRTC): their sound is turned into plain RTP on loopback, so that it takes the same path as that of every other call.
//!
//! We are an ICE-lite agent: we tell where we are, the browser looks for a way, and no STUN or TURN server is asked. `offer` reads and
//! writes SDP, `stun` and `dtls` prove who is who, `peer` puts them together without I/O, `line` moves the packets. What happens is told as
//! the events of a [`Leg`]: `Answered` when sound can flow, `Ended` when the browser is gone.

mod dtls;
mod line;
mod offer;
mod peer;
mod stun;

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use tokio::sync::mpsc;

use self::dtls::Identity;
use self::line::Line;
use self::offer::Ours;
use self::peer::Peer;
use self::stun::Credentials;
use crate::base::{Clock, Context as _, Error, Random, Result};
use crate::engine::reach::OwnAddress;
use crate::engine::sip::{Leg, LegControl, Soon};

pub use self::offer::Offer;

/// Events that may wait for the call's task; more make the line wait.
const EVENTS: usize = 8;

/// What lines are made from.
pub struct LinesSetup {
    /// Address the sockets of the RTP range are bound to.
    pub bind: IpAddr,
    /// What browsers are told.
    pub own: OwnAddress,
    /// Time.
    pub clock: Clock,
    /// Randomness, for passwords.
    pub random: Random,
}

/// Makes lines to browsers. Cheap to clone.
#[derive(Clone)]
pub struct Lines(Arc<Inner>);

struct Inner {
    identity: Identity,
    setup: LinesSetup,
}

impl Lines {
    /// Makes the certificate that browsers are shown.
    pub fn new(setup: LinesSetup) -> Result<Self> {
        Ok(Self(Arc::new(Inner { identity: Identity::new()?, setup })))
    }

    /// A line for an offer. `outside` is a socket of the RTP range; `client` is where the browser asked from.
    pub fn open(&self, offer: Offer, outside: UdpSocket, client: Option<IpAddr>) -> Result<PendingLine> {
        let Inner { identity, setup } = &*self.0;
        let inside = line::inside()?;
        let addresses = setup.own.all_towards(setup.bind, client);
        if addresses.is_empty() {
            return Err(Error::unavailable("the engine does not know its own address").code("no_address"));
        }
        let peer = Peer::new(Credentials::new(&setup.random), &offer, identity, setup.clock.monotonic());
        Ok(PendingLine { lines: self.clone(), offer, peer, outside, inside, addresses })
    }
}

/// A line that the media engine has not answered yet. Dropping it frees its ports.
pub struct PendingLine {
    lines: Lines,
    offer: Offer,
    peer: Peer,
    outside: UdpSocket,
    inside: UdpSocket,
    addresses: Vec<IpAddr>,
}

impl PendingLine {
    /// The browser's sound as an offer of plain RTP.
    pub fn plain_offer(&self) -> Result<Vec<u8>> {
        let at = self.inside.local_addr().context("cannot open a line to the media session")?;
        Ok(self.offer.plain(at).into_bytes())
    }

    /// Our answer to the browser, and the leg, which waits for it. `plain` is what the media engine answered, `media` where it takes RTP.
    pub fn answer(self, plain: &[u8], media: SocketAddr) -> Result<(String, Leg)> {
        let failed = "cannot open a line to the browser";
        let Inner { identity, setup } = &*self.lines.0;
        let own = self.peer.credentials();
        let ours = Ours {
            ufrag: &own.ufrag,
            password: &own.password,
            fingerprint: &identity.fingerprint,
            addresses: &self.addresses,
            port: self.outside.local_addr().context(failed)?.port(),
        };
        let sdp = self.offer.answer(&String::from_utf8_lossy(plain), &ours)?;
        let name = own.ufrag.clone();
        let (sender, events) = mpsc::channel(EVENTS);
        let (hang_up, orders) = mpsc::channel(1);
        let line = Line {
            peer: self.peer,
            outside: tokio::net::UdpSocket::from_std(self.outside).context(failed)?,
            inside: tokio::net::UdpSocket::from_std(self.inside).context(failed)?,
            media,
            clock: setup.clock.clone(),
        };
        // It ends with its leg, or with the browser.
        tokio::spawn(line.carry(orders, sender));
        Ok((sdp, Leg { sip_call_id: format!("browser-{name}"), events, control: Arc::new(Control { hang_up }) }))
    }
}

/// What can be asked of a browser: to be hung up.
struct Control {
    hang_up: mpsc::Sender<()>,
}

impl Control {
    fn not_for_browsers(what: &'static str) -> Result<(), Error> {
        Err(Error::conflict(what))
    }
}

impl LegControl for Control {
    fn ring(&self) -> Soon<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn answer(&self, _sdp: Vec<u8>) -> Soon<'_, Result<()>> {
        Box::pin(async { Self::not_for_browsers("a browser was answered already") })
    }

    fn reject(&self, _code: u16, _reason: Option<String>) -> Soon<'_, Result<()>> {
        self.hang_up()
    }

    fn hang_up(&self) -> Soon<'_, Result<()>> {
        // An order that waits already is the same one; a line that is gone has nothing to hang up.
        let _ = self.hang_up.try_send(());
        Box::pin(async { Ok(()) })
    }

    fn refer(&self, _target: String) -> Soon<'_, Result<()>> {
        Box::pin(async { Self::not_for_browsers("a browser cannot be told to call somebody else") })
    }

    fn reinvite(&self, _offer: Vec<u8>) -> Soon<'_, Result<Vec<u8>>> {
        Box::pin(async { Err(Error::conflict("a browser's call is not changed while it runs")) })
    }

    fn info(&self, _content_type: &'static str, _body: Vec<u8>) -> Soon<'_, Result<()>> {
        Box::pin(async { Self::not_for_browsers("a browser takes keys as sound only") })
    }
}
