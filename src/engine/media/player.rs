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

/// A clip in the queue: what there is of it and was not played yet.
#[derive(Debug)]
struct Queued {
    id: ClipId,
    parts: VecDeque<Arc<[i16]>>,
    /// Nothing more is added.
    is_complete: bool,
    is_started: bool,
    n_played: usize,
}

/// Plays clips one after the other. Clips follow each other within a piece, so that sentences join without a gap. A clip that is still
/// being made is waited for in silence.
#[derive(Debug, Default)]
pub(super) struct Player {
    clips: VecDeque<Queued>,
    /// Samples of the first part of the first clip that were played.
    at: usize,
    is_paused: bool,
}

impl Player {
    /// Queues a clip.
    pub(super) fn push(&mut self, id: ClipId, samples: Arc<[i16]>) {
        self.open(id);
        self.add(id, samples);
        self.complete(id);
    }

    /// Queues a clip that is still to be made.
    pub(super) fn open(&mut self, id: ClipId) {
        self.clips.push_back(Queued { id, parts: VecDeque::new(), is_complete: false, is_started: false, n_played: 0 });
    }

    /// Adds to a clip. One that was stopped takes nothing.
    pub(super) fn add(&mut self, id: ClipId, samples: Arc<[i16]>) {
        if let Some(clip) = self.clips.iter_mut().rev().find(|clip| clip.id == id && !clip.is_complete)
            && !samples.is_empty()
        {
            clip.parts.push_back(samples);
        }
    }

    /// Nothing more is added to a clip.
    pub(super) fn complete(&mut self, id: ClipId) {
        if let Some(clip) = self.clips.iter_mut().rev().find(|clip| clip.id == id) {
            clip.is_complete = true;
        }
    }

    /// Fills the piece (with silence where nothing is to be said) and reports what began and ended. Says whether all of it is silence
    /// because nothing is to be said.
    pub(super) fn fill(&mut self, piece: &mut [i16], mut report: impl FnMut(Progress)) -> bool {
        piece.fill(0);
        if self.is_paused {
            return true;
        }
        let mut filled = 0;
        while let Some(clip) = self.clips.front_mut() {
            let has_sound = !clip.parts.is_empty();
            if filled == piece.len() && has_sound || !has_sound && !clip.is_complete {
                break;
            }
            if !std::mem::replace(&mut clip.is_started, true) {
                report(Progress::Started(clip.id));
            }
            if let Some(part) = clip.parts.front() {
                let n = (part.len() - self.at).min(piece.len() - filled);
                piece[filled..filled + n].copy_from_slice(&part[self.at..self.at + n]);
                filled += n;
                self.at += n;
                clip.n_played += n;
                if self.at == part.len() {
                    clip.parts.pop_front();
                    self.at = 0;
                }
            }
            if clip.parts.is_empty() && clip.is_complete {
                report(Progress::Done(clip.id));
                self.clips.pop_front();
                if filled == piece.len() {
                    break;
                }
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
        let n_played = self.clips.front().map_or(0, |clip| clip.n_played);
        self.clips.clear();
        self.is_paused = false;
        self.at = 0;
        n_played
    }

    /// Replaces all samples, when the codec's rate changed. The current clip starts where it was.
    pub(super) fn resample(&mut self, change: impl Fn(&[i16]) -> Vec<i16>) {
        let at = std::mem::take(&mut self.at);
        let parts = self.clips.iter_mut().flat_map(|clip| clip.parts.iter_mut());
        for (index, samples) in parts.enumerate() {
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
    fn a_clip_that_is_still_being_made_is_waited_for_and_joins_without_a_seam() {
        let mut player = Player::default();
        player.open(ClipId(1));
        player.push(ClipId(2), vec![2; 2].into());
        assert_eq!(piece(&mut player), ([0; 4], vec![]), "nothing of it is there, and its turn is kept");
        player.add(ClipId(1), vec![1; 3].into());
        player.add(ClipId(1), vec![1; 3].into());
        assert_eq!(piece(&mut player), ([1; 4], vec![Progress::Started(ClipId(1))]));
        assert_eq!(piece(&mut player), ([1, 1, 0, 0], vec![]), "the rest is late");
        player.complete(ClipId(1));
        let changes = vec![Progress::Done(ClipId(1)), Progress::Started(ClipId(2)), Progress::Done(ClipId(2))];
        assert_eq!(piece(&mut player), ([2, 2, 0, 0], changes));
        player.open(ClipId(3));
        player.add(ClipId(3), vec![3; 6].into());
        piece(&mut player);
        assert_eq!(player.stop(), 4);
        player.add(ClipId(3), vec![3; 6].into());
        player.complete(ClipId(3));
        assert_eq!(piece(&mut player), ([0; 4], vec![]), "what was stopped takes nothing");
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
