//! Symmetric RTP (RFC 4961) that cannot be hijacked: which source we listen to, and where we send. Pure.

use std::net::SocketAddr;

/// Packets in a row from one source after which nobody else can take over (half a second).
const STABLE_AFTER: u32 = 25;
/// Ticks (of 20 ms) of silence after which, before that, another source may take over.
const QUIET_TICKS: u32 = 10;

/// The source of a session's packets.
///
/// The first valid source is taken. Until the media is stable, the address named in the SDP wins over any other, and a
/// source that fell silent can be replaced. Afterwards everyone else is a stranger until the SDP names a new address.
#[derive(Debug, Clone)]
pub(super) struct Latch {
    announced: Option<SocketAddr>,
    latched: Option<SocketAddr>,
    in_a_row: u32,
    quiet: u32,
}

impl Latch {
    /// A latch for the address the SDP named.
    pub(super) fn new(announced: Option<SocketAddr>) -> Self {
        Self { announced, latched: None, in_a_row: 0, quiet: 0 }
    }

    /// The SDP named an address again. A new one opens the latch.
    pub(super) fn announce(&mut self, announced: Option<SocketAddr>) {
        if announced.is_some() && announced != self.announced {
            *self = Self::new(announced);
        }
    }

    /// Whether a valid packet from this source is to be heard.
    pub(super) fn admits(&mut self, source: SocketAddr) -> bool {
        if self.latched == Some(source) {
            self.in_a_row = self.in_a_row.saturating_add(1);
            self.quiet = 0;
            return true;
        }
        if self.latched.is_some() && !self.may_be_replaced_by(source) {
            return false;
        }
        self.latched = Some(source);
        self.in_a_row = 1;
        self.quiet = 0;
        true
    }

    fn may_be_replaced_by(&self, source: SocketAddr) -> bool {
        if self.is_stable() {
            return false;
        }
        Some(source) == self.announced || (self.quiet >= QUIET_TICKS && self.latched != self.announced)
    }

    /// 20 ms went by.
    pub(super) fn tick(&mut self) {
        self.quiet = self.quiet.saturating_add(1);
    }

    /// Whether the source is settled.
    pub(super) fn is_stable(&self) -> bool {
        self.in_a_row >= STABLE_AFTER
    }

    /// Where to send.
    pub(super) fn target(&self) -> Option<SocketAddr> {
        self.latched.or(self.announced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn the_first_source_is_taken_and_answered() {
        let mut latch = Latch::new(Some(at(1000)));
        assert_eq!(latch.target(), Some(at(1000)));
        assert!(latch.admits(at(2000)));
        assert_eq!(latch.target(), Some(at(2000)));
        assert!(!latch.admits(at(3000)), "a stranger");
    }

    #[test]
    fn the_announced_address_takes_over_before_the_media_is_stable() {
        let mut latch = Latch::new(Some(at(1000)));
        assert!(latch.admits(at(6666)));
        assert!(latch.admits(at(1000)));
        assert!(!latch.admits(at(6666)));
        assert_eq!(latch.target(), Some(at(1000)));
    }

    #[test]
    fn a_silent_source_can_be_replaced_only_before_the_media_is_stable() {
        let mut latch = Latch::new(Some(at(1000)));
        assert!(latch.admits(at(2000)));
        (0..QUIET_TICKS).for_each(|_| latch.tick());
        assert!(latch.admits(at(3000)));
        (0..STABLE_AFTER).for_each(|_| assert!(latch.admits(at(3000))));
        (0..500).for_each(|_| latch.tick());
        assert!(!latch.admits(at(1000)) && !latch.admits(at(4000)));
    }

    #[test]
    fn the_announced_source_is_never_replaced_for_being_quiet() {
        let mut latch = Latch::new(Some(at(1000)));
        assert!(latch.admits(at(1000)));
        (0..500).for_each(|_| latch.tick());
        assert!(!latch.admits(at(6666)));
    }

    #[test]
    fn a_new_address_in_the_sdp_opens_it_and_the_same_one_does_not() {
        let mut latch = Latch::new(Some(at(1000)));
        (0..STABLE_AFTER).for_each(|_| assert!(latch.admits(at(1000))));
        latch.announce(Some(at(1000)));
        assert!(latch.is_stable());
        latch.announce(None);
        assert!(latch.is_stable(), "hold by 0.0.0.0 keeps the source");
        latch.announce(Some(at(5000)));
        assert_eq!(latch.target(), Some(at(5000)));
        assert!(latch.admits(at(5000)));
    }
}
