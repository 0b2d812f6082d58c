//! What a call's task gets to hear: what is loud at once, quiet pieces several at a time, so that silence does not wake it 50 times a second. Pure.

use super::Listen;

/// A piece whose loudest sample stays below this (-44 dB) is no voice; the detector need not be asked. Most of a call is such pieces.
const QUIET: u16 = 200;
/// Quiet pieces that go together: 200 ms.
const TOGETHER: usize = 10;
/// Quiet pieces after a loud one that still go one by one (1 s): the end of speech is to be noticed in time.
const AFTERWARDS: u32 = 50;

/// Whether there can be no voice in these samples.
pub(super) fn is_quiet(samples: &[i16]) -> bool {
    samples.iter().all(|sample| sample.unsigned_abs() < QUIET)
}

/// The pieces on their way to the call's task.
pub(super) struct Heard {
    wanted: Listen,
    waiting: Vec<i16>,
    n_waiting: usize,
    n_quiet: u32,
}

impl Heard {
    /// Nothing is wanted yet.
    pub(super) fn new() -> Self {
        Self { wanted: Listen::Off, waiting: Vec::new(), n_waiting: 0, n_quiet: 0 }
    }

    /// From now on this is wanted. What waits is dropped: a task that begins to listen does not want what was before.
    pub(super) fn want(&mut self, wanted: Listen) {
        *self = Self { wanted, ..Self::new() };
    }

    /// Whether anything is wanted.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted != Listen::Off
    }

    /// Takes the next piece and gives what is to be delivered now.
    pub(super) fn take(&mut self, samples: &[i16]) -> Option<Vec<i16>> {
        if self.wanted == Listen::Off {
            return None;
        }
        self.n_quiet = if is_quiet(samples) { self.n_quiet.saturating_add(1) } else { 0 };
        let at_once = self.wanted == Listen::All || self.n_quiet <= AFTERWARDS;
        if at_once && self.n_waiting == 0 {
            return Some(samples.to_vec());
        }
        if self.n_waiting == 0 {
            self.waiting.reserve_exact(TOGETHER * samples.len());
        }
        self.waiting.extend_from_slice(samples);
        self.n_waiting += 1;
        if at_once || self.n_waiting == TOGETHER {
            self.n_waiting = 0;
            return Some(std::mem::take(&mut self.waiting));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of pieces that were delivered together, for a pattern of loud (`#`) and quiet (`.`) pieces.
    fn delivered(wanted: Listen, pattern: &str) -> Vec<usize> {
        let mut heard = Heard::new();
        heard.want(wanted);
        let piece = |mark: u8| [if mark == b'#' { 900 } else { 3 }; 160];
        pattern.bytes().filter_map(|mark| heard.take(&piece(mark))).map(|samples| samples.len() / 160).collect()
    }

    #[test]
    fn silence_goes_in_batches_and_what_is_loud_takes_what_waits_along() {
        assert!(delivered(Listen::Off, "##..").is_empty());
        assert_eq!(delivered(Listen::All, "#...#"), [1; 5]);
        let calm = ".".repeat(AFTERWARDS as usize);
        let alone = vec![1; AFTERWARDS as usize];
        assert_eq!(delivered(Listen::ForVoice, &format!("{calm}{}", ".".repeat(25))), [alone.clone(), vec![10, 10]].concat());
        assert_eq!(delivered(Listen::ForVoice, &format!("{calm}...##..")), [alone, vec![4, 1, 1, 1]].concat());
    }

    #[test]
    fn nothing_is_lost_and_a_new_wish_begins_anew() {
        let mut heard = Heard::new();
        heard.want(Listen::ForVoice);
        let n: usize = (0..200).filter_map(|_| heard.take(&[0; 160])).map(|samples| samples.len()).sum();
        assert_eq!(n, 200 * 160);
        heard.take(&[0; 160]);
        heard.want(Listen::ForVoice);
        assert_eq!(heard.take(&[0; 160]).map(|samples| samples.len()), Some(160));
    }
}
