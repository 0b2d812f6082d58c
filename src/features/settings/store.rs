//! SQL of settings. Secrets in rows are sealed.

use rusqlite::params;

use super::layers::Values;
use super::section::Section;
use crate::base::page::Page;
use crate::base::{Millis, Result};
use crate::platform::access::Actor;
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// One change as it is stored.
#[derive(Debug)]
pub(super) struct StoredChange {
    pub(super) id: i64,
    pub(super) at: Millis,
    pub(super) section: String,
    pub(super) actor_id: String,
    pub(super) actor: String,
    pub(super) before: Values,
    pub(super) after: Values,
}

/// All stored sections.
pub(super) fn all(conn: &Conn) -> Result<Vec<(String, Values)>> {
    let mut statement = conn.prepare_cached("select section, body from settings")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (section, body) = row?;
        Ok((section, from_json(&body)?))
    })
    .collect()
}

/// Counts the changes of all settings.
pub(super) fn revision(conn: &Conn) -> Result<i64> {
    Ok(conn.prepare_cached("select coalesce(max(id), 0) from settings_history")?.query_row([], |row| row.get(0))?)
}

/// Stores a section as a whole.
pub(super) fn save(tx: &Tx<'_>, section: Section, body: &Values, by: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into settings (section, body, updated_at, updated_by) values (?1, ?2, ?3, ?4)
         on conflict (section) do update set body = excluded.body, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
    )?
    .execute((section.word(), to_json(body)?, tx.now, by))?;
    Ok(())
}

/// Notes a change. Gives the revision that it makes.
pub(super) fn note(tx: &Tx<'_>, section: Section, actor: &Actor, before: &Values, after: &Values) -> Result<i64> {
    tx.prepare_cached("insert into settings_history (at, section, actor_id, actor, before, after) values (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![tx.now, section.word(), actor.user_id, actor.name, to_json(before)?, to_json(after)?])?;
    Ok(tx.last_insert_rowid())
}

/// One page of changes, newest first, and how many there are. No section means all.
pub(super) fn history(conn: &Conn, section: Option<Section>, page: Page) -> Result<(Vec<StoredChange>, u64)> {
    let section = section.map(Section::word);
    let total = conn
        .prepare_cached("select count(*) from settings_history where ?1 is null or section = ?1")?
        .query_row([section], |row| row.get::<_, u32>(0))?;
    let mut statement = conn.prepare_cached(
        "select id, at, section, actor_id, actor, before, after from settings_history
         where ?1 is null or section = ?1 order by id desc limit ?2 offset ?3",
    )?;
    let rows = statement.query_map(params![section, page.limit, page.offset], |row| {
        let (before, after): (String, String) = (row.get("before")?, row.get("after")?);
        let (id, at, section) = (row.get("id")?, row.get("at")?, row.get("section")?);
        let change = StoredChange {
            id,
            at,
            section,
            actor_id: row.get("actor_id")?,
            actor: row.get("actor")?,
            before: Values::new(),
            after: Values::new(),
        };
        Ok((change, before, after))
    })?;
    let whole = |row: rusqlite::Result<(StoredChange, String, String)>| {
        let (change, before, after) = row?;
        Ok(StoredChange { before: from_json(&before)?, after: from_json(&after)?, ..change })
    };
    Ok((rows.map(whole).collect::<Result<_>>()?, total.into()))
}
