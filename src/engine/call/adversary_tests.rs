//! A language model that tries ten thousand times to hand the caller on to somebody it may not, on one call: what it sends goes the way of
//! every answer, from the bytes of its stream to the URI that would be dialled.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::state::{self, CallState, Direction};
use super::transfer;
use crate::base::Millis;
use crate::contract::config::CallConfig;
use crate::engine::pipeline::sentences::Sentences;
use crate::engine::pipeline::think::{Thought, thoughts};
use crate::engine::pipeline::turn::{Action, Conversation, Input, Rules, Timer};
use crate::engine::providers::openai::pieces_of_stream;

/// Where numbers of the bot are dialled.
const HOST: &str = "10.0.0.1:5060";
/// The only number that both the bot and the number's list name.
const PERMITTED: &str = "sip:+491234567@10.0.0.1:5060";
const TRIES: usize = 10_000;

/// Names and addresses, good ones and bad ones.
const SEEDS: [&str; 14] = [
    "sales",
    "desk",
    "200",
    "off",
    "+491234567",
    "+4912345678",
    "sip:desk@example.org",
    "sips:desk@evil.example",
    "+4999999",
    "sip:evil@example.org",
    "tel:+1900",
    "*",
    "",
    "881600000000",
];

/// What is added to them.
const SALT: [&str; 16] = [
    "",
    " ",
    "\r\nRefer-To: <sip:evil@example.org>",
    ";transport=tcp",
    "@evil.example",
    "?Replaces=x%3Bto-tag%3D1",
    "\u{202e}",
    "0",
    "%40evil",
    "<",
    ">",
    "\u{0}",
    "+",
    ",",
    "\u{ff10}",
    "sip:",
];

fn config() -> CallConfig {
    serde_json::from_value(json!({
        "session_id": "s", "call_id": "c", "bot_id": "b", "webhook_url": "", "system_prompt": "", "opening_message": "",
        "stt": { "provider": "none" }, "llm": { "provider": "openai", "model": "m" }, "tts": { "provider": "none" },
        "transfer_numbers": { "sales": "+491234567", "far": "+15550000000" },
        "transfer_targets": [{ "id": "desk", "value": "sip:desk@example.org" }, { "id": "off", "value": "1", "enabled": false }],
        "transfer_allowed": ["sales", "+491*"],
    }))
    .expect("a config")
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("it fits") % n
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn target(&mut self) -> Value {
        let (seed, salt, other) = (self.of(&SEEDS), self.of(&SALT), self.of(&SEEDS));
        match self.below(8) {
            0 => json!([seed, other]),
            1 => json!({ "id": seed, "value": other, "uri": format!("{other}{salt}") }),
            2 => json!(491_234_567),
            3 => json!(format!("{salt}{seed}")),
            4 => json!(format!("{seed}{salt}{other}")),
            5 => json!(seed.chars().rev().chain(other.chars()).collect::<String>()),
            6 => json!(seed.to_uppercase()),
            _ => json!(format!("{seed}{salt}")),
        }
    }

    /// An answer of the model, as its service streams it.
    fn stream(&mut self) -> Vec<u8> {
        let name = self.of(&["transfer_to_user", "transfer_to_user", "transfer_to_user", "transfer", "TRANSFER_TO_USER", "refer", "dial"]);
        let mut arguments = json!({ "target": self.target(), "reason": self.of(&SALT) });
        for key in ["uri", "number", "transfer_allowed", "method"] {
            if self.below(3) == 0 {
                arguments[key] = self.target();
            }
        }
        let mut arguments = arguments.to_string();
        if self.below(10) == 0 {
            // A second target, and JSON that breaks off.
            arguments.push_str(",\"target\":\"sip:evil@example.org\"");
        }
        let cut = (0..=self.below(arguments.len())).rev().find(|at| arguments.is_char_boundary(*at)).unwrap_or(0);
        let part = |text: &str, first: bool| {
            let function = if first { json!({ "name": name, "arguments": text }) } else { json!({ "arguments": text }) };
            json!({ "choices": [{ "delta": { "tool_calls": [{ "index": 0, "id": if first { "c" } else { "" }, "function": function }] } }] })
        };
        let end = json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] });
        let events = [part(&arguments[..cut], true), part(&arguments[cut..], false), end];
        events.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]).collect::<String>().into_bytes()
    }
}

/// One call with such a model.
struct Call {
    config: CallConfig,
    talk: Conversation,
    state: CallState,
    /// What the model sends next; afterwards it only talks.
    next: Option<Vec<u8>>,
    reached: BTreeSet<String>,
    n_asked: usize,
    n_given_back: usize,
}

impl Call {
    fn step(&mut self, input: Input) {
        let mut work = VecDeque::from([input]);
        while let Some(input) = work.pop_front() {
            for action in self.talk.step(input, Millis(0)) {
                match action {
                    Action::Say(line) => work.extend([Input::LineStarted(line.id), Input::LineDone(line.id)]),
                    Action::Think(_) => work.extend(self.answer()),
                    Action::Transfer(handover) => work.extend(self.hand_on(handover.target)),
                    Action::End(why) => panic!("the call goes on: {why:?}"),
                    _ => {}
                }
            }
        }
    }

    fn answer(&mut self) -> Vec<Input> {
        let Some(stream) = self.next.take() else {
            return [Thought::Sentence("Sorry.".to_owned()), Thought::Done].map(Input::Thought).into();
        };
        let mut sentences = Sentences::default();
        let all = pieces_of_stream(&stream).into_iter().flat_map(|piece| thoughts(piece, &mut sentences));
        all.chain([Thought::Done]).map(Input::Thought).collect()
    }

    /// What the task of a call does with a transfer, but that nobody is dialled.
    fn hand_on(&mut self, target: String) -> Option<Input> {
        self.n_asked += 1;
        let mut back = None;
        let mut work = VecDeque::from([state::Input::Transfer(target)]);
        while let Some(input) = work.pop_front() {
            for action in self.state.step(input) {
                match action {
                    state::Action::Refer(target) => work.push_back(match transfer::resolve(&self.config, &target, Some(HOST)) {
                        Ok(goal) => {
                            self.reached.insert(goal.uri);
                            state::Input::ReferProgress(486)
                        }
                        Err(why) => state::Input::ReferFailed(why),
                    }),
                    state::Action::GiveBack(reason) => {
                        self.n_given_back += 1;
                        back = Some(Input::TransferFailed(reason));
                    }
                    other => panic!("nothing else happens: {other:?}"),
                }
            }
        }
        back
    }
}

#[test]
fn of_ten_thousand_transfers_a_model_asks_for_none_leaves_the_list() {
    let config = config();
    let mut state = CallState::new(Direction::Inbound);
    state.step(state::Input::Answered);
    let talk = Conversation::new(Rules::of(&config, false));
    let mut call = Call { config, talk, state, next: None, reached: BTreeSet::new(), n_asked: 0, n_given_back: 0 };
    call.step(Input::Begin);
    let mut chance = Chance(1);
    for _ in 0..TRIES {
        call.next = Some(chance.stream());
        call.step(Input::Key('2'));
        call.step(Input::Due(Timer::Keys));
        assert!(call.next.is_none(), "the model was asked");
    }
    assert_eq!(call.reached.iter().map(String::as_str).collect::<Vec<_>>(), [PERMITTED], "whatever it asks for");
    assert!(call.n_asked > TRIES / 5, "{} were transfers with a target", call.n_asked);
    assert_eq!(call.n_given_back, call.n_asked, "the bot has the caller back each time");
}
