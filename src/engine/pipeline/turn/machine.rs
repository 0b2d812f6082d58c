//! A machine has answered the call that we placed: the bot hangs up, leaves its message, or talks on.

use super::{Action, Consent, Conversation, LineKind, Then, Timer, Why, detail};
use crate::contract::config::{AnsweringMachines, OnMachine};
use crate::engine::detect::{Answerer, Finding};

/// How far the bot is with a machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Machine {
    /// There is none, or it is talked with.
    #[default]
    Nobody,
    /// It still speaks.
    Awaited,
    /// It records what the bot says.
    Records,
}

/// What is done with machines.
#[derive(Debug, Clone, Default)]
pub struct Machines {
    /// What the bot declares.
    pub declared: AnsweringMachines,
    /// Left on a machine that records; without one nothing is left.
    pub message: String,
}

impl Machines {
    fn what(&self, who: Answerer) -> OnMachine {
        let what = match who {
            Answerer::Human | Answerer::Unknown => OnMachine::Continue,
            Answerer::Voicemail => self.declared.on_voicemail,
            Answerer::Ivr => self.declared.on_ivr,
            Answerer::Screening => self.declared.on_screening,
            Answerer::Fax => self.declared.on_fax,
        };
        if what == OnMachine::LeaveMessage && self.message.trim().is_empty() { OnMachine::HangUp } else { what }
    }
}

impl Conversation {
    /// Whether the bot has to do with a machine that it does not talk with.
    pub fn is_machine(&self) -> bool {
        self.machine != Machine::Nobody
    }

    /// It was found out who answered.
    pub(super) fn found(&mut self, finding: Finding, out: &mut Vec<Action>) {
        let what = self.rules.machines.what(finding.who);
        out.push(Action::Answered(finding));
        match what {
            OnMachine::Continue => {}
            OnMachine::HangUp => {
                self.machine = Machine::Records;
                self.end(Why::Machine, out);
            }
            OnMachine::LeaveMessage => self.await_record(out),
        }
    }

    /// The bot is silent until the machine has said all.
    fn await_record(&mut self, out: &mut Vec<Action>) {
        self.interrupt(out);
        self.machine = Machine::Awaited;
        if self.consent == Consent::Asking {
            self.consent = Consent::Settled;
            out.push(Action::Note("recording_consent", detail("given", false)));
        }
        self.heard_before.clear();
        self.waiting.clear();
        self.keys.clear();
        out.extend([Timer::Silence, Timer::Consent, Timer::Keys, Timer::EndOfTurn, Timer::Filler].map(Action::Forget));
    }

    /// The machine records: the message, that a machine left it first, then the end.
    pub(super) fn records(&mut self, out: &mut Vec<Action>) {
        if self.machine != Machine::Awaited {
            return;
        }
        self.machine = Machine::Records;
        let (disclosure, message) = (self.rules.disclosure.clone(), self.rules.machines.message.clone());
        self.say_if_any(&disclosure, LineKind::Disclosure, out);
        self.say(message, LineKind::Message, out);
        self.then = Then::End(Why::Machine);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, rules};
    use super::super::*;
    use super::*;
    use crate::contract::config::RecordingMode;

    fn machines(on_voicemail: OnMachine, message: &str) -> Rules {
        let declared = AnsweringMachines { on_voicemail, ..AnsweringMachines::default() };
        Rules { machines: Machines { declared, message: message.to_owned() }, recording: RecordingMode::Off, ..rules() }
    }

    fn found(who: Answerer) -> Input {
        Input::Found(Finding { who, after_ms: 1200, evidence: "words" })
    }

    fn is_noted(bench: &Bench, who: Answerer) -> bool {
        bench.out.iter().any(|action| matches!(action, Action::Answered(finding) if finding.who == who))
    }

    #[test]
    fn people_and_menus_are_talked_with_machines_and_faxes_are_hung_up_on() {
        for (who, ended) in [
            (Answerer::Human, None),
            (Answerer::Unknown, None),
            (Answerer::Ivr, None),
            (Answerer::Screening, None),
            (Answerer::Voicemail, Some(Why::Machine)),
            (Answerer::Fax, Some(Why::Machine)),
        ] {
            let mut bench = Bench::new(machines(OnMachine::HangUp, ""));
            bench.step(found(who));
            assert_eq!((bench.ended(), is_noted(&bench, who)), (ended.clone(), true), "{who:?}");
            assert_eq!(bench.talk.is_machine(), ended.is_some());
        }
        let mut bench = Bench::new(machines(OnMachine::Continue, "Call us."));
        bench.step(found(Answerer::Voicemail));
        assert_eq!((bench.ended(), bench.talk.is_machine()), (None, false));
    }

    #[test]
    fn a_message_is_left_once_the_machine_records_and_the_bot_hears_nothing_meanwhile() {
        let mut bench = Bench::new(machines(OnMachine::LeaveMessage, "Please call us back."));
        let first = bench.talk.lines[0].id;
        bench.step(Input::LineStarted(first));
        bench.step(found(Answerer::Voicemail));
        assert!(bench.out.contains(&Action::StopSpeaking) && bench.ended().is_none());
        bench.out.clear();
        bench.hear("please leave a message");
        bench.step(Input::Key('1'));
        assert!(bench.out.is_empty(), "{:?}", bench.out);
        bench.step(Input::Records);
        assert_eq!(bench.said(), ["You speak with a machine.", "Please call us back."]);
        bench.hear("beep");
        bench.play_all();
        assert_eq!(bench.ended(), Some(Why::Machine));
        assert!(bench.notes().contains(&"voicemail_message_left"));
    }

    #[test]
    fn without_a_message_nothing_is_left() {
        let mut bench = Bench::new(machines(OnMachine::LeaveMessage, " "));
        bench.step(found(Answerer::Voicemail));
        assert_eq!(bench.ended(), Some(Why::Machine));
    }
}
