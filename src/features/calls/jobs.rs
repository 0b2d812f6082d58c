//! Writes transcript files. Safe to repeat: the same call gives the same file.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::service::Calls;
use super::{store, transcript};
use crate::base::backoff::Backoff;
use crate::base::id::SessionId;
use crate::base::{Context, Error, Kind, Result};
use crate::contract::fact::Fact;
use crate::platform::data_dir::write_whole;
use crate::platform::outbox::{self, Handler, Job, Outcome};

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
pub fn handlers(calls: &Calls) -> Vec<(&'static str, Handler)> {
    let calls = calls.clone();
    let write = move |job: Job| -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let calls = calls.clone();
        Box::pin(async move { run(&calls, job).await })
    };
    vec![(TRANSCRIPT_WRITE, std::sync::Arc::new(write))]
}

async fn run(calls: &Calls, job: Job) -> Outcome {
    let attempt = job.attempt;
    let Ok(body) = serde_json::from_value::<TranscriptJob>(job.body) else {
        return Outcome::Park { error: "the job names no call".to_owned() };
    };
    match write(calls, body.session_id).await {
        Ok(()) => Outcome::Done,
        Err(failure) if failure.kind() == Kind::NotFound => Outcome::Park { error: failure.to_string() },
        Err(failure) => Outcome::Again { after: RETRY.after(attempt).unwrap_or(Duration::from_secs(900)), error: failure.to_string() },
    }
}

async fn write(calls: &Calls, session_id: SessionId) -> Result<()> {
    let call = calls.get(session_id.clone()).await?;
    if call.transcript_file.is_some() {
        return Ok(());
    }
    let file = transcript::file_name(&call);
    let sidecar = transcript::sidecar(&call, calls.tenant(), &file);
    let (text_path, setup) = (calls.inner.setup.transcripts.join(&file), &calls.inner.setup);
    let json_path = text_path.with_extension("json");
    tokio::task::spawn_blocking(move || {
        let sidecar = serde_json::to_vec_pretty(&sidecar).context("cannot write a transcript")?;
        write_whole(&json_path, &sidecar)?;
        write_whole(&text_path, transcript::text(&call).as_bytes())
    })
    .await
    .map_err(|cause| Error::internal("writing a transcript panicked").caused_by(cause))??;
    setup
        .db
        .write(move |tx| {
            if store::set_transcript_file(tx, &session_id, &file)? {
                outbox::append(tx, &Fact::TranscriptSaved { session_id })?;
            }
            Ok(())
        })
        .await
}
