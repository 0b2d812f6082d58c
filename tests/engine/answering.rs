//! Who answers calls that we place: a table of people and machines in several voices, and whole calls over real SIP and RTP.
//!
//! `cargo test --test engine -- answering --nocapture` prints how often the finding was right, and after how long. Where `espeak-ng` is
//! installed, its voices speak, too.

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::time::Duration;

use cxbox::base::Clock;
use cxbox::contract::config::AnsweringMachines;
use cxbox::engine::detect::{Answerer, Step, Watch, WatchRules};
use cxbox::engine::media::{Clip, Hearing, Listener, Speech};
use cxbox::engine::sip::LegEnd;
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::phone::Talk;
use crate::support::providers::Script;
use crate::support::{Bench, bot_with};

const RATE: u32 = 8000;
/// What a recogniser takes for an utterance.
const STT_MS: u32 = 200;

/// Greetings, each as its sentences; pauses of so many milliseconds stand between and before them. `~1000` is a beep of that pitch.
const GREETINGS: &[(Answerer, &[&str])] = &[
    (Answerer::Human, &["hello"]),
    (Answerer::Human, &["hello", "who is this"]),
    (Answerer::Human, &["yes"]),
    (Answerer::Human, &["good morning"]),
    (Answerer::Human, &["hello this is anna"]),
    (Answerer::Human, &["smith and partners", "julia speaking"]),
    (Answerer::Human, &["good morning, smith and partners", "how can i help you"]),
    (Answerer::Human, &["hi there"]),
    (
        Answerer::Voicemail,
        &["hi, you have reached bob", "i cannot take your call right now", "please leave a message after the tone", "~1000"],
    ),
    (Answerer::Voicemail, &["the person you are calling is not available", "please record your message after the beep", "~1400"]),
    (Answerer::Voicemail, &["hello", "this is the mailbox of anna", "leave your name and your number", "~900"]),
    (
        Answerer::Voicemail,
        &["your call has been forwarded to an automatic voice message system", "at the tone please record your message", "~850"],
    ),
    (
        Answerer::Voicemail,
        &["we are closed today", "our office opens again on monday at nine in the morning", "leave us a message", "~1487"],
    ),
    (Answerer::Voicemail, &["bob here, leave a message", "~1013"]),
    (
        Answerer::Ivr,
        &["thank you for calling smith and partners", "for sales press one", "for support press two", "for all other questions press zero"],
    ),
    (Answerer::Ivr, &["welcome", "your call is important to us", "please choose from the following options"]),
    (Answerer::Ivr, &["all of our agents are busy at the moment", "please remain on the line"]),
    (
        Answerer::Screening,
        &["the person you are calling is using a screening service", "please state your name and your reason for calling"],
    ),
    (Answerer::Screening, &["before i try to connect you", "can i ask what you are calling about"]),
    (Answerer::Fax, &["~2100"]),
    (Answerer::Fax, &["~1100", "~1100"]),
    (Answerer::Unknown, &[]),
];

fn speech() -> SpeechWorkers {
    let settings = SpeechSettings { timeout: Duration::from_secs(60), ..SpeechSettings::new(env!("CARGO_BIN_EXE_cxbox")) };
    SpeechWorkers::new(settings, Clock::system())
}

/// The sound at 8 kHz, so much faster and higher.
fn voiced(clip: &Clip, faster: f32) -> Vec<i16> {
    let step = clip.rate as f32 / RATE as f32 * faster;
    let n = (clip.samples.len() as f32 / step) as usize;
    (0..n).map(|at| clip.samples[((at as f32 * step) as usize).min(clip.samples.len() - 1)]).collect()
}

fn tone(hertz: f32, ms: u32) -> Vec<i16> {
    (0..RATE * ms / 1000).map(|n| ((TAU * hertz * n as f32 / RATE as f32).sin() * 6000.0) as i16).collect()
}

fn silence(ms: u32) -> Vec<i16> {
    vec![0; (RATE * ms / 1000) as usize]
}

/// What speaks: the built-in voice at three pitches, and those of `espeak-ng` where it is installed.
enum Voice {
    Flite(f32),
    Espeak(&'static str),
}

impl Voice {
    fn all() -> Vec<(&'static str, Self)> {
        let mut all = vec![("slt", Self::Flite(1.0)), ("slt low", Self::Flite(0.85)), ("slt high", Self::Flite(1.2))];
        if std::process::Command::new("espeak-ng").arg("--version").output().is_ok() {
            all.extend([("en-us", Self::Espeak("en-us")), ("en-gb+f3", Self::Espeak("en-gb+f3")), ("en+m7", Self::Espeak("en+m7"))]);
        }
        all
    }

    async fn speak(&self, workers: &SpeechWorkers, text: &str) -> Vec<i16> {
        match self {
            Self::Flite(faster) => voiced(&workers.speak("slt", text).await.unwrap(), *faster),
            Self::Espeak(voice) => {
                let made = std::process::Command::new("espeak-ng").args(["-v", voice, "--stdout", text]).output().unwrap().stdout;
                let rate = u32::from_le_bytes(made[24..28].try_into().unwrap());
                let samples = made[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
                voiced(&Clip { rate, samples }, 1.0)
            }
        }
    }
}

/// A far end: its sound, and when each of its sentences has been said.
struct Answer {
    sound: Vec<i16>,
    said: Vec<(u32, &'static str)>,
}

async fn answer(voice: &Voice, workers: &SpeechWorkers, sentences: &[&'static str]) -> Answer {
    let mut made = Answer { sound: silence(400), said: Vec::new() };
    for sentence in sentences {
        match sentence.strip_prefix('~').map(|hertz| hertz.parse::<f32>().unwrap()) {
            Some(hertz) if hertz < 1100.5 && hertz > 1099.5 => made.sound.extend([tone(hertz, 500), silence(3000)].concat()),
            Some(hertz) => made.sound.extend([silence(200), tone(hertz, if hertz > 2000.0 { 2600 } else { 400 })].concat()),
            None => {
                made.sound.extend(voice.speak(workers, sentence).await);
                made.said.push((ms(made.sound.len()), sentence));
                made.sound.extend(silence(350));
            }
        }
    }
    made.sound.extend(silence(6000));
    // A line is never quite silent.
    let mut state = 7u32;
    for sample in &mut made.sound {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = sample.saturating_add(i16::try_from(state >> 27).unwrap() - 16);
    }
    made
}

fn ms(n: usize) -> u32 {
    u32::try_from(n / 8).unwrap()
}

/// Who it is, as the watch finds, and when it said so last. `has_words`: a recogniser gives what was said in each utterance.
fn find(answer: &Answer, has_words: bool) -> (Answerer, u32) {
    let mut watch = Watch::new(WatchRules::from(&AnsweringMachines::default()), "en-US");
    let mut listener = Listener::new(Hearing { pause_ms: 300, ..Hearing::default() });
    let (mut found, mut at, mut n_told) = ((Answerer::Unknown, 0), 0, 0);
    let mut due: Option<(u32, String)> = None;
    for piece in answer.sound.chunks_exact(160) {
        at += 20;
        let heard = listener.hear(RATE, piece);
        let mut steps = vec![watch.hear(RATE, piece, listener.is_voice())];
        if has_words && matches!(heard, Some(Speech::Paused(_) | Speech::Ended(_))) {
            let n = answer.said.iter().filter(|(said_at, _)| *said_at <= at).count();
            let words: Vec<&str> = answer.said[n_told..n].iter().map(|(_, sentence)| *sentence).collect();
            due = due.or((!words.is_empty()).then(|| (at + STT_MS, words.join(" "))));
            if matches!(heard, Some(Speech::Ended(_))) {
                n_told = n;
            }
        }
        if let Some((_, words)) = due.take_if(|(due_at, _)| *due_at <= at) {
            steps.push(watch.words(&words));
        }
        for step in steps.into_iter().flatten() {
            if let Step::Found(finding) = step {
                found = (finding.who, finding.after_ms);
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_machines_are_told_apart_in_at_least_19_of_20_cases() {
    let workers = speech();
    let (mut right, mut all, mut wrong) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut times: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (name, voice) in Voice::all() {
        for (who, sentences) in GREETINGS {
            let answer = answer(&voice, &workers, sentences).await;
            for has_words in [true, false] {
                // Menus and filters are known by what they say alone.
                if !has_words && matches!(who, Answerer::Ivr | Answerer::Screening) {
                    continue;
                }
                let (found, after_ms) = find(&answer, has_words);
                *all.entry(has_words).or_insert(0) += 1;
                *right.entry(has_words).or_insert(0) += u32::from(found == *who);
                if found == *who {
                    times.entry(who.word()).or_default().push(after_ms);
                } else {
                    wrong.push(format!("{name}, words {has_words}: {sentences:?} is {} and was taken for {}", who.word(), found.word()));
                }
            }
        }
    }
    for (who, mut times) in times {
        times.sort_unstable();
        println!("{who}: known after {} ms (median), {} ms at most", times[times.len() / 2], times[times.len() - 1]);
    }
    println!("right with words: {} of {}; by sound alone: {} of {}", right[&true], all[&true], right[&false], all[&false]);
    println!("{}", wrong.join("\n"));
    for has_words in [true, false] {
        assert!(right[&has_words] * 20 >= all[&has_words] * 19, "words {has_words}: {wrong:#?}");
    }
}

async fn dialled(bench: &Bench) -> Talk {
    let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222", "session_id": "s-out", "call_id": "oac-1" });
    let accepted = bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await;
    assert_eq!(accepted.status, 200);
    let incoming = bench.phone.rings().await;
    bench.phone.pick_up(incoming).await
}

async fn machine(sentences: &[&'static str]) -> Clip {
    let made = answer(&Voice::Flite(1.0), &speech(), sentences).await;
    Clip { rate: RATE, samples: made.sound.into() }
}

const MAILBOX: &[&str] =
    &["hi, you have reached bob and alice", "we are out and will be for a while", "say what you want to say, and good bye", "~1000"];

fn said(result: &Value) -> Vec<&str> {
    let turns = result["transcript"].as_array().unwrap().iter().filter(|turn| turn["role"] == "assistant");
    turns.map(|turn| turn["content"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_hung_up_on_and_the_call_says_so() {
    let mailbox = machine(MAILBOX).await;
    let bench = Bench::start(bot_with(json!({})), Script::default()).await;
    let mut talk = dialled(&bench).await;
    let until_heard = talk.hears().await;
    assert!(until_heard < Duration::from_millis(400), "the bot speaks at once: {until_heard:?}");
    talk.says(&mailbox);
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("voicemail"), &json!("voicemail")));
    assert_eq!(result["answering"]["answered_by"], "voicemail");
    assert!(bench.control.events().contains(&"answered_by".to_owned()));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_left_after_the_beep() {
    let mailbox = machine(MAILBOX).await;
    let change =
        json!({ "voicemail_message": "Please call us back on Monday.", "answering_machines": { "on_voicemail": "leave_message" } });
    let bench = Bench::start(bot_with(change), Script::default()).await;
    let mut talk = dialled(&bench).await;
    talk.hears().await;
    talk.says(&mailbox);
    bench.control.event("answered_by").await;
    bench.control.event("voicemail_message_left").await;
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("voicemail"), &json!("voicemail")));
    assert_eq!(said(&result).last(), Some(&"You speak with a machine. Please call us back on Monday."));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_talked_with_and_a_caller_is_never_watched() {
    let hello = machine(&["hello"]).await;
    let bench = Bench::start(bot_with(json!({})), Script::hearing(&["hello"])).await;
    let mut talk = dialled(&bench).await;
    talk.hears().await;
    talk.says(&hello);
    let found = bench.control.event("answered_by").await;
    assert_eq!(found["detail"]["answered_by"], "human");
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["answering"]["answered_by"], &result["outcome"]), (&json!("human"), &json!("far-hangup")));
    bench.end().await;
    let bench = Bench::start(bot_with(json!({})), Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&machine(&["~2100"]).await);
    talk.hears_silence().await;
    talk.hangs_up().await;
    assert!(bench.control.result().await.get("answering").is_none());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_is_hung_up_on_and_a_bot_that_does_not_look_talks_on() {
    let fax = machine(&["~2100"]).await;
    for (enabled, answered_by) in [(true, Some("fax")), (false, None)] {
        let bench = Bench::start(bot_with(json!({ "answering_machines": { "enabled": enabled } })), Script::default()).await;
        let mut talk = dialled(&bench).await;
        talk.hears().await;
        talk.says(&fax);
        if enabled {
            talk.is_hung_up().await;
        } else {
            talk.hears_silence().await;
            talk.hangs_up().await;
        }
        let result = bench.control.result().await;
        assert_eq!(result["answering"]["answered_by"].as_str(), answered_by);
        bench.end().await;
    }
}
