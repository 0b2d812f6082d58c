//! An even stream of 20 ms pieces from sound that comes in pieces of any size at any moment. No I/O.

use std::collections::VecDeque;

/// Samples of 20 ms.
pub(super) const PIECE: usize = 160;
/// Pieces that are gathered before the first one is passed on, so that a piece that comes a little late leaves no gap.
const HEAD_START: usize = 3;
/// Waiting pieces from which on silence is passed twice as fast, until the caller is heard without delay again.
const BEHIND: usize = 20;
/// What may wait at most: half a minute.
const MOST: usize = PIECE * 50 * 30;
/// Loudest sample of a piece that counts as silence.
const SILENT: u16 = 250;

/// Sound that came and was not passed on yet.
#[derive(Default)]
pub(super) struct Inflow {
    samples: VecDeque<i16>,
    /// Pieces of time since the first sample of what waits came.
    waited: usize,
    is_flowing: bool,
}

impl Inflow {
    /// Takes sound. Gives false when there is so much of it that some had to be left out.
    pub(super) fn push(&mut self, samples: &[i16]) -> bool {
        let room = MOST - self.samples.len();
        self.samples.extend(&samples[..samples.len().min(room)]);
        samples.len() <= room
    }

    /// The next 20 ms; silence where nothing has come.
    pub(super) fn next(&mut self) -> [i16; PIECE] {
        let mut piece = [0; PIECE];
        if !self.is_flowing {
            if self.samples.is_empty() {
                return piece;
            }
            self.waited += 1;
            if self.samples.len() < HEAD_START * PIECE && self.waited < HEAD_START {
                return piece;
            }
            self.is_flowing = true;
        }
        self.take(&mut piece);
        if self.samples.len() > BEHIND * PIECE && is_silent(&piece) {
            self.take(&mut piece);
        }
        if self.samples.is_empty() {
            (self.is_flowing, self.waited) = (false, 0);
        }
        piece
    }

    /// The oldest samples; a piece that is not whole is filled up with silence.
    fn take(&mut self, piece: &mut [i16; PIECE]) {
        piece.fill(0);
        let n = self.samples.len().min(PIECE);
        piece.iter_mut().zip(self.samples.drain(..n)).for_each(|(to, from)| *to = from);
    }
}

fn is_silent(piece: &[i16]) -> bool {
    piece.iter().all(|sample| sample.unsigned_abs() < SILENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loud(n: usize) -> Vec<i16> {
        vec![1000; n]
    }

    fn pieces(inflow: &mut Inflow, n: usize) -> Vec<bool> {
        (0..n).map(|_| !is_silent(&inflow.next())).collect()
    }

    #[test]
    fn pieces_that_come_unevenly_leave_evenly() {
        let mut inflow = Inflow::default();
        assert_eq!(pieces(&mut inflow, 2), [false, false], "nothing came");
        // 100 ms each time, the second and third time late by 40 ms.
        let mut heard = Vec::new();
        for late in [0, 2, 0, 0] {
            heard.extend(pieces(&mut inflow, late));
            assert!(inflow.push(&loud(5 * PIECE)));
            heard.extend(pieces(&mut inflow, 5 - late));
        }
        heard.extend(pieces(&mut inflow, 6));
        assert_eq!(heard.iter().filter(|is_loud| **is_loud).count(), 20, "{heard:?}");
        let first = heard.iter().position(|is_loud| *is_loud).unwrap();
        assert!(heard[first..first + 5].iter().all(|is_loud| *is_loud), "{heard:?}");
    }

    #[test]
    fn a_short_sound_does_not_wait_for_more() {
        let mut inflow = Inflow::default();
        inflow.push(&loud(100));
        assert_eq!(pieces(&mut inflow, 4), [false, false, true, false]);
    }

    #[test]
    fn silence_catches_up_and_too_much_is_left_out() {
        let mut inflow = Inflow::default();
        inflow.push(&vec![0; 100 * PIECE]);
        inflow.push(&loud(PIECE));
        let heard = pieces(&mut inflow, 101);
        let at = heard.iter().position(|is_loud| *is_loud).unwrap();
        assert!((55..70).contains(&at), "{at}");
        assert!(inflow.push(&loud(MOST)) && !inflow.push(&loud(1)));
    }
}
