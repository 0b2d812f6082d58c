//! Reads calls batch by batch and hands them on as text. Whoever reads slowly is waited for; when they leave, reading stops.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::csv;
use crate::base::{Context, Result};
use crate::features::calls::Calls;
use crate::features::calls::list::{self, Filter, Reader};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Conn;

/// Calls of one batch; documents are large, so there are fewer of those.
const LINES: u32 = 200;
const DOCUMENTS: u32 = 20;
/// Batches that wait for a slow reader.
const WAITING: usize = 2;

/// How calls are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A line of cells for each call.
    Csv,
    /// A JSON object on a line for each call, with everything that is kept of it.
    JsonLines,
}

/// An export on its way: its bytes, and the task that makes them, which ends with it.
pub(super) struct Export {
    pub(super) bytes: mpsc::Receiver<Result<Bytes, std::io::Error>>,
    _task: AbortOnDropHandle<()>,
}

impl Calls {
    /// Begins to write all calls of a filter, newest first.
    pub(super) async fn export(&self, actor: &Actor, filter: Filter, format: Format) -> Result<Export> {
        let actor = actor.clone();
        let word = if format == Format::Csv { "csv" } else { "jsonl" };
        self.db().write(move |tx| audit::append(tx, &actor, "call.export", "", &json!({ "format": word }))).await?;
        let (sender, bytes) = mpsc::channel(WAITING);
        let calls = self.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(async move { calls.write_export(filter, format, sender).await }));
        Ok(Export { bytes, _task: task })
    }

    async fn write_export(self, filter: Filter, format: Format, sender: mpsc::Sender<Result<Bytes, std::io::Error>>) {
        if format == Format::Csv && sender.send(Ok(csv::head().into())).await.is_err() {
            return;
        }
        let mut reader = Reader::new(filter);
        loop {
            let calls = self.clone();
            let read = move |conn: &_| {
                let text = calls.batch(conn, &mut reader, format)?;
                Ok((text, reader))
            };
            let text = match self.db().read(read).await {
                Ok((text, back)) => {
                    reader = back;
                    text
                }
                Err(failure) => {
                    warn!("An export of calls broke off: {failure}");
                    // The answer is cut short, which its reader sees: it has no proper end.
                    let _ = sender.send(Err(std::io::Error::other("the export broke off"))).await;
                    return;
                }
            };
            let Some(text) = text else { return };
            if sender.send(Ok(text.into())).await.is_err() {
                info!("An export of calls was cancelled by whoever asked for it");
                return;
            }
        }
    }

    /// The text of the next calls; none at the end.
    fn batch(&self, conn: &Conn, reader: &mut Reader, format: Format) -> Result<Option<String>> {
        let ids = reader.next(conn, if format == Format::Csv { LINES } else { DOCUMENTS })?;
        if ids.is_empty() {
            return Ok(None);
        }
        let records = list::whole(conn, &ids)?;
        let mut text = String::new();
        match format {
            Format::Csv => {
                for summary in self.summaries(conn, &records)? {
                    text.push_str(&csv::row(&serde_json::to_value(summary).context("a call cannot be written")?));
                }
            }
            Format::JsonLines => {
                for record in &records {
                    let mut call = self.plain(conn, record)?;
                    // Whoever has the link hears the recording: it does not belong in a file.
                    if let Value::Object(call) = &mut call {
                        call.shift_remove("recording_access_token");
                        call.shift_remove("recording_link");
                    }
                    text.push_str(&call.to_string());
                    text.push('\n');
                }
            }
        }
        Ok(Some(text))
    }
}
