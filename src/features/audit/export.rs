//! The trail as a file: JSON lines or CSV, oldest first, read and written in pieces.

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::Audit;
use crate::base::{Context, Error, Result, csv};
use crate::platform::access::Actor;
use crate::platform::audit::{self, Entry, Filter};
use crate::platform::db::Tx;

/// Rows that are read at once; the memory an export takes.
const PIECE: u32 = 500;

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object per line, as in the list.
    JsonLines,
    /// One row per line, the detail as JSON in its field.
    Csv,
}

impl Format {
    pub(super) fn parse(word: Option<&str>) -> Result<Self> {
        match word {
            None | Some("jsonl") => Ok(Self::JsonLines),
            Some("csv") => Ok(Self::Csv),
            Some(_) => Err(Error::invalid("format: must be jsonl or csv").field("format", "must be jsonl or csv")),
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub(super) fn file_name(self) -> &'static str {
        match self {
            Self::JsonLines => "audit.jsonl",
            Self::Csv => "audit.csv",
        }
    }

    fn head(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => csv::row(["id", "at", "actor_id", "actor", "via", "ip", "action", "target", "detail", "hash"]),
        }
    }

    fn line(self, entry: &Entry) -> Result<String> {
        if self == Self::JsonLines {
            return serde_json::to_string(entry).map(|line| line + "\n").context("cannot write a row of the trail");
        }
        let (id, at, detail) = (entry.id.to_string(), entry.at.to_string(), entry.detail.to_string());
        let ip = entry.ip.as_deref().unwrap_or_default();
        let fields: [&str; 10] =
            [&id, &at, &entry.actor_id, &entry.actor, &entry.via, ip, &entry.action, &entry.target, &detail, &entry.hash];
        Ok(csv::row(fields))
    }
}

/// Where an export stands.
struct Cursor {
    audit: Audit,
    filter: Filter,
    format: Format,
    after: i64,
    last: i64,
}

impl Audit {
    /// The rows that match and are there now, as the body of an answer; the export is the last of them. Nothing is read before somebody
    /// takes it.
    pub(super) async fn export(&self, actor: &Actor, filter: Filter, format: Format) -> Result<Body> {
        let actor = actor.clone();
        let note = move |tx: &Tx<'_>| {
            audit::append(tx, &actor, "audit.export", format.file_name(), &Value::Null)?;
            audit::newest(tx)
        };
        let last = self.0.write(note).await?;
        let head = stream::iter([Ok(Bytes::from(format.head()))]);
        let cursor = Cursor { audit: self.clone(), filter, format, after: 0, last };
        let rows = stream::try_unfold(cursor, |cursor| async move { cursor.next().await });
        Ok(Body::from_stream(head.chain(rows)))
    }
}

impl Cursor {
    /// The next piece of the file, and where the export stands after it.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        let (filter, after, last) = (self.filter.clone(), self.after, self.last);
        let entries = self.audit.0.read(move |conn| audit::following(conn, &filter, after, last, PIECE)).await?;
        let Some(newest) = entries.last() else { return Ok(None) };
        self.after = newest.id;
        let lines = entries.iter().map(|entry| self.format.line(entry)).collect::<Result<String>>()?;
        Ok(Some((Bytes::from(lines), self)))
    }
}
