//! Which telephones do not understand a challenge by SHA-256 beside one by MD5. Old ones give up on it; asked again, they are asked by MD5. Pure.

use std::collections::HashMap;
use std::net::SocketAddr;

/// Telephones that are remembered; with more, all are forgotten and learned anew.
const MOST_SOURCES: usize = 4096;

/// What is known of one telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// It was asked by both and has not answered.
    Asked,
    /// It left such a question unanswered and is asked by MD5 alone.
    Old,
}

/// What telephones made of our challenges, by the address they send from.
#[derive(Debug, Default)]
pub(in crate::engine::sip) struct Habits {
    sources: HashMap<SocketAddr, Habit>,
}

impl Habits {
    /// It sent no proof and is asked for one. Says whether it is to be by MD5 alone.
    pub(in crate::engine::sip) fn ask(&mut self, source: SocketAddr) -> bool {
        if self.sources.len() >= MOST_SOURCES && !self.sources.contains_key(&source) {
            self.sources.clear();
        }
        let next = if self.sources.contains_key(&source) { Habit::Old } else { Habit::Asked };
        self.sources.insert(source, next).is_some()
    }

    /// Whether it is asked by MD5 alone.
    pub(in crate::engine::sip) fn is_old(&self, source: SocketAddr) -> bool {
        self.sources.get(&source) == Some(&Habit::Old)
    }

    /// It answered: one that was asked by both understands both.
    pub(in crate::engine::sip) fn answered(&mut self, source: SocketAddr) {
        if self.sources.get(&source) == Some(&Habit::Asked) {
            self.sources.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_a_question_by_both_unanswered_is_asked_by_md5_from_then_on() {
        let (mut habits, old, new) = (Habits::default(), SocketAddr::from(([10, 0, 0, 1], 5060)), SocketAddr::from(([10, 0, 0, 2], 5060)));
        for source in [old, new] {
            assert!(!habits.ask(source));
        }
        habits.answered(new);
        assert!(!habits.ask(new), "it understands both");
        assert!(habits.ask(old));
        habits.answered(old);
        assert!(habits.ask(old), "also when it registers again");
    }

    #[test]
    fn memory_is_bounded() {
        let mut habits = Habits::default();
        for n in 0..20_000u32 {
            habits.ask(SocketAddr::new(n.to_be_bytes().into(), 5060));
        }
        assert!(habits.sources.len() <= MOST_SOURCES);
    }
}
