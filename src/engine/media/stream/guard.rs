//! Encryption of a stream (SRTP), where it was agreed: packets are sealed just before they leave and opened before anything is read.

use crate::base::Result;
use crate::engine::media::sdes::Keys;
use crate::engine::srtp::{Opener, Sealer};

/// Seals and opens, or leaves packets as they are.
pub(super) struct Guard {
    keys: Option<Keys>,
    both: Option<Box<(Sealer, Opener)>>,
}

impl Guard {
    /// With these keys; without any, sound is not encrypted.
    pub(super) fn new(keys: Option<Keys>) -> Result<Self> {
        let both = match keys {
            Some(keys) => Some(Box::new((keys.sealer()?, keys.opener()?))),
            None => None,
        };
        Ok(Self { keys, both })
    }

    /// Whether sound is encrypted.
    pub(super) fn is_on(&self) -> bool {
        self.both.is_some()
    }

    /// Takes over what was agreed anew. A direction whose key stays goes on counting.
    pub(super) fn agree(&mut self, keys: Option<Keys>) {
        let (Some(keys), Some(before), Some(both)) = (keys, self.keys, &mut self.both) else { return };
        // Keys of the right length always fit.
        if let (true, Ok(sealer)) = (!keys.ours.is_same(&before.ours), keys.sealer()) {
            both.0 = sealer;
        }
        if let (true, Ok(opener)) = (!keys.theirs.is_same(&before.theirs), keys.opener()) {
            both.1 = opener;
        }
        self.keys = Some(keys);
    }

    /// Makes the packet in the first `n` bytes ready to leave; gives its length.
    pub(super) fn seal(&mut self, buffer: &mut [u8], n: usize) -> Option<usize> {
        match &mut self.both {
            Some(both) => both.0.rtp(buffer, n),
            None => Some(n),
        }
    }

    /// The same for a report.
    pub(super) fn seal_report(&mut self, buffer: &mut [u8], n: usize) -> Option<usize> {
        match &mut self.both {
            Some(both) => both.0.rtcp(buffer, n),
            None => Some(n),
        }
    }

    /// Makes a packet that came readable; gives its length. `None` for one that is not the far end's.
    pub(super) fn open(&mut self, packet: &mut [u8]) -> Option<usize> {
        match &mut self.both {
            Some(both) => both.1.rtp(packet),
            None => Some(packet.len()),
        }
    }

    /// The same for a report.
    pub(super) fn open_report(&mut self, packet: &mut [u8]) -> Option<usize> {
        match &mut self.both {
            Some(both) => both.1.rtcp(packet),
            None => Some(packet.len()),
        }
    }
}
