//! Carries one call between a browser and its media session: SRTP on a port of the RTP range, plain RTP on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing::{debug, info};

use super::peer::{Got, Peer, Reply};
use crate::base::{Clock, Context as _, Result};
use crate::engine::sip::{LegEnd, LegEvent};
use crate::engine::srtp::MOST_ADDED;

/// Largest datagram that is read, with space for what sealing adds.
const DATAGRAM: usize = 2048;

/// The two sockets of a call and who is at their ends.
pub(super) struct Line {
    pub(super) peer: Peer,
    /// Towards the browser.
    pub(super) outside: UdpSocket,
    /// Towards the media session.
    pub(super) inside: UdpSocket,
    /// Where the media session takes RTP; RTCP goes to the port above.
    pub(super) media: SocketAddr,
    pub(super) clock: Clock,
}

/// A socket on loopback for one line.
pub(super) fn inside() -> Result<std::net::UdpSocket> {
    let failed = "cannot open a line to the media session";
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context(failed)?;
    socket.set_nonblocking(true).context(failed)?;
    Ok(socket)
}

impl Line {
    /// Runs until one side hangs up. Whoever holds the leg hangs up by `orders`, or by dropping it.
    pub(super) async fn carry(mut self, mut orders: mpsc::Receiver<()>, events: mpsc::Sender<LegEvent>) {
        let (mut theirs, mut ours) = (vec![0; DATAGRAM], vec![0; DATAGRAM]);
        let mut replies = Vec::new();
        let end = loop {
            let now = self.clock.monotonic();
            let wake = self.clock.sleep(self.peer.wake_at().saturating_duration_since(now));
            let went = tokio::select! {
                read = self.outside.recv_from(&mut theirs) => match read {
                    Ok((n, source)) => self.browser_sent(&mut theirs[..n], source, &mut replies, &events).await,
                    Err(error) => { debug!(%error, "A datagram of a browser was not read"); Ok(None) }
                },
                read = self.inside.recv_from(&mut ours[..DATAGRAM - MOST_ADDED]) => {
                    if let Ok((n, source)) = read {
                        self.media_sent(&mut ours, n, source).await;
                    }
                    Ok(None)
                }
                _ = orders.recv() => Ok(Some(LegEnd::Local)),
                () = wake => self.wake(&mut replies),
            };
            send(&self.outside, &mut replies).await;
            match went {
                Ok(None) => {}
                Ok(Some(end)) => break end,
                Err(error) => {
                    info!(%error, "A call from a browser is given up");
                    break LegEnd::Failed { why: error.message().to_owned() };
                }
            }
        };
        self.peer.close(&mut replies);
        send(&self.outside, &mut replies).await;
        // The call may have ended before its line.
        let _ = events.send(LegEvent::Ended { how: end }).await;
    }

    async fn browser_sent(
        &mut self,
        datagram: &mut [u8],
        source: SocketAddr,
        replies: &mut Vec<Reply>,
        events: &mpsc::Sender<LegEvent>,
    ) -> Result<Option<LegEnd>> {
        match self.peer.take(datagram, source, self.now(), replies)? {
            Got::Nothing => {}
            // A packet that cannot be passed on now is lost, like any other.
            Got::Rtp(n) => drop(self.inside.send_to(&datagram[..n], self.media).await),
            Got::Rtcp(n) => drop(self.inside.send_to(&datagram[..n], self.reports()).await),
            Got::Connected => drop(events.send(LegEvent::Answered { sdp: Vec::new() }).await),
            Got::Closed => return Ok(Some(LegEnd::Remote)),
        }
        Ok(None)
    }

    async fn media_sent(&mut self, buffer: &mut [u8], n: usize, source: SocketAddr) {
        if ![self.media, self.reports()].contains(&source) {
            return;
        }
        let (sealed, address) = (self.peer.seal(buffer, n, source != self.media), self.peer.address());
        if let (Some(n), Some(address)) = (sealed, address) {
            drop(self.outside.send_to(&buffer[..n], address).await);
        }
    }

    fn wake(&mut self, replies: &mut Vec<Reply>) -> Result<Option<LegEnd>> {
        let now = self.now();
        self.peer.wake(now, replies)?;
        Ok(match (self.peer.is_gone(now), self.peer.is_connected()) {
            (false, _) => None,
            (true, true) => Some(LegEnd::Remote),
            (true, false) => Some(LegEnd::Failed { why: "the browser did not connect in time".to_owned() }),
        })
    }

    fn now(&self) -> Instant {
        self.clock.monotonic()
    }

    fn reports(&self) -> SocketAddr {
        SocketAddr::new(self.media.ip(), self.media.port() + 1)
    }
}

/// Sends what waits. A datagram that cannot be sent now is lost, like any other.
async fn send(outside: &UdpSocket, replies: &mut Vec<Reply>) {
    for (bytes, address) in replies.drain(..) {
        if let Err(error) = outside.send_to(&bytes, address).await {
            debug!(%error, "A datagram for a browser was not sent");
        }
    }
}
