//! What the bot says: a queue of clips, played in pieces of 20 ms. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ClipId;

/// What happened to a clip while a piece was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Started(ClipId),
    Done(ClipId),
}

/// Plays clips one after the other. Clips follow each other within a piece, so that sentences join without a gap.
#[derive(Debug, Default)]
pub(super) struct Player {
    clips: VecDeque<(ClipId, Arc<[i16]>)>,
    /// Samples of the first clip that were played.
    at: usize,
    is_paused: bool,
}

impl Player {
    /// Queues a clip.
    pub(super) fn push(&mut self, id: ClipId, samples: Arc<[i16]>) {
        self.clips.push_back((id, samples));
    }

    /// Fills the piece (with silence where nothing is to be said) and reports what began and ended. Says whether all of it is silence
    /// because nothing is to be said.
    pub(super) fn fill(&mut self, piece: &mut [i16], mut report: impl FnMut(Progress)) -> bool {
        piece.fill(0);
        if self.is_paused {
            return true;
        }
        let mut filled = 0;
        while let Some((id, samples)) = self.clips.front() {
            let (id, left) = (*id, &samples[self.at..]);
            if self.at == 0 {
                report(Progress::Started(id));
            }
            let n = left.len().min(piece.len() - filled);
            piece[filled..filled + n].copy_from_slice(&left[..n]);
            filled += n;
            self.at += n;
            if self.at < samples.len() {
                return false;
            }
            self.clips.pop_front();
            self.at = 0;
            report(Progress::Done(id));
            if filled == piece.len() {
                return false;
            }
        }
        filled == 0
    }

    /// Holds the place or goes on.
    pub(super) fn pause(&mut self, pause: bool) {
        self.is_paused = pause;
    }

    /// Forgets everything and says how many samples of the current clip were played.
    pub(super) fn stop(&mut self) -> usize {
        self.clips.clear();
        self.is_paused = false;
        std::mem::take(&mut self.at)
    }

    /// Replaces all samples, when the codec's rate changed. The current clip starts where it was.
    pub(super) fn resample(&mut self, change: impl Fn(&[i16]) -> Vec<i16>) {
        let at = std::mem::take(&mut self.at);
        for (index, (_, samples)) in self.clips.iter_mut().enumerate() {
            let from = if index == 0 { at } else { 0 };
            *samples = change(&samples[from..]).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(lengths: &[usize]) -> Player {
        let mut player = Player::default();
        for (id, n) in (1..).zip(lengths) {
            player.push(ClipId(id), vec![i16::try_from(id).unwrap(); *n].into());
        }
        player
    }

    fn piece(player: &mut Player) -> ([i16; 4], Vec<Progress>) {
        let (mut piece, mut seen) = ([9; 4], Vec::new());
        player.fill(&mut piece, |progress| seen.push(progress));
        (piece, seen)
    }

    #[test]
    fn clips_join_without_a_gap_and_report_start_and_end_once() {
        let mut player = player(&[6, 3]);
        assert_eq!(piece(&mut player), ([1; 4], vec![Progress::Started(ClipId(1))]));
        let changes = vec![Progress::Done(ClipId(1)), Progress::Started(ClipId(2))];
        assert_eq!(piece(&mut player), ([1, 1, 2, 2], changes));
        assert_eq!(piece(&mut player), ([2, 0, 0, 0], vec![Progress::Done(ClipId(2))]));
        assert_eq!(piece(&mut player), ([0; 4], vec![]));
    }

    #[test]
    fn an_empty_clip_starts_and_is_done_at_once() {
        assert_eq!(piece(&mut player(&[0])).1, [Progress::Started(ClipId(1)), Progress::Done(ClipId(1))]);
    }

    #[test]
    fn a_pause_keeps_the_place() {
        let mut player = player(&[6]);
        piece(&mut player);
        player.pause(true);
        assert_eq!(piece(&mut player), ([0; 4], vec![]));
        player.pause(false);
        assert_eq!(piece(&mut player), ([1, 1, 0, 0], vec![Progress::Done(ClipId(1))]));
    }

    #[test]
    fn a_stop_forgets_everything_and_says_how_far_it_came() {
        let mut player = player(&[6, 6]);
        piece(&mut player);
        assert_eq!(player.stop(), 4);
        assert_eq!(piece(&mut player), ([0; 4], vec![]));
        assert_eq!(player.stop(), 0);
    }

    #[test]
    fn a_new_rate_goes_on_at_the_same_place() {
        let mut player = player(&[6]);
        piece(&mut player);
        player.resample(|samples| samples.iter().flat_map(|s| [*s, *s]).collect());
        assert_eq!(piece(&mut player).0, [1; 4]);
        assert_eq!(piece(&mut player).1, []);
    }
}
