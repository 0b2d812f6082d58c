//! SQL of virtual numbers. Provider keys in bodies are sealed here.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{NumberBody, NumberMode, NumberView, Visibility};
use crate::base::id::NumberId;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::contract::config::{RecordingMode, WireSecret};
use crate::platform::db::{Conn, OnConstraint as _, Tx, from_json, to_json};

macro_rules! columns {
    () => {
        "id, name, number, mode, bot_id, visibility, voice, language, system_prompt, opening_message, api_key, start_ms, text, is_looped,
         recording_mode, transfer_allowed, save_transcripts, max_duration_sec, created_at, updated_at"
    };
}

fn view(row: &Row<'_>) -> rusqlite::Result<NumberView> {
    let recording_mode: Option<String> = row.get("recording_mode")?;
    let transfer_allowed: Option<String> = row.get("transfer_allowed")?;
    Ok(NumberView {
        id: row.get("id")?,
        body: NumberBody {
            name: row.get("name")?,
            number: row.get("number")?,
            mode: NumberMode::from_word(&row.get::<_, String>("mode")?),
            bot_id: row.get("bot_id")?,
            visibility: Visibility::from_word(&row.get::<_, String>("visibility")?),
            voice: row.get("voice")?,
            language: row.get("language")?,
            system_prompt: row.get("system_prompt")?,
            opening_message: row.get("opening_message")?,
            api_key: row.get::<_, Option<String>>("api_key")?.map(WireSecret),
            start_ms: Some(row.get("start_ms")?),
            text: row.get("text")?,
            is_looped: row.get("is_looped")?,
            recording_mode: recording_mode.as_deref().map(recording_of),
            // A list that cannot be read allows nothing.
            transfer_allowed: transfer_allowed.map(|list| from_json(&list).unwrap_or_default()),
            save_transcripts: row.get("save_transcripts")?,
            max_duration_sec: row.get("max_duration_sec")?,
        },
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// A word that is not known records nothing.
fn recording_of(word: &str) -> RecordingMode {
    match word {
        "announce" => RecordingMode::Announce,
        "ask" => RecordingMode::Ask,
        _ => RecordingMode::Off,
    }
}

fn recording_word(mode: RecordingMode) -> &'static str {
    match mode {
        RecordingMode::Off => "off",
        RecordingMode::Announce => "announce",
        RecordingMode::Ask => "ask",
    }
}

/// The number of an id.
pub(super) fn find(conn: &Conn, id: &NumberId) -> Result<Option<NumberView>> {
    Ok(conn.prepare_cached(concat!("select ", columns!(), " from numbers where id = ?1"))?.query_row([id], view).optional()?)
}

/// The number of an id, or "no such number".
pub(super) fn get(conn: &Conn, id: &NumberId) -> Result<NumberView> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no number {id}")))
}

/// The number that is dialled by this text; one leading `+` more or less is the same number.
pub(super) fn find_dialled(conn: &Conn, dialled: &str) -> Result<Option<NumberView>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            columns!(),
            " from numbers where number = ?1 or ltrim(number, '+') = ltrim(?1, '+') order by number = ?1 desc, id limit 1"
        ))?
        .query_row([dialled], view)
        .optional()?)
}

/// The number with this name, whatever the case.
pub(super) fn find_named(conn: &Conn, name: &str) -> Result<Option<NumberView>> {
    Ok(conn.prepare_cached(concat!("select ", columns!(), " from numbers where name = ?1"))?.query_row([name], view).optional()?)
}

/// One page of numbers by name, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<NumberView>, u64)> {
    let total = conn.prepare_cached("select count(*) from numbers")?.query_row([], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(concat!("select ", columns!(), " from numbers order by name limit ?1 offset ?2"))?
        .query_map((page.limit, page.offset), view)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// Adds a number. Its name and what is dialled must be free.
pub(super) fn insert(tx: &Tx<'_>, id: &NumberId, body: &NumberBody) -> Result<()> {
    write(
        tx,
        "insert into numbers (id, name, number, mode, bot_id, visibility, voice, language, save_transcripts, max_duration_sec, system_prompt,
                              opening_message, api_key, start_ms, text, is_looped, recording_mode, transfer_allowed, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?11, ?11)",
        id,
        body,
    )
}

/// Changes a number.
pub(super) fn update(tx: &Tx<'_>, id: &NumberId, body: &NumberBody) -> Result<()> {
    write(
        tx,
        "update numbers set name = ?2, number = ?3, mode = ?4, bot_id = ?5, visibility = ?6, voice = ?7, language = ?8,
                            save_transcripts = ?9, max_duration_sec = ?10, updated_at = ?11, system_prompt = ?12, opening_message = ?13,
                            api_key = ?14, start_ms = ?15, text = ?16, is_looped = ?17, recording_mode = ?18, transfer_allowed = ?19
         where id = ?1",
        id,
        body,
    )
}

/// Runs one of the two statements above, which number their parameters alike.
fn write(tx: &Tx<'_>, sql: &str, id: &NumberId, body: &NumberBody) -> Result<()> {
    tx.prepare_cached(sql)?
        .execute(params![
            id,
            body.name,
            body.number,
            body.mode.word(),
            body.bot_id,
            body.visibility.word(),
            body.voice,
            body.language,
            body.save_transcripts,
            body.max_duration_sec,
            tx.now,
            body.system_prompt,
            body.opening_message,
            body.api_key.as_ref().map(|key| &key.0),
            body.start_ms.unwrap_or(0),
            body.text,
            body.is_looped,
            body.recording_mode.map(recording_word),
            body.transfer_allowed.as_ref().map(to_json).transpose()?,
        ])
        .map(drop)
        .on_taken(body)
}

/// Removes a number.
pub(super) fn delete(tx: &Tx<'_>, id: &NumberId) -> Result<()> {
    tx.prepare_cached("delete from numbers where id = ?1")?.execute([id])?;
    Ok(())
}

trait OnTaken {
    fn on_taken(self, body: &NumberBody) -> Result<()>;
}

impl OnTaken for rusqlite::Result<()> {
    /// Says which of the two unique fields is taken.
    fn on_taken(self, body: &NumberBody) -> Result<()> {
        let taken = |what: &str, text: &str| Error::conflict(format!("there is already a number with the {what} '{text}'"));
        if self.violates("numbers.name") {
            return Err(taken("name", &body.name));
        }
        self.on_unique("numbers.number", || taken("number", &body.number))
    }
}
