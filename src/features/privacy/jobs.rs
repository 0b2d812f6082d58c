//! Removes files of transcripts that no row names any more; recordings look after theirs. Safe to repeat: a file that is gone is removed.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::service::Privacy;
use crate::base::Result;
use crate::base::backoff::Backoff;
use crate::platform::db::Tx;
use crate::platform::outbox::{Handler, Job, NewJob, Outcome, enqueue};

const REMOVE_FILE: &str = "privacy.remove_file";
/// A disk that cannot be written to is mended some time; the file waits for it.
const RETRY: Backoff = Backoff::Doubling { first: Duration::from_secs(5), most: Duration::from_secs(3600) };

/// Body of the job.
#[derive(Debug, Serialize, Deserialize)]
struct Leftover {
    /// Name of the text file.
    transcript: String,
}

/// Has the files of a transcript removed once the transaction is through.
pub(super) fn remove_later(tx: &Tx<'_>, file: String) -> Result<()> {
    let body = Leftover { transcript: file };
    enqueue(tx, &NewJob { kind: REMOVE_FILE, key: &body.transcript, body: &body, due_at: tx.now })
}

/// The handlers of this slice, by kind.
pub fn handlers(privacy: &Privacy) -> Vec<(&'static str, Handler)> {
    let privacy = privacy.clone();
    let remove = move |job: Job| -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let privacy = privacy.clone();
        Box::pin(async move { privacy.remove(job).await })
    };
    vec![(REMOVE_FILE, Arc::new(remove))]
}

impl Privacy {
    async fn remove(&self, job: Job) -> Outcome {
        let Ok(Leftover { transcript }) = serde_json::from_value(job.body) else {
            return Outcome::Park { error: "the job names no file".to_owned() };
        };
        match self.setup.transcripts.remove_files(&transcript).await {
            Ok(_) => Outcome::Done,
            Err(failure) => {
                Outcome::Again { after: RETRY.after(job.attempt).unwrap_or(Duration::from_secs(3600)), error: failure.to_string() }
            }
        }
    }
}
