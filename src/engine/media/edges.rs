//! When speech begins, pauses and ends, from voice or no voice. Pure: it hears no sound.

/// When speech begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hearing {
    /// Voice until speech is believed to have begun.
    pub start_ms: u32,
    /// Silence after which what was said so far is worth a look: it may be all. From `end_ms` on there is no such look.
    pub pause_ms: u32,
    /// Silence until it is believed to have ended.
    pub end_ms: u32,
    /// What is kept from before the beginning, so that the first sound is whole.
    pub pre_roll_ms: u32,
    /// Longest utterance; it is ended there and the next one begins.
    pub most_ms: u32,
}

impl Default for Hearing {
    fn default() -> Self {
        Self { start_ms: 80, pause_ms: 400, end_ms: 700, pre_roll_ms: 300, most_ms: 30_000 }
    }
}

/// Begin and end of speech, from voice or no voice. Pure.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    hearing: Hearing,
    pub(super) is_speaking: bool,
    pub(super) voice_ms: u32,
    pub(super) silence_ms: u32,
    is_pausing: bool,
    /// Silence that ends the speech now; differs from the usual while it is known how the words end.
    end_ms: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    Pause,
    Resume,
    /// After so many milliseconds of silence.
    End(u32),
}

impl Turns {
    pub(super) fn new(hearing: Hearing) -> Self {
        Self { hearing, is_speaking: false, voice_ms: 0, silence_ms: 0, is_pausing: false, end_ms: hearing.end_ms }
    }

    /// `ms` more, voiced or not. Before speech, short gaps cost only half of the voice that was heard.
    pub(super) fn hear(&mut self, is_voice: bool, ms: u32) -> Option<Edge> {
        if is_voice {
            self.voice_ms += ms;
            self.silence_ms = 0;
        } else {
            self.silence_ms += ms;
            if !self.is_speaking {
                self.voice_ms = self.voice_ms.saturating_sub(ms);
            }
        }
        if !self.is_speaking && self.voice_ms >= self.hearing.start_ms {
            self.is_speaking = true;
            return Some(Edge::Start);
        }
        if !self.is_speaking {
            return None;
        }
        if self.silence_ms >= self.end_ms {
            return Some(self.end());
        }
        if self.is_pausing && self.silence_ms == 0 {
            self.is_pausing = false;
            self.end_ms = self.hearing.end_ms;
            return Some(Edge::Resume);
        }
        if !self.is_pausing && self.silence_ms >= self.hearing.pause_ms {
            self.is_pausing = true;
            return Some(Edge::Pause);
        }
        None
    }

    /// From the next pause on, what was said so far is worth a look after this much silence.
    pub(super) fn look_after(&mut self, ms: u32) {
        self.hearing.pause_ms = ms;
    }

    /// The pause that is going on ends the speech after this much silence, until voice is heard again.
    pub(super) fn end_after(&mut self, ms: u32) {
        if self.is_pausing {
            self.end_ms = ms;
        }
    }

    /// Ends the speech now.
    pub(super) fn end(&mut self) -> Edge {
        let silence_ms = self.silence_ms;
        *self = Self::new(self.hearing);
        Edge::End(silence_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges for a pattern of 20 ms steps (`#` voice, `.` silence), with the step they came in.
    fn edges(pattern: &str) -> Vec<(usize, Edge)> {
        let mut turns = Turns::new(Hearing { pause_ms: 140, end_ms: 200, ..Hearing::default() });
        pattern.bytes().enumerate().filter_map(|(step, mark)| Some((step, turns.hear(mark == b'#', 20)?))).collect()
    }

    #[test]
    fn speech_begins_after_80_ms_of_voice_and_ends_after_the_silence() {
        assert_eq!(edges("....#####..........."), [(7, Edge::Start), (15, Edge::Pause), (18, Edge::End(200))]);
    }

    #[test]
    fn a_click_is_no_speech_and_a_short_gap_no_end() {
        assert_eq!(edges("..##....##....##...."), []);
        assert_eq!(edges("####.....####......####"), [(3, Edge::Start)]);
    }

    #[test]
    fn a_pause_is_told_once_and_ends_when_the_caller_goes_on() {
        let expected = [(3, Edge::Start), (10, Edge::Pause), (11, Edge::Resume), (18, Edge::Pause), (21, Edge::End(200))];
        assert_eq!(edges("####.......#.........."), expected);
    }

    #[test]
    fn a_pause_can_be_made_shorter_or_longer_until_the_caller_goes_on() {
        let mut turns = Turns::new(Hearing { pause_ms: 100, end_ms: 200, ..Hearing::default() });
        let hear = |turns: &mut Turns, is_voice: bool, n: usize| -> Vec<Edge> { (0..n).filter_map(|_| turns.hear(is_voice, 20)).collect() };
        assert_eq!(hear(&mut turns, true, 5), [Edge::Start]);
        assert_eq!(hear(&mut turns, false, 6), [Edge::Pause]);
        turns.end_after(400);
        assert_eq!(hear(&mut turns, false, 13), []);
        assert_eq!(hear(&mut turns, true, 1), [Edge::Resume]);
        assert_eq!(hear(&mut turns, false, 6), [Edge::Pause]);
        turns.end_after(100);
        assert_eq!(hear(&mut turns, false, 1), [Edge::End(140)]);
    }

    #[test]
    fn a_stutter_at_the_beginning_still_counts() {
        assert_eq!(edges("##.##.##").first(), Some(&(7, Edge::Start)));
    }
}
