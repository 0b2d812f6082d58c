//! `trace.db`: raw events of calls and log lines, beside the business. Written by a thread of its own from a bounded queue: when it is full,
//! lines are dropped and counted. The file may be deleted while nothing runs, and is made anew when it cannot be read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, params};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;
use utoipa::ToSchema;

use crate::base::id::SessionId;
use crate::base::{Context, Error, Millis, Result};

/// Lines that may wait; more are dropped.
const INBOX: usize = 8192;
/// Most lines of one commit.
const GROUP: usize = 512;
/// Lines removed at once when the file is too large.
const AT_ONCE: u32 = 5000;
/// Longest line, in bytes; the rest of it is cut off.
const LONGEST: usize = 64 * 1024;

const SCHEMA: &str = "
    pragma auto_vacuum = incremental;
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma secure_delete = on;
    create table if not exists lines (
        id integer primary key autoincrement, at integer not null, session_id text, source text not null, level text not null, body text not null
    ) strict;
    create index if not exists lines_by_session on lines (session_id, id) where session_id is not null;
    create index if not exists lines_by_age on lines (at);";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TraceLine {
    /// Position among all lines.
    pub id: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// The call it is about, if it is about one.
    #[schema(value_type = Option<String>)]
    pub session_id: Option<SessionId>,
    /// `event` for what an engine reported, `engine` for what it logged.
    pub source: String,
    /// `info`, `warn` or `error`; events are `info`.
    pub level: String,
    /// The event as JSON, or the logged sentence.
    pub body: String,
}

type Task = Box<dyn FnOnce(&Connection) + Send>;

enum Message {
    Line(TraceLine),
    Do(Task),
}

/// The handle. Cheap to clone; the last clone's drop ends the thread.
#[derive(Clone)]
pub struct Trace {
    inbox: mpsc::Sender<Message>,
}

impl Trace {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self> {
        let conn = open(path).or_else(|damage| {
            warn!("{} cannot be used and is made anew: {damage}", path.display());
            remove(path)?;
            open(path)
        })?;
        let (inbox, messages) = mpsc::channel(INBOX);
        std::thread::Builder::new()
            .name("trace-writer".into())
            .spawn(move || serve(&conn, messages))
            .context("cannot start the trace writer")?;
        Ok(Self { inbox })
    }

    /// Notes a line. Never waits; a full queue drops it.
    pub fn note(&self, mut line: TraceLine) {
        if line.body.len() > LONGEST {
            let mut end = LONGEST;
            while !line.body.is_char_boundary(end) {
                end -= 1;
            }
            line.body.truncate(end);
        }
        if self.inbox.try_send(Message::Line(line)).is_err() {
            metrics::counter!("cxbox_trace_lines_dropped_total").increment(1);
        }
    }

    /// The lines of a call after a position, oldest first.
    pub async fn lines(&self, session_id: SessionId, after: i64, limit: u32) -> Result<Vec<TraceLine>> {
        self.run(move |conn| lines(conn, &session_id, after, limit)).await
    }

    /// Removes all lines about these calls, also from the file's log.
    pub async fn forget(&self, sessions: Vec<SessionId>) -> Result<()> {
        self.run(move |conn| {
            for session_id in &sessions {
                conn.prepare_cached("delete from lines where session_id = ?1")?.execute([session_id])?;
            }
            Ok(conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?)
        })
        .await
    }

    /// Removes lines from before a moment, and the oldest ones while the file is larger than this. Does not wait.
    pub fn bound(&self, before: Option<Millis>, most_bytes: u64) {
        let task: Task = Box::new(move |conn| {
            if let Err(failure) = bound(conn, before, most_bytes) {
                warn!("The trace could not be cut: {failure}");
            }
        });
        // With a full queue it is done next time.
        let _ = self.inbox.try_send(Message::Do(task));
    }

    async fn run<T: Send + 'static>(&self, task: impl FnOnce(&Connection) -> Result<T> + Send + 'static) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |conn| {
            // A caller that went away needs no answer.
            let _ = reply.send(task(conn));
        });
        let gone = || Error::unavailable("the trace is closed");
        self.inbox.send(Message::Do(task)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens the trace")]
fn open(path: &Path) -> Result<Connection> {
    let conn = Connection::open(path).context("cannot open the trace")?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.execute_batch(SCHEMA)?;
    Ok(conn)
}

fn remove(path: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm"] {
        match std::fs::remove_file(PathBuf::from(format!("{}{ending}", path.display()))) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause).context("cannot remove the damaged trace"),
            _ => {}
        }
    }
    Ok(())
}

fn serve(conn: &Connection, mut messages: mpsc::Receiver<Message>) {
    while let Some(first) = messages.blocking_recv() {
        let mut next = Some(first);
        let mut lines = Vec::new();
        while let Some(message) = next.take() {
            match message {
                Message::Line(line) => lines.push(line),
                Message::Do(task) => {
                    write(conn, &mut lines);
                    task(conn);
                }
            }
            if lines.len() < GROUP {
                next = messages.try_recv().ok();
            }
        }
        write(conn, &mut lines);
    }
}

/// Writes the lines so far. What cannot be written is lost: a trace is no record.
fn write(conn: &Connection, lines: &mut Vec<TraceLine>) {
    if lines.is_empty() {
        return;
    }
    let written =
        conn.unchecked_transaction().and_then(|tx| {
            for line in lines.iter() {
                tx.prepare_cached("insert into lines (at, session_id, source, level, body) values (?1, ?2, ?3, ?4, ?5)")?
                    .execute(params![line.at, line.session_id, line.source, line.level, line.body])?;
            }
            tx.commit()
        });
    if let Err(failure) = written {
        warn!("{} lines of the trace were lost: {failure}", lines.len());
    }
    lines.clear();
}

fn lines(conn: &Connection, session_id: &SessionId, after: i64, limit: u32) -> Result<Vec<TraceLine>> {
    let mut statement = conn.prepare_cached(
        "select id, at, session_id, source, level, body from lines where session_id = ?1 and id > ?2 order by id limit ?3",
    )?;
    let rows = statement.query_map(params![session_id, after, limit], |row| {
        Ok(TraceLine {
            id: row.get("id")?,
            at: row.get("at")?,
            session_id: row.get("session_id")?,
            source: row.get("source")?,
            level: row.get("level")?,
            body: row.get("body")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn bound(conn: &Connection, before: Option<Millis>, most_bytes: u64) -> Result<()> {
    if let Some(before) = before {
        while conn
            .prepare_cached("delete from lines where id in (select id from lines where at < ?1 limit ?2)")?
            .execute(params![before, AT_ONCE])?
            > 0
        {}
    }
    while size(conn)? > most_bytes {
        let n_gone =
            conn.prepare_cached("delete from lines where id in (select id from lines order by id limit ?1)")?.execute([AT_ONCE])?;
        if n_gone == 0 {
            break;
        }
        conn.execute_batch("pragma incremental_vacuum")?;
    }
    Ok(())
}

fn size(conn: &Connection) -> Result<u64> {
    let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let bytes: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Ok((pages * bytes).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, session: &str, body: &str) -> TraceLine {
        TraceLine {
            id: 0,
            at: Millis(at),
            session_id: Some(session.into()),
            source: "event".into(),
            level: "info".into(),
            body: body.into(),
        }
    }

    #[tokio::test]
    async fn lines_are_read_in_order_and_forgotten_for_good() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace.db");
        let trace = Trace::open(&path).expect("opened");
        for n in 0..5 {
            trace.note(line(n, if n % 2 == 0 { "a" } else { "b" }, &format!("CANARY{n}")));
        }
        let read = trace.lines("a".into(), 0, 2).await.expect("read");
        assert_eq!(read.iter().map(|line| line.body.as_str()).collect::<Vec<_>>(), ["CANARY0", "CANARY2"]);
        assert_eq!(trace.lines("a".into(), read[1].id, 10).await.expect("read").len(), 1);
        trace.forget(vec!["a".into(), "b".into()]).await.expect("forgotten");
        assert!(trace.lines("a".into(), 0, 10).await.expect("read").is_empty());
        for ending in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{ending}", path.display())).unwrap_or_default();
            assert!(!bytes.windows(6).any(|window| window == b"CANARY"), "in trace.db{ending}");
        }
    }

    #[tokio::test]
    async fn age_and_size_bound_it_and_a_damaged_file_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace.db");
        std::fs::write(&path, "this is no database, but it is longer than a header of one would be: ".repeat(20)).expect("written");
        let trace = Trace::open(&path).expect("made anew");
        for n in 0..3000 {
            trace.note(line(n, "s", &"x".repeat(500)));
        }
        trace.bound(Some(Millis(1000)), u64::MAX);
        let left = trace.lines("s".into(), 0, 1).await.expect("read");
        assert_eq!(left[0].at, Millis(1000));
        trace.bound(None, 200_000);
        assert!(trace.lines("s".into(), 0, 5000).await.expect("read").len() < 400);
        assert!(std::fs::metadata(&path).expect("a file").len() < 400_000);
    }
}
