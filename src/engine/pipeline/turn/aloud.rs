//! Answers that speak themselves: sound comes first, its words beside it, and both are one line.

use super::{Action, Conversation, Line, LineKind, Timer};
use crate::engine::media::{Clip, ClipId};

impl Conversation {
    /// Sound of the answer.
    pub(super) fn sounds(&mut self, clip: Clip, out: &mut Vec<Action>) {
        let id = self.line_aloud(out);
        out.push(Action::Pour(id, clip));
    }

    /// Words of it. They may come before the sound they belong to, or when it has been heard.
    pub(super) fn said_aloud(&mut self, words: &str, out: &mut Vec<Action>) {
        let id = self.line_aloud(out);
        match (self.lines.iter_mut().find(|line| line.id == id), &mut self.spoken) {
            (Some(_), Some(turn)) if self.aloud_is_heard => turn.content.push_str(words),
            (Some(line), _) => line.text.push_str(words),
            (None, Some(turn)) => turn.content.push_str(words),
            (None, None) => {}
        }
    }

    /// The line that the answer's sound goes into; the first of it begins one.
    fn line_aloud(&mut self, out: &mut Vec<Action>) -> ClipId {
        if let Some(id) = self.aloud {
            return id;
        }
        self.needs_no_patience(out);
        self.n_lines += 1;
        let id = ClipId(self.n_lines);
        self.aloud = Some(id);
        self.aloud_is_heard = false;
        self.said_in_answer = true;
        out.push(Action::Forget(Timer::Silence));
        self.lines.push_back(Line { id, text: String::new(), kind: LineKind::Answer });
        id
    }

    /// Nothing more comes of the line.
    pub(super) fn aloud_ends(&mut self, out: &mut Vec<Action>) {
        if let Some(id) = self.aloud.take() {
            out.push(Action::Complete(id));
        }
    }
}
