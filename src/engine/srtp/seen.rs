//! Which packets of which sender have come: sequence numbers that go round, and replays.

/// Senders that are told apart in one direction. A far end that has proved itself has one or two.
pub(super) const MOST_STREAMS: usize = 8;

/// The index a sequence number stands for, given the highest one so far (RFC 3711 §3.3.1).
pub(super) fn index_of(highest: Option<u64>, sequence: u16) -> u64 {
    let Some(highest) = highest else { return u64::from(sequence) };
    let (rollover, last) = (highest >> 16, i32::from(highest as u16));
    let ahead = i32::from(sequence) - last;
    let rollover = match ahead {
        -65_535..=-32_769 => rollover + 1,
        32_769..=65_535 => rollover.saturating_sub(1),
        _ => rollover,
    };
    rollover << 16 | u64::from(sequence)
}

/// Which indices have come, so that none is taken twice.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) highest: Option<u64>,
    /// Bit n: the index that lies n below the highest one has come.
    recent: u128,
}

impl Seen {
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                let below = highest - index;
                below < 128 && self.recent >> below & 1 == 0
            }
            _ => true,
        }
    }

    pub(super) fn note(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => self.recent |= 1 << (highest - index).min(127),
            highest => {
                let ahead = highest.map_or(128, |highest| index - highest);
                self.recent = if ahead < 128 { self.recent << ahead | 1 } else { 1 };
                self.highest = Some(index);
            }
        }
    }
}

/// State for each sender of a direction; a new one gets its own while there is space.
pub(super) struct Streams<T>(pub(super) Vec<([u8; 4], T)>);

impl<T: Copy + Default> Streams<T> {
    pub(super) fn get(&self, ssrc: [u8; 4]) -> Option<T> {
        let known = self.0.iter().find(|(known, _)| *known == ssrc).map(|(_, state)| *state);
        known.or_else(|| (self.0.len() < MOST_STREAMS).then(T::default))
    }

    pub(super) fn set(&mut self, ssrc: [u8; 4], state: T) {
        match self.0.iter_mut().find(|(known, _)| *known == ssrc) {
            Some((_, known)) => *known = state,
            None => self.0.push((ssrc, state)),
        }
    }
}
