//! The do-not-call list: numbers that are never dialled, whoever asks.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::import::{Row, rows};
use super::model::{DoNotCallEntry, NewEntry};
use super::service::{Permit, number};
use super::store;
use crate::base::page::Page;
use crate::base::phone::mask;
use crate::base::{Error, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Tx;

/// Rows of one write: other writers wait no longer than these take.
const CHUNK: usize = 2_000;
/// Most rows of an import that are told of one by one.
const MOST_TOLD: usize = 10_000;
/// Longest note, in characters.
const LONGEST_NOTE: usize = 200;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// It is on the list now.
    Added,
    /// It was on the list before.
    AlreadyListed,
    /// It is no number with a country code.
    Refused,
}

/// One row of an import.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowReport {
    /// Its line; 1 is the first.
    pub line: usize,
    /// The number, or the text that is none.
    pub phone: String,
    /// What became of it.
    pub outcome: RowOutcome,
}

/// What became of an import.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ImportReport {
    /// Rows that are on the list now.
    pub added: usize,
    /// Rows that were on it before.
    pub already_listed: usize,
    /// Rows that are no numbers.
    pub refused: usize,
    /// Every row; of a list with more than 10,000 rows only the refused ones.
    pub rows: Vec<RowReport>,
    /// Refused rows that did not fit in here.
    pub left_out: usize,
}

impl Permit {
    /// One page of the list, newest first, and how many match.
    pub(super) async fn not_called(&self, q: Option<String>, page: Page) -> Result<(Vec<DoNotCallEntry>, u64)> {
        self.inner.db.read(move |conn| store::do_not_call(conn, q.as_deref(), page)).await
    }

    /// Adds a number. Nothing dials it from now on; a call that runs goes on.
    pub(super) async fn add_to_do_not_call(&self, actor: &Actor, entry: NewEntry) -> Result<DoNotCallEntry> {
        let (phone, actor) = (number(&entry.phone)?, actor.clone());
        let note = entry.note.trim().to_owned();
        if note.chars().count() > LONGEST_NOTE || note.chars().any(char::is_control) {
            return Err(Error::invalid("note: must be one line of at most 200 characters")
                .field("note", "must be one line of at most 200 characters"));
        }
        self.inner
            .db
            .write(move |tx| {
                let entry = store::add_to_do_not_call(tx, &phone, &note, &actor.name)?;
                audit::append(tx, &actor, "do_not_call.add", &mask(&phone), &json!({}))?;
                Ok(entry)
            })
            .await
    }

    /// Takes a number off.
    pub(super) async fn remove_from_do_not_call(&self, actor: &Actor, phone: &str) -> Result<()> {
        let (phone, actor) = (number(phone)?, actor.clone());
        let mark = self.mark(&phone);
        self.inner
            .db
            .write(move |tx| {
                store::remove_from_do_not_call(tx, &phone, &mark)?;
                audit::append(tx, &actor, "do_not_call.remove", &mask(&phone), &json!({}))
            })
            .await
    }

    /// Adds every number of a text, some thousands at a time. When it fails half way, the numbers so far stay: the import can be repeated.
    pub async fn import(&self, actor: &Actor, text: &str) -> Result<ImportReport> {
        let rows = rows(text);
        if rows.is_empty() {
            return Err(Error::invalid("the list is empty: send one number per line, with a note behind a comma if you like"));
        }
        let tells_all = rows.len() <= MOST_TOLD;
        let mut report = ImportReport::default();
        for chunk in rows.chunks(CHUNK) {
            let (chunk, by) = (chunk.to_vec(), actor.name.clone());
            let done =
                self.inner.db.write(move |tx| chunk.into_iter().map(|row| import_row(tx, row, &by)).collect::<Result<Vec<_>>>()).await?;
            done.into_iter().for_each(|row| report.note(row, tells_all));
        }
        let (actor, detail) = (actor.clone(), json!({ "added": report.added, "refused": report.refused }));
        self.inner.db.write(move |tx| audit::append(tx, &actor, "do_not_call.import", "", &detail)).await?;
        Ok(report)
    }
}

fn import_row(tx: &Tx<'_>, row: Row, by: &str) -> Result<RowReport> {
    let (phone, outcome) = match row.phone {
        Err(text) => (text, RowOutcome::Refused),
        Ok(phone) if store::import_do_not_call(tx, &phone, &row.note, by)? => (phone, RowOutcome::Added),
        Ok(phone) => (phone, RowOutcome::AlreadyListed),
    };
    Ok(RowReport { line: row.line, phone, outcome })
}

impl ImportReport {
    fn note(&mut self, row: RowReport, tells_all: bool) {
        match row.outcome {
            RowOutcome::Added => self.added += 1,
            RowOutcome::AlreadyListed => self.already_listed += 1,
            RowOutcome::Refused => self.refused += 1,
        }
        if tells_all || (row.outcome == RowOutcome::Refused && self.rows.len() < MOST_TOLD) {
            self.rows.push(row);
        } else if row.outcome == RowOutcome::Refused {
            self.left_out += 1;
        }
    }
}
