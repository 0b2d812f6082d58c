//! What becomes of a call, decided without I/O: dialing, ringing, talking, transferring, ended, and who hung up.

use crate::engine::pipeline::turn::Why;
use crate::engine::sip::LegEnd;

/// Which way a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Somebody called us.
    Inbound,
    /// Somebody called us from a browser.
    Browser,
    /// We called.
    Outbound,
}

/// Where a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// INVITE sent or received, nothing heard.
    Dialing,
    /// It rings.
    Ringing,
    /// Answered; the bot has the word.
    Talking,
    /// A REFER is out.
    Transferring(String),
    /// The target is being called, and told about the caller.
    Consulting(String),
    /// Over.
    Ended,
}

/// What can happen to a call.
#[derive(Debug)]
pub(super) enum Input {
    /// The far end rings.
    Ringing,
    /// 200 OK was sent or received.
    Answered,
    /// It rang for as long as it may.
    RangOut,
    /// The leg is over.
    LegEnded(LegEnd),
    /// The bot has finished.
    BotEnded(Why),
    /// The bot wants the caller handed on.
    Transfer(String),
    /// The target is called first.
    Consulting,
    /// The target is there and has been told.
    Joined,
    /// The transfer's progress, as a SIP status.
    ReferProgress(u16),
    /// The transfer did not come about.
    ReferFailed(String),
    /// Somebody at the console ends the call.
    HungUpByOperator,
    /// The engine stops.
    Stopping,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Tell the control plane that it rings.
    ReportRinging,
    /// Begin the conversation.
    Talk,
    /// Send a REFER.
    Refer(String),
    /// The call was handed on: tell the control plane.
    ReportTransferred,
    /// Join the caller with the target.
    Join,
    /// The bot has the caller back, for this reason.
    GiveBack(String),
    /// End the leg.
    HangUp,
    /// Nothing follows: write the result.
    Finish(End),
}

/// How a call ended, in the words of the result (contract §2.18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// `disconnected_by`.
    pub(super) by: &'static str,
    /// `outcome`.
    pub(super) outcome: &'static str,
    /// `error_detail`.
    pub(super) detail: Option<String>,
}

impl End {
    /// An end in these words.
    pub(super) fn new(by: &'static str, outcome: &'static str, detail: Option<String>) -> Self {
        Self { by, outcome, detail }
    }

    /// A call that a fault of ours or of the network ended.
    pub(super) fn failed(detail: impl Into<String>) -> Self {
        Self::new("error", "failed", Some(detail.into()))
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct CallState {
    direction: Direction,
    phase: Phase,
    /// Whether the bot had said all when the far end hung up.
    pub(super) is_closing: bool,
    /// Whether the far end is a machine that the bot does not talk with.
    pub(super) is_machine: bool,
    /// Whether the far end asked to be called back, and will be.
    pub(super) is_put_off: bool,
    /// Whether the caller has said or pressed anything.
    pub(super) has_spoken: bool,
}

impl CallState {
    pub(super) fn new(direction: Direction) -> Self {
        Self { direction, phase: Phase::Dialing, is_closing: false, is_machine: false, is_put_off: false, has_spoken: false }
    }

    /// Where the call is.
    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Takes one input. After [`Action::Finish`] nothing comes out any more.
    pub(super) fn step(&mut self, input: Input) -> Vec<Action> {
        let mut actions = self.decide(input);
        if self.is_put_off && self.direction == Direction::Outbound {
            for action in &mut actions {
                if let Action::Finish(end) = action
                    && matches!(end.outcome, "finished" | "far-hangup")
                {
                    end.outcome = "not-now";
                }
            }
        }
        actions
    }

    fn decide(&mut self, input: Input) -> Vec<Action> {
        if self.phase == Phase::Ended {
            return Vec::new();
        }
        match input {
            Input::Ringing if self.phase == Phase::Dialing => self.go(Phase::Ringing, vec![Action::ReportRinging]),
            Input::Answered if matches!(self.phase, Phase::Dialing | Phase::Ringing) => self.go(Phase::Talking, vec![Action::Talk]),
            Input::Ringing | Input::Answered => Vec::new(),
            Input::RangOut => self.hang_up(End::new("no_answer", "no-answer", None)),
            Input::LegEnded(how) => self.leg_ended(how),
            Input::BotEnded(why) => self.hang_up(end_of_bot(why)),
            Input::Transfer(target) => self.go(Phase::Transferring(target.clone()), vec![Action::Refer(target)]),
            Input::Consulting => self.consulting(),
            Input::Joined => self.joined(),
            Input::ReferProgress(code) => self.refer_progress(code),
            Input::ReferFailed(why) => self.give_back(why),
            Input::HungUpByOperator => self.hang_up(self.operator_end()),
            Input::Stopping => self.hang_up(End::failed("the engine was stopped during the call")),
        }
    }

    fn go(&mut self, phase: Phase, actions: Vec<Action>) -> Vec<Action> {
        self.phase = phase;
        actions
    }

    fn hang_up(&mut self, end: End) -> Vec<Action> {
        self.go(Phase::Ended, vec![Action::HangUp, Action::Finish(end)])
    }

    fn consulting(&mut self) -> Vec<Action> {
        if let Phase::Transferring(target) = &self.phase {
            self.phase = Phase::Consulting(target.clone());
        }
        Vec::new()
    }

    fn joined(&mut self) -> Vec<Action> {
        if !matches!(self.phase, Phase::Consulting(_)) {
            return Vec::new();
        }
        self.go(Phase::Ended, vec![Action::ReportTransferred, Action::Join])
    }

    /// Whether the bot has let the caller go, for now.
    pub(super) fn is_handing_on(&self) -> bool {
        matches!(self.phase, Phase::Transferring(_) | Phase::Consulting(_))
    }

    fn refer_progress(&mut self, code: u16) -> Vec<Action> {
        if !matches!(self.phase, Phase::Transferring(_)) {
            return Vec::new();
        }
        match code {
            0..200 => Vec::new(),
            200..300 => {
                let end = End::new("bot", "transferred-to-vnum", None);
                self.go(Phase::Ended, vec![Action::ReportTransferred, Action::HangUp, Action::Finish(end)])
            }
            _ => self.give_back(format!("the target answered {code}")),
        }
    }

    fn give_back(&mut self, why: String) -> Vec<Action> {
        if self.is_handing_on() { self.go(Phase::Talking, vec![Action::GiveBack(why)]) } else { Vec::new() }
    }

    fn operator_end(&self) -> End {
        match self.direction {
            Direction::Outbound => End::new("bot", "cancelled", None),
            Direction::Inbound | Direction::Browser => End::new("bot", "finished", None),
        }
    }

    fn leg_ended(&mut self, how: LegEnd) -> Vec<Action> {
        // A phone that hangs up as soon as it has taken the REFER has been handed on.
        if let (Phase::Transferring(_), LegEnd::Remote | LegEnd::Local) = (&self.phase, &how) {
            let end = End::new("bot", "transferred-to-vnum", None);
            return self.go(Phase::Ended, vec![Action::ReportTransferred, Action::Finish(end)]);
        }
        let end = match how {
            LegEnd::Remote if self.is_machine => end_of_bot(Why::Machine),
            LegEnd::Remote if self.is_closing => End::new("customer", "finished", None),
            LegEnd::Remote if self.direction == Direction::Browser && !self.has_spoken => empty_room(None),
            LegEnd::Remote | LegEnd::Cancelled => End::new("customer", "far-hangup", None),
            LegEnd::Local => End::new("bot", "finished", None),
            LegEnd::Refused { code, reason } => refused(code, &reason),
            LegEnd::Failed { why } => End::failed(why),
        };
        self.go(Phase::Ended, vec![Action::Finish(end)])
    }
}

/// A browser that went away without a word, or never came.
pub(super) fn empty_room(detail: Option<String>) -> End {
    End::new("customer", "empty-room", detail)
}

fn end_of_bot(why: Why) -> End {
    match why {
        Why::Finished => End::new("bot", "finished", None),
        Why::NoReaction => End::new("RNR", "far-hangup", None),
        Why::MaxDuration => End::new("timeout", "max-duration", None),
        Why::Machine => End::new("voicemail", "voicemail", None),
        Why::Failed(detail) => End::failed(detail),
    }
}

/// How a refused INVITE reads in the result.
pub(super) fn refused(code: u16, reason: &str) -> End {
    let detail = Some(format!("{code} {reason}").trim().to_owned());
    match code {
        486 | 600 => End::new("rejected", "busy", detail),
        408 | 480 | 487 => End::new("no_answer", "no-answer", detail),
        500..600 => End::new("error", "failed", detail),
        _ => End::new("rejected", "rejected", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talking(direction: Direction) -> CallState {
        let mut state = CallState::new(direction);
        assert_eq!(state.step(Input::Answered), [Action::Talk]);
        state
    }

    fn finish(actions: &[Action]) -> (&'static str, &'static str) {
        actions.iter().find_map(|a| if let Action::Finish(end) = a { Some((end.by, end.outcome)) } else { None }).expect("an end")
    }

    fn refusal(code: u16) -> Input {
        Input::LegEnded(LegEnd::Refused { code, reason: "No".to_owned() })
    }

    #[test]
    fn every_end_has_its_words() {
        let cases = [
            (Input::BotEnded(Why::Finished), ("bot", "finished")),
            (Input::BotEnded(Why::NoReaction), ("RNR", "far-hangup")),
            (Input::BotEnded(Why::MaxDuration), ("timeout", "max-duration")),
            (Input::BotEnded(Why::Machine), ("voicemail", "voicemail")),
            (Input::BotEnded(Why::Failed("x".to_owned())), ("error", "failed")),
            (Input::LegEnded(LegEnd::Remote), ("customer", "far-hangup")),
            (Input::LegEnded(LegEnd::Failed { why: "x".to_owned() }), ("error", "failed")),
            (Input::HungUpByOperator, ("bot", "cancelled")),
            (Input::Stopping, ("error", "failed")),
        ];
        for (input, expected) in cases {
            let name = format!("{input:?}");
            let mut state = talking(Direction::Outbound);
            assert_eq!(finish(&state.step(input)), expected, "{name}");
            assert!(state.step(Input::LegEnded(LegEnd::Local)).is_empty(), "nothing follows {name}");
        }
    }

    #[test]
    fn an_unanswered_call_ends_by_its_status() {
        let cases =
            [(486, ("rejected", "busy")), (603, ("rejected", "rejected")), (480, ("no_answer", "no-answer")), (503, ("error", "failed"))];
        for (code, expected) in cases {
            let mut state = CallState::new(Direction::Outbound);
            assert_eq!(state.step(Input::Ringing), [Action::ReportRinging]);
            assert!(state.step(Input::Ringing).is_empty());
            assert_eq!(finish(&state.step(refusal(code))), expected, "{code}");
        }
        let mut state = CallState::new(Direction::Outbound);
        assert_eq!(state.step(Input::RangOut)[0], Action::HangUp);
    }

    #[test]
    fn a_transfer_ends_the_call_or_gives_the_caller_back() {
        let transferring = || {
            let mut state = talking(Direction::Inbound);
            assert_eq!(state.step(Input::Transfer("desk".to_owned())), [Action::Refer("desk".to_owned())]);
            assert!(state.step(Input::ReferProgress(180)).is_empty());
            state
        };
        let handed_on = transferring().step(Input::ReferProgress(200));
        assert_eq!((&handed_on[0], finish(&handed_on)), (&Action::ReportTransferred, ("bot", "transferred-to-vnum")));
        assert_eq!(finish(&transferring().step(Input::LegEnded(LegEnd::Remote))), ("bot", "transferred-to-vnum"));
        let mut state = transferring();
        assert_eq!(state.step(Input::ReferProgress(486)), [Action::GiveBack("the target answered 486".to_owned())]);
        assert_eq!(state.phase(), &Phase::Talking);
    }

    #[test]
    fn somebody_who_will_be_called_back_had_no_time_now() {
        for (direction, expected) in [(Direction::Outbound, "not-now"), (Direction::Inbound, "finished")] {
            let mut state = talking(direction);
            state.is_put_off = true;
            assert_eq!(finish(&state.step(Input::BotEnded(Why::Finished))), ("bot", expected));
        }
        let mut state = talking(Direction::Outbound);
        state.is_put_off = true;
        assert_eq!(finish(&state.step(Input::BotEnded(Why::Failed("x".to_owned())))), ("error", "failed"));
    }

    #[test]
    fn a_target_that_is_called_first_gets_the_caller_or_the_bot_has_them_back() {
        let consulting = || {
            let mut state = talking(Direction::Inbound);
            state.step(Input::Transfer("desk".to_owned()));
            assert!(state.step(Input::Consulting).is_empty() && state.is_handing_on());
            state
        };
        assert_eq!(consulting().step(Input::Joined), [Action::ReportTransferred, Action::Join]);
        assert_eq!(consulting().step(Input::ReferFailed("busy".to_owned())), [Action::GiveBack("busy".to_owned())]);
        assert!(consulting().step(Input::ReferProgress(200)).is_empty(), "nobody was referred");
        assert_eq!(finish(&consulting().step(Input::LegEnded(LegEnd::Remote))), ("customer", "far-hangup"), "a caller who does not wait");
        assert!(talking(Direction::Inbound).step(Input::Joined).is_empty());
    }

    #[test]
    fn a_machine_that_hangs_up_was_still_a_machine() {
        let mut state = talking(Direction::Outbound);
        state.is_machine = true;
        assert_eq!(finish(&state.step(Input::LegEnded(LegEnd::Remote))), ("voicemail", "voicemail"));
    }

    #[test]
    fn a_browser_that_leaves_without_a_word_leaves_an_empty_room() {
        for (has_spoken, is_closing, outcome) in
            [(false, false, "empty-room"), (true, false, "far-hangup"), (false, true, "finished"), (true, true, "finished")]
        {
            let mut state = CallState { has_spoken, is_closing, ..talking(Direction::Browser) };
            assert_eq!(finish(&state.step(Input::LegEnded(LegEnd::Remote))), ("customer", outcome));
        }
        assert_eq!(finish(&talking(Direction::Browser).step(Input::HungUpByOperator)), ("bot", "finished"));
    }

    #[test]
    fn a_caller_who_hangs_up_after_the_goodbye_has_finished() {
        let mut state = talking(Direction::Inbound);
        state.is_closing = true;
        assert_eq!(finish(&state.step(Input::LegEnded(LegEnd::Remote))), ("customer", "finished"));
    }
}
