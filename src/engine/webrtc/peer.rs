//! The browser at the other end: which address it has, who it is, and its packets opened and ours sealed. Sans-IO.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::dtls::{Connection, Identity, Step};
use super::offer::Offer;
use super::stun::Credentials;
use crate::base::Result;
use crate::engine::srtp::{Opener, Sealer};

/// A browser of which nothing was heard for this long is gone. Browsers check their way every few seconds.
pub(super) const GONE_AFTER: Duration = Duration::from_secs(15);
/// How long a browser may take until its sound can come.
pub(super) const CONNECTED_WITHIN: Duration = Duration::from_secs(20);
/// Addresses of one browser that are told apart while it looks for its way.
const MOST_ADDRESSES: usize = 8;

/// What a datagram of the browser turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// Nothing for anybody else.
    Nothing,
    /// RTP; the buffer's first bytes are it now.
    Rtp(usize),
    /// RTCP; the buffer's first bytes are it now.
    Rtcp(usize),
    /// From now on sound can go both ways.
    Connected,
    /// The browser has hung up.
    Closed,
}

/// A datagram to be sent to the browser.
pub(super) type Reply = (Vec<u8>, SocketAddr);

/// One browser.
pub(super) struct Peer {
    own: Credentials,
    their_ufrag: String,
    connection: Connection,
    keys: Option<Box<(Opener, Sealer)>>,
    /// Addresses from which the browser proved our password.
    addresses: Vec<SocketAddr>,
    /// The one it wants to be reached at.
    chosen: Option<SocketAddr>,
    opened_at: Instant,
    heard_at: Instant,
}

impl Peer {
    pub(super) fn new(own: Credentials, offer: &Offer, identity: &Identity, now: Instant) -> Self {
        Self {
            own,
            their_ufrag: offer.ufrag.clone(),
            connection: Connection::new(identity, offer.fingerprint, now),
            keys: None,
            addresses: Vec::new(),
            chosen: None,
            opened_at: now,
            heard_at: now,
        }
    }

    /// Our name and password, for the answer.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.own
    }

    /// Where to send.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.chosen
    }

    /// Takes a datagram, the whole buffer (RFC 7983 says by its first byte what it is). An error ends the call.
    pub(super) fn take(&mut self, datagram: &mut [u8], source: SocketAddr, now: Instant, replies: &mut Vec<Reply>) -> Result<Got> {
        match datagram.first() {
            Some(0..=3) => {
                self.check(datagram, source, now, replies);
                Ok(Got::Nothing)
            }
            Some(20..=63) if self.addresses.contains(&source) => {
                let steps = self.connection.take(datagram, now)?;
                Ok(self.carry_out(steps, source, replies))
            }
            Some(128..=191) => Ok(self.open(datagram, now)),
            _ => Ok(Got::Nothing),
        }
    }

    fn check(&mut self, datagram: &[u8], source: SocketAddr, now: Instant, replies: &mut Vec<Reply>) {
        let Some(check) = self.own.read(datagram, &self.their_ufrag) else { return };
        if !self.addresses.contains(&source) {
            if self.addresses.len() == MOST_ADDRESSES {
                self.addresses.remove(0);
            }
            self.addresses.push(source);
        }
        if check.is_chosen || self.chosen.is_none() {
            self.chosen = Some(source);
        }
        self.heard_at = now;
        replies.push((self.own.answer(&check, source), source));
    }

    fn open(&mut self, datagram: &mut [u8], now: Instant) -> Got {
        let Some((opener, _)) = self.keys.as_deref_mut() else { return Got::Nothing };
        // RFC 5761 §4: these payload types are packet types of RTCP.
        let is_report = datagram.get(1).is_some_and(|kind| (192..=223).contains(kind));
        let got = if is_report { opener.rtcp(datagram).map(Got::Rtcp) } else { opener.rtp(datagram).map(Got::Rtp) };
        if got.is_some() {
            self.heard_at = now;
        }
        got.unwrap_or(Got::Nothing)
    }

    fn carry_out(&mut self, steps: Vec<Step>, source: SocketAddr, replies: &mut Vec<Reply>) -> Got {
        let mut got = Got::Nothing;
        for step in steps {
            match step {
                Step::Send(bytes) => replies.push((bytes, source)),
                Step::Keys(keys) => {
                    self.keys = Some(keys);
                    got = Got::Connected;
                }
                Step::Closed => got = Got::Closed,
            }
        }
        got
    }

    /// Seals the RTP or RTCP in the buffer's first `n` bytes for the browser. `None` while it has no keys, and for what is neither.
    pub(super) fn seal(&mut self, buffer: &mut [u8], n: usize, is_report: bool) -> Option<usize> {
        let (_, sealer) = self.keys.as_deref_mut()?;
        if is_report { sealer.rtcp(buffer, n) } else { sealer.rtp(buffer, n) }
    }

    /// When something is to be done if nothing comes until then.
    pub(super) fn wake_at(&self) -> Instant {
        let patience = if self.keys.is_some() { self.heard_at + GONE_AFTER } else { self.opened_at + CONNECTED_WITHIN };
        self.connection.wake_at.map_or(patience, |at| at.min(patience))
    }

    /// Time went by: repeats of the handshake. An error ends the call.
    pub(super) fn wake(&mut self, now: Instant, replies: &mut Vec<Reply>) -> Result<()> {
        if self.connection.wake_at.is_some_and(|at| at <= now) {
            let steps = self.connection.wake(now)?;
            if let Some(address) = self.chosen {
                self.carry_out(steps, address, replies);
            }
        }
        Ok(())
    }

    /// Whether the browser has been silent for too long.
    pub(super) fn is_gone(&self, now: Instant) -> bool {
        match self.keys {
            Some(_) => now >= self.heard_at + GONE_AFTER,
            None => now >= self.opened_at + CONNECTED_WITHIN,
        }
    }

    /// Whether sound can go both ways.
    pub(super) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// Our goodbye.
    pub(super) fn close(&mut self, replies: &mut Vec<Reply>) {
        let steps = self.connection.close();
        if let Some(address) = self.chosen {
            self.carry_out(steps, address, replies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Clock, Random};

    fn peer(now: Instant) -> Peer {
        let offer = format!(
            "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:them\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\na=rtcp-mux\r\n",
            ["AA"; 32].join(":")
        );
        let identity = Identity::new().expect("an identity");
        Peer::new(Credentials::new(&Random::seeded(1)), &Offer::parse(&offer).expect("an offer"), &identity, now)
    }

    #[test]
    fn a_browser_that_never_comes_is_given_up_in_time() {
        let now = Clock::system().monotonic();
        let peer = peer(now);
        assert!(!peer.is_connected() && peer.address().is_none());
        assert!(!peer.is_gone(now + CONNECTED_WITHIN - Duration::from_millis(1)) && peer.is_gone(now + CONNECTED_WITHIN));
        assert!(peer.wake_at() <= now + CONNECTED_WITHIN);
    }

    #[test]
    fn what_a_stranger_sends_is_not_answered_and_changes_nothing() {
        let now = Clock::system().monotonic();
        let mut peer = peer(now);
        let stranger = "192.0.2.7:9".parse().expect("an address");
        for first in [0u8, 1, 20, 22, 63, 64, 128, 191, 255] {
            let (mut datagram, mut replies) = (vec![first; 60], Vec::new());
            let got = peer.take(&mut datagram, stranger, now, &mut replies).expect("no harm");
            assert_eq!((got, replies.len(), peer.address()), (Got::Nothing, 0, None), "{first}");
        }
        assert_eq!(peer.take(&mut [], stranger, now, &mut Vec::new()).expect("no harm"), Got::Nothing);
        assert_eq!(peer.seal(&mut [0x80; 200], 180, false), None, "there are no keys");
    }
}
