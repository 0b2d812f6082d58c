//! The steps of a script, carried out on a call that is up.

use std::time::Duration;

use super::call::Call;
use super::ear;
use super::report::{Report, StepReport};
use super::script::{Script, Step};
use crate::engine::media::{Clip, ClipId};

/// Longest wait for silence.
const LONGEST_SPEECH: Duration = Duration::from_secs(120);

/// A key is sent for 160 ms, with a pause behind it.
const KEY: Duration = Duration::from_millis(240);

impl Call {
    /// Takes the steps in order until one fails or the call is over, then hangs up.
    pub(super) async fn play(mut self: Box<Self>, script: &Script, spoken: &[Clip]) -> Report {
        let mut lines = spoken.iter().enumerate();
        self.report.ok = true;
        for step in &script.steps {
            let at_ms = self.at_ms();
            let clip = if matches!(step, Step::Say(_) | Step::Play(_)) { lines.next() } else { None };
            let ok = self.take(step, clip).await;
            let took_ms = self.at_ms().saturating_sub(at_ms);
            self.report.steps.push(StepReport { step: step.clone(), ok, at_ms, took_ms });
            if !ok {
                self.report.ok = false;
                break;
            }
        }
        if !self.is_over() {
            self.hang_up().await;
        }
        self.finish().await
    }

    async fn take(&mut self, step: &Step, clip: Option<(usize, &Clip)>) -> bool {
        let ms = Duration::from_millis;
        match step {
            Step::Say(_) | Step::Play(_) => match clip {
                Some((n, clip)) => self.say(n, clip).await,
                None => false,
            },
            Step::Keys(keys) => {
                self.media.send_keys(keys);
                self.pass(KEY * u32::try_from(keys.len()).unwrap_or(1)).await
            }
            Step::ExpectSpeech(within) => self.until(ms(*within), |call, now| call.ear.is_hearing(now)).await,
            Step::WaitSilence(quiet) => {
                let quiet = ms(*quiet);
                self.until(LONGEST_SPEECH, |call, now| call.ear.silence(now).is_some_and(|silence| silence >= quiet)).await
            }
            Step::Pause(time) => self.pass(ms(*time)).await,
            Step::HangUp => self.hang_up().await,
            Step::ExpectHangUp(within) => self.until(ms(*within), |call, _| call.is_over()).await,
        }
    }

    async fn say(&mut self, n: usize, clip: &Clip) -> bool {
        let id = ClipId(n as u64 + 1);
        self.barge_in.lead = ear::lead(&clip.samples, clip.rate);
        self.media.play(id, clip);
        let longest = Duration::from_secs(5 + clip.samples.len() as u64 / u64::from(clip.rate.max(1)));
        self.until(longest, |call, _| call.done == Some(id)).await
    }

    /// Lets time pass. False if the call ended meanwhile.
    async fn pass(&mut self, time: Duration) -> bool {
        self.until(time, |_, _| false).await;
        !self.is_over()
    }
}
