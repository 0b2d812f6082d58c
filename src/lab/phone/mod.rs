//! A scripted telephone: calls or waits to be called, speaks lines, presses keys, notes what it hears and when.

mod act;
mod barge_in;
mod call;
mod ear;
mod line;
mod report;
mod script;

pub use line::{Line, LineOptions};
pub use report::{EndedBy, Report, StepReport};
pub use script::{Script, Step, Target};

use crate::base::{Clock, Result};
use crate::engine::speech::SpeechWorkers;

/// Runs a script on a line: one call, from the first INVITE to the last word.
///
/// # Errors
/// When a line of the script cannot be spoken or the address cannot be called at all. A call that is refused, or goes otherwise than
/// the script expects, is not an error but a report that says so.
pub async fn run(script: &Script, line: &mut Line, workers: &SpeechWorkers, clock: &Clock) -> Result<Report> {
    let spoken = script::synthesise(script, workers).await?;
    let call = match &script.target {
        Some(target) => call::place(script, target, line, clock).await?,
        None => call::await_call(script, line, clock).await?,
    };
    match call {
        call::Begun::Up(call) => Ok(call.play(script, &spoken).await),
        call::Begun::Failed(report) => Ok(report),
    }
}
