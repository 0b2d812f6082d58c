//! Pairs of UDP ports from the configured range: RTP on the even one, RTCP on the next.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::base::{Context as _, Error, Random, Result};

/// Hands out port pairs. The operating system is the judge of what is free; the sockets themselves hold the ports.
#[derive(Clone)]
pub(super) struct Ports {
    ip: IpAddr,
    first: u16,
    n_pairs: u32,
    next: Arc<AtomicU32>,
}

/// The two sockets of a session, not blocking.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    pub(super) local: SocketAddr,
}

impl Ports {
    /// A range of at least one pair. It starts somewhere in the middle, so that a restarted engine does not meet old packets.
    pub(super) fn new(ip: IpAddr, range: &RangeInclusive<u16>, random: &Random) -> Result<Self> {
        let first = range.start().checked_add(range.start() % 2).unwrap_or(u16::MAX);
        let n_pairs = (u32::from(*range.end()) + 1).saturating_sub(u32::from(first)) / 2;
        if n_pairs == 0 || first == 0 {
            return Err(Error::invalid(format!("the RTP port range {}-{} holds no pair of ports", range.start(), range.end())));
        }
        let start = u32::try_from(random.below(u64::from(n_pairs))).unwrap_or(0);
        Ok(Self { ip, first, n_pairs, next: Arc::new(AtomicU32::new(start)) })
    }

    /// A pair on loopback, of no range: for what never leaves this machine. `Unavailable` when the system has none.
    pub(super) fn inside() -> Result<Sockets> {
        const TRIES: u32 = 64;
        for _ in 0..TRIES {
            let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open an RTP socket on loopback")?;
            let local = rtp.local_addr().context("cannot prepare the RTP socket")?;
            let Some(next) = local.port().checked_add(1) else { continue };
            if let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, next)) {
                rtp.set_nonblocking(true).context("cannot prepare the RTP socket")?;
                rtcp.set_nonblocking(true).context("cannot prepare the RTCP socket")?;
                return Ok(Sockets { rtp, rtcp, local });
            }
        }
        Err(Error::unavailable("no free RTP port"))
    }

    /// Binds the next free pair. `Unavailable` when all are taken.
    pub(super) fn bind(&self) -> Result<Sockets> {
        for _ in 0..self.n_pairs {
            let pair = self.next.fetch_add(1, Ordering::Relaxed) % self.n_pairs;
            let port = u16::try_from(u32::from(self.first) + pair * 2).unwrap_or(self.first);
            if let (Ok(rtp), Ok(rtcp)) = (UdpSocket::bind((self.ip, port)), UdpSocket::bind((self.ip, port + 1))) {
                rtp.set_nonblocking(true).context("cannot prepare the RTP socket")?;
                rtcp.set_nonblocking(true).context("cannot prepare the RTCP socket")?;
                let local = rtp.local_addr().context("cannot prepare the RTP socket")?;
                return Ok(Sockets { rtp, rtcp, local });
            }
        }
        Err(Error::unavailable("no free RTP port"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_is_even_rtcp_is_next_and_a_used_up_range_says_so() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        // Below the kernel's ephemeral range, so that no other socket takes the pair in between.
        let found = (9_001..9_999).step_by(4).find_map(|odd: u16| {
            let ports = Ports::new(ip, &(odd..=odd + 2), &Random::seeded(1)).unwrap();
            ports.bind().ok().map(|sockets| (ports, sockets))
        });
        let (ports, sockets) = found.unwrap();
        let port = sockets.local.port();
        assert_eq!((port % 2, sockets.rtcp.local_addr().unwrap().port()), (0, port + 1));
        assert_eq!(ports.bind().unwrap_err().message(), "no free RTP port");
        drop(sockets);
        assert_eq!(ports.bind().unwrap().local.port(), port);
    }

    #[test]
    fn a_range_without_a_pair_is_refused() {
        for range in [5..=5, 7..=7, 65_535..=65_535, 0..=1] {
            assert!(Ports::new(IpAddr::from([127, 0, 0, 1]), &range, &Random::seeded(1)).is_err(), "{range:?}");
        }
    }
}
