//! Writes transcript files. Safe to repeat: the same call gives the same file.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::service::Transcripts;
use crate::base::Kind;
use crate::base::backoff::Backoff;
use crate::base::id::SessionId;
use crate::platform::outbox::{Handler, Job, Outcome};

/// Kind of the job.
pub const TRANSCRIPT_WRITE: &str = "transcript.write";
/// A full disk may take long to be mended; a transcript waits for it.
const RETRY: Backoff = Backoff::Doubling { first: Duration::from_secs(5), most: Duration::from_secs(900) };

/// Body of the job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TranscriptJob {
    pub(super) session_id: SessionId,
}

/// The handlers of this slice, by kind.
pub fn handlers(transcripts: &Transcripts) -> Vec<(&'static str, Handler)> {
    let transcripts = transcripts.clone();
    let write = move |job: Job| -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let transcripts = transcripts.clone();
        Box::pin(async move { run(&transcripts, job).await })
    };
    vec![(TRANSCRIPT_WRITE, Arc::new(write))]
}

async fn run(transcripts: &Transcripts, job: Job) -> Outcome {
    let attempt = job.attempt;
    let Ok(body) = serde_json::from_value::<TranscriptJob>(job.body) else {
        return Outcome::Park { error: "the job names no call".to_owned() };
    };
    match transcripts.write(body.session_id).await {
        Ok(()) => Outcome::Done,
        Err(failure) if failure.kind() == Kind::NotFound => Outcome::Park { error: failure.to_string() },
        Err(failure) => Outcome::Again { after: RETRY.after(attempt).unwrap_or(Duration::from_secs(900)), error: failure.to_string() },
    }
}
