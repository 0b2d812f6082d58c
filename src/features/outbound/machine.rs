//! How an order stands, and what follows from each thing that happens to it. One pure function; the table of its cases stands below it.

use serde::Serialize;

/// How an order stands (seed 002).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waits for its time.
    Scheduled,
    /// On its way to an engine and the far end.
    Dispatching,
    /// Answered and talking.
    InFlight,
    /// Ended well.
    Success,
    /// Failed; will be tried again.
    RetryPending,
    /// Failed for good.
    Failed,
    /// Ended by an operator.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Scheduled, Self::Dispatching, Self::InFlight, Self::Success, Self::RetryPending, Self::Failed, Self::Cancelled];

    /// The word as it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Dispatching => "dispatching",
            Self::InFlight => "in-flight",
            Self::Success => "ended-success",
            Self::RetryPending => "ended-failed-retry-pending",
            Self::Failed => "ended-failed-final",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word. `None` if it is another one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing more will happen to the order.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancelled)
    }

    /// Whether an attempt is under way.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Dispatching | Self::InFlight)
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What decides about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) status: Status,
    /// The attempt that counts; 1 before the first one is made.
    pub(super) attempt: u32,
    /// Attempts after the first one that may be made.
    pub(super) retries: u32,
    /// Whether an engine has asked for the attempt's config: only then may a phone have rung.
    pub(super) is_claimed: bool,
}

impl Standing {
    /// Attempts that are left after the one that counts.
    pub(super) fn retries_left(&self) -> u32 {
        (self.retries + 1).saturating_sub(self.attempt)
    }
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// Its time has come.
    Due,
    /// An engine asks for the config of the attempt.
    Taken,
    /// Somebody picked up.
    Answered,
    /// The attempt is over.
    Finished {
        /// How, in the words of the glossary.
        outcome: &'a str,
        /// Who ended it, as the engine said.
        by: Option<&'a str>,
    },
    /// The outbound gate says no.
    Refused,
    /// No engine took the attempt.
    NoEngine {
        /// Whether whoever asked for the call still waits, and is told so.
        is_awaited: bool,
    },
    /// An operator ends it.
    HangUp,
    /// Nothing was heard of the attempt: the box died while it told an engine.
    Restarted,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing.
    Wait,
    /// Make an attempt and tell an engine.
    Dial,
    /// Make the next attempt after the order's delay.
    Retry,
    /// Make the same attempt again soon.
    Requeue,
    /// Nothing more will happen: forget the key, take back what was planned.
    Close,
}

/// Where an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) to: Status,
    pub(super) then: Then,
}

/// What follows. `None`: nothing changes.
pub(super) fn step(order: &Standing, event: Event<'_>) -> Option<Step> {
    use Status::{Cancelled, Dispatching, Failed, InFlight, RetryPending, Scheduled};
    let go = |to, then| Some(Step { to, then });
    match (order.status, event) {
        (Scheduled | RetryPending, Event::Due) => go(Dispatching, Then::Dial),
        (Scheduled | RetryPending, Event::Refused) => go(Failed, Then::Close),
        (Dispatching | InFlight, Event::Taken) => go(order.status, Then::Wait),
        (Dispatching, Event::Answered) => go(InFlight, Then::Wait),
        (Dispatching | InFlight, Event::Finished { outcome, by }) => Some(finished(order, outcome, by)),
        (Dispatching, Event::NoEngine { is_awaited: true }) if !order.is_claimed => go(Failed, Then::Close),
        (Dispatching, Event::NoEngine { is_awaited: false }) if !order.is_claimed => {
            go(if order.attempt > 1 { RetryPending } else { Scheduled }, Then::Requeue)
        }
        (Dispatching, Event::Restarted) if !order.is_claimed => go(Dispatching, Then::Dial),
        (status, Event::HangUp) if !status.is_over() => go(Cancelled, Then::Close),
        _ => None,
    }
}

/// What an attempt's outcome means (contract §1.A.7, §2.18). Words of other engines count as held.
fn finished(order: &Standing, outcome: &str, by: Option<&str>) -> Step {
    let may_retry = matches!(outcome, "no-answer" | "busy" | "rejected" | "failed") && by != Some("outside_hours");
    match outcome {
        _ if may_retry && order.retries_left() > 0 => Step { to: Status::RetryPending, then: Then::Retry },
        "no-answer" | "busy" | "rejected" | "failed" | "voicemail" => Step { to: Status::Failed, then: Then::Close },
        "cancelled" => Step { to: Status::Cancelled, then: Then::Close },
        _ => Step { to: Status::Success, then: Then::Close },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Cancelled, Dispatching, Failed, InFlight, RetryPending, Scheduled, Success};

    const FIRST: Standing = Standing { status: Dispatching, attempt: 1, retries: 0, is_claimed: false };

    fn at(status: Status) -> Standing {
        Standing { status, ..FIRST }
    }

    fn go(order: Standing, event: Event<'_>) -> Option<(Status, Then)> {
        step(&order, event).map(|step| (step.to, step.then))
    }

    fn end(outcome: &str) -> Event<'_> {
        Event::Finished { outcome, by: None }
    }

    #[test]
    fn every_state_knows_what_each_event_means() {
        let awaited = Event::NoEngine { is_awaited: true };
        let queued = Event::NoEngine { is_awaited: false };
        let none = None;
        // Columns: due, taken, answered, finished well, refused, no engine (awaited), no engine (queued), hang-up, restarted.
        let table = [
            (Scheduled, [Some((Dispatching, Then::Dial)), none, none, none, Some((Failed, Then::Close)), none, none, none]),
            (
                Dispatching,
                [
                    none,
                    Some((Dispatching, Then::Wait)),
                    Some((InFlight, Then::Wait)),
                    Some((Success, Then::Close)),
                    none,
                    Some((Failed, Then::Close)),
                    Some((Scheduled, Then::Requeue)),
                    Some((Dispatching, Then::Dial)),
                ],
            ),
            (InFlight, [none, Some((InFlight, Then::Wait)), none, Some((Success, Then::Close)), none, none, none, none]),
            (Success, [none; 8]),
            (RetryPending, [Some((Dispatching, Then::Dial)), none, none, none, Some((Failed, Then::Close)), none, none, none]),
            (Failed, [none; 8]),
            (Cancelled, [none; 8]),
        ];
        assert_eq!(table.map(|(status, _)| status), Status::ALL.map(|s| s).map(|s| s), "every state stands in the table");
        let events = [Event::Due, Event::Taken, Event::Answered, end("finished"), Event::Refused, awaited, queued, Event::Restarted];
        for (status, row) in table {
            for (event, expected) in events.iter().zip(row) {
                assert_eq!(go(at(status), *event), expected, "{status:?} {event:?}");
            }
            let cancelled = (!status.is_over()).then_some((Cancelled, Then::Close));
            assert_eq!(go(at(status), Event::HangUp), cancelled, "{status:?} is hung up");
        }
    }

    #[test]
    fn an_outcome_is_retried_only_if_the_glossary_says_so_and_attempts_are_left() {
        let again = (RetryPending, Then::Retry);
        for (outcome, with_retries, last) in [
            ("finished", (Success, Then::Close), Success),
            ("far-hangup", (Success, Then::Close), Success),
            ("transferred-to-vnum", (Success, Then::Close), Success),
            ("not-now", (Success, Then::Close), Success),
            ("max-duration", (Success, Then::Close), Success),
            ("voicemail", (Failed, Then::Close), Failed),
            ("cancelled", (Cancelled, Then::Close), Cancelled),
            ("no-answer", again, Failed),
            ("busy", again, Failed),
            ("rejected", again, Failed),
            ("failed", again, Failed),
            ("a new word", (Success, Then::Close), Success),
        ] {
            for status in [Dispatching, InFlight] {
                let order = Standing { status, retries: 2, attempt: 2, is_claimed: true };
                assert_eq!(go(order, end(outcome)), Some(with_retries), "{outcome} with attempts left");
                assert_eq!(go(Standing { attempt: 3, ..order }, end(outcome)), Some((last, Then::Close)), "{outcome} on the last");
            }
        }
        let closed = Event::Finished { outcome: "failed", by: Some("outside_hours") };
        assert_eq!(go(Standing { retries: 5, ..FIRST }, closed), Some((Failed, Then::Close)), "the bot's hours are over");
    }

    #[test]
    fn an_attempt_that_an_engine_has_taken_is_never_made_again() {
        let taken = Standing { is_claimed: true, ..FIRST };
        for event in [Event::Restarted, Event::NoEngine { is_awaited: true }, Event::NoEngine { is_awaited: false }] {
            assert_eq!(go(taken, event), None, "{event:?}");
        }
        let third = Standing { attempt: 3, retries: 4, ..FIRST };
        assert_eq!(go(third, Event::NoEngine { is_awaited: false }), Some((RetryPending, Then::Requeue)));
        assert_eq!((FIRST.retries_left(), third.retries_left()), (0, 2));
    }

    #[test]
    fn each_status_has_one_word() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("flying"), None);
    }
}
