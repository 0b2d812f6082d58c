//! The scripted phone against itself: two lines on loopback, real SIP and RTP, what each hears of the other.

use cxbox::base::{Clock, Random};
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use cxbox::lab::phone::{self, EndedBy, Line, LineOptions, Report, Script, Step, Target};

async fn line() -> Line {
    let options = LineOptions { sip: "127.0.0.1:0".parse().unwrap(), rtp_ports: 31_000..=31_999, realtime: false };
    Line::open(options, &Random::system()).await.unwrap()
}

fn target(line: &Line) -> Option<Target> {
    Some(format!("sip:desk@{}", line.address()).parse().unwrap())
}

/// Both ends of one call: the caller's report and the callee's.
async fn talk(caller: impl FnOnce(Option<Target>) -> Script, callee: Script) -> (Report, Report) {
    let clock = Clock::system();
    let workers = SpeechWorkers::new(SpeechSettings::new(env!("CARGO_BIN_EXE_cxbox")), clock.clone());
    let (mut here, mut there) = (line().await, line().await);
    let script = caller(target(&there));
    let reports = tokio::join!(phone::run(&script, &mut here, &workers, &clock), phone::run(&callee, &mut there, &workers, &clock));
    here.close().await;
    there.close().await;
    (reports.0.unwrap(), reports.1.unwrap())
}

fn steps(steps: &[Step]) -> Script {
    Script { steps: steps.to_vec(), ..Script::default() }
}

fn say(text: &str) -> Step {
    Step::Say(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_talk_press_keys_record_and_hang_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("call.wav");
    let record = Some(file.clone());
    let (caller, callee) = talk(
        |target| Script {
            target,
            record,
            ..steps(&[
                Step::ExpectSpeech(5000),
                Step::WaitSilence(400),
                say("thank you very much"),
                Step::Keys("12#".to_owned()),
                Step::HangUp,
            ])
        },
        steps(&[say("good morning"), Step::ExpectSpeech(10_000), Step::ExpectHangUp(20_000)]),
    )
    .await;
    assert!(caller.ok && callee.ok, "{caller:#?} {callee:#?}");
    assert_eq!((caller.ended_by, callee.ended_by), (Some(EndedBy::Phone), Some(EndedBy::FarEnd)));
    assert_eq!(callee.keys, "12#");
    assert!(caller.heard_seconds > 0.3 && callee.heard_seconds > 0.5, "{} {}", caller.heard_seconds, callee.heard_seconds);
    assert!(caller.first_audio_ms.is_some() && caller.answered_ms.is_some());
    let seconds = (std::fs::metadata(&file).unwrap().len() - 44) / 16_000;
    assert!((1..10).contains(&seconds), "{seconds} s recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn speaking_into_the_far_ends_speech_is_measured() {
    let (caller, _) = talk(
        |target| Script {
            target,
            ..steps(&[
                Step::ExpectSpeech(5000),
                Step::Pause(500),
                say("excuse me i have a question about that"),
                Step::ExpectHangUp(30_000),
            ])
        },
        // This one does not stop for anybody.
        steps(&[say("this is a rather long announcement and nobody can interrupt it while it lasts")]),
    )
    .await;
    assert!(caller.ok, "{caller:#?}");
    assert_eq!(caller.barge_in_ms.len(), 1);
    assert!(caller.barge_in_ms[0] > 300, "{:?}", caller.barge_in_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_a_cancelled_call_and_an_unmet_expectation_are_reported() {
    let (refused, _) = talk(|target| Script { target, ..Script::default() }, Script { reject: Some(486), ..Script::default() }).await;
    assert_eq!((refused.ok, refused.ended_by, refused.refused_with), (false, Some(EndedBy::Refused), Some(486)));

    let (cancelled, rung) =
        talk(|target| Script { target, cancel_ms: Some(300), ..Script::default() }, Script { ring_ms: 10_000, ..Script::default() }).await;
    assert_eq!((cancelled.ok, cancelled.ended_by), (true, Some(EndedBy::Cancelled)));
    assert_eq!(rung.ended_by, Some(EndedBy::Cancelled));

    let (silent, _) = talk(|target| Script { target, ..steps(&[Step::ExpectSpeech(300)]) }, steps(&[Step::ExpectHangUp(10_000)])).await;
    assert!(!silent.ok && !silent.steps[0].ok, "{silent:#?}");
}

#[tokio::test]
async fn nobody_calling_is_reported() {
    let clock = Clock::system();
    let workers = SpeechWorkers::new(SpeechSettings::new("/nonexistent"), clock.clone());
    let script = Script { within_ms: 50, ..Script::default() };
    let report = phone::run(&script, &mut line().await, &workers, &clock).await.unwrap();
    assert_eq!(report.ended_by, Some(EndedBy::NoCall));
}
