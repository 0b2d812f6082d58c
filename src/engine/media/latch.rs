//! Symmetric RTP (RFC 4961) that cannot be hijacked: which source we listen to, and where we send. Pure.

use std::net::SocketAddr;

/// Packets in a row from one source after which nobody else can take over (half a second).
const STABLE_AFTER: u32 = 25;
/// Ticks (of 20 ms) of silence after which, before that, another source may take over.
const QUIET_TICKS: u32 = 10;

/// Ticks for which only the SDP's address is taken, from the first packet of another source on (200 ms).
const GRACE_TICKS: u32 = 10;

/// What a packet's source is to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The one we listen to.
    Ours,
    /// It may become that when the address of the SDP stays silent.
    Waiting,
    /// Not the one we listen to.
    Foreign,
}

/// The source of a session's packets.
///
/// The address named in the SDP is taken at once. Another one (a far end behind a NAT) is taken when it has sent for 200 ms and nothing has
/// come from the SDP's address meanwhile. Until the media is stable, the SDP's address wins over any other, and a source that fell silent can be
/// replaced. Afterwards everyone else is a stranger until the SDP names a new address.
#[derive(Debug, Clone)]
pub(super) struct Latch {
    announced: Option<SocketAddr>,
    latched: Option<SocketAddr>,
    /// Who wants to be taken instead of the SDP's address, and for how many ticks.
    waiting: Option<(SocketAddr, u32)>,
    in_a_row: u32,
    quiet: u32,
}

impl Latch {
    /// A latch for the address the SDP named.
    pub(super) fn new(announced: Option<SocketAddr>) -> Self {
        Self { announced, latched: None, waiting: None, in_a_row: 0, quiet: 0 }
    }

    /// The SDP named an address again. A new one opens the latch.
    pub(super) fn announce(&mut self, announced: Option<SocketAddr>) {
        if announced.is_some() && announced != self.announced {
            *self = Self::new(announced);
        }
    }

    /// Whether a valid packet from this source is to be heard.
    pub(super) fn admits(&mut self, source: SocketAddr) -> Source {
        if self.latched == Some(source) {
            self.in_a_row = self.in_a_row.saturating_add(1);
            self.quiet = 0;
            return Source::Ours;
        }
        let is_free = match self.latched {
            Some(_) => self.may_be_replaced_by(source),
            None => self.announced.is_none() || self.announced == Some(source),
        };
        if is_free || self.has_waited(source) {
            self.latched = Some(source);
            self.waiting = None;
            self.in_a_row = 1;
            self.quiet = 0;
            return Source::Ours;
        }
        if self.latched.is_some() { Source::Foreign } else { Source::Waiting }
    }

    /// Whether this source has waited long enough for the SDP's address to speak. The first one to come is the one that waits.
    fn has_waited(&mut self, source: SocketAddr) -> bool {
        self.latched.is_none() && {
            let (first, ticks) = *self.waiting.get_or_insert((source, 0));
            first == source && ticks >= GRACE_TICKS
        }
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
        match &mut self.waiting {
            // Whoever began to wait and went away makes room for another.
            Some((_, ticks)) if *ticks > GRACE_TICKS + QUIET_TICKS => self.waiting = None,
            Some((_, ticks)) => *ticks += 1,
            None => {}
        }
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

    /// One packet of this source each tick.
    fn sends(latch: &mut Latch, port: u16, ticks: u32) -> Vec<Source> {
        let send = |_| {
            latch.tick();
            latch.admits(at(port))
        };
        (0..ticks).map(send).collect()
    }

    #[test]
    fn behind_a_nat_another_source_is_taken_after_200_ms_and_answered() {
        let mut latch = Latch::new(Some(at(1000)));
        assert_eq!(latch.target(), Some(at(1000)));
        let said = sends(&mut latch, 2000, GRACE_TICKS + 2);
        assert_eq!(said.iter().position(|source| *source == Source::Ours), Some(GRACE_TICKS as usize), "{said:?}");
        assert!(!said.contains(&Source::Foreign));
        assert_eq!(latch.target(), Some(at(2000)));
        assert_eq!(latch.admits(at(3000)), Source::Foreign);
    }

    #[test]
    fn a_stranger_who_is_first_is_not_heard_when_the_announced_address_speaks_within_200_ms() {
        let mut latch = Latch::new(Some(at(1000)));
        assert!(sends(&mut latch, 6666, GRACE_TICKS).iter().all(|source| *source == Source::Waiting));
        assert_eq!(latch.admits(at(1000)), Source::Ours);
        assert!(sends(&mut latch, 6666, 100).iter().all(|source| *source == Source::Foreign));
    }

    #[test]
    fn many_strangers_do_not_take_turns_and_one_that_went_away_makes_room() {
        let mut latch = Latch::new(Some(at(1000)));
        assert_eq!(latch.admits(at(6666)), Source::Waiting);
        let other = sends(&mut latch, 2000, 2 * (GRACE_TICKS + QUIET_TICKS + 2));
        assert_eq!(other.last(), Some(&Source::Ours), "{other:?}");
        assert!(other[..(GRACE_TICKS + QUIET_TICKS) as usize].iter().all(|source| *source == Source::Waiting));
    }

    #[test]
    fn without_an_address_in_the_sdp_the_first_source_is_taken() {
        assert_eq!(Latch::new(None).admits(at(2000)), Source::Ours);
    }

    #[test]
    fn the_announced_address_takes_over_before_the_media_is_stable() {
        let mut latch = Latch::new(Some(at(1000)));
        sends(&mut latch, 6666, GRACE_TICKS + 1);
        assert_eq!(latch.target(), Some(at(6666)));
        assert_eq!(latch.admits(at(1000)), Source::Ours);
        assert_eq!(latch.admits(at(6666)), Source::Foreign);
        assert_eq!(latch.target(), Some(at(1000)));
    }

    #[test]
    fn a_silent_source_can_be_replaced_only_before_the_media_is_stable() {
        let mut latch = Latch::new(Some(at(1000)));
        sends(&mut latch, 2000, GRACE_TICKS + 1);
        (0..QUIET_TICKS).for_each(|_| latch.tick());
        assert_eq!(latch.admits(at(3000)), Source::Ours);
        assert!(sends(&mut latch, 3000, STABLE_AFTER).iter().all(|source| *source == Source::Ours));
        (0..500).for_each(|_| latch.tick());
        assert_eq!((latch.admits(at(1000)), latch.admits(at(4000))), (Source::Foreign, Source::Foreign));
    }

    #[test]
    fn the_announced_source_is_never_replaced_for_being_quiet() {
        let mut latch = Latch::new(Some(at(1000)));
        assert_eq!(latch.admits(at(1000)), Source::Ours);
        (0..500).for_each(|_| latch.tick());
        assert_eq!(latch.admits(at(6666)), Source::Foreign);
    }

    #[test]
    fn a_new_address_in_the_sdp_opens_it_and_the_same_one_does_not() {
        let mut latch = Latch::new(Some(at(1000)));
        sends(&mut latch, 1000, STABLE_AFTER);
        latch.announce(Some(at(1000)));
        assert!(latch.is_stable());
        latch.announce(None);
        assert!(latch.is_stable(), "hold by 0.0.0.0 keeps the source");
        latch.announce(Some(at(5000)));
        assert_eq!(latch.target(), Some(at(5000)));
        assert_eq!(latch.admits(at(5000)), Source::Ours);
    }
}
