//! The audit trail: one row per change that someone answers for, written in the transaction of the change, chained by hashes.

use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::base::page::Page;
use crate::base::secret::sha256_hex;
use crate::base::{Millis, Result};
use crate::platform::access::{Actor, Via};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// What the first row's hash covers in place of a row before it.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One row of the trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Entry {
    /// Rows are numbered without gaps.
    pub id: i64,
    /// When it happened.
    #[schema(value_type = String)]
    pub at: Millis,
    /// Id of the user who did it.
    pub actor_id: String,
    /// Name of the user at that time.
    pub actor: String,
    /// How they had proved who they are: `oidc`, `login`, `local`, `link`, or the id of the API key.
    pub via: String,
    /// Address the request came from; none for the machine itself.
    pub ip: Option<String>,
    /// What was done, such as `user.create`.
    pub action: String,
    /// What it was done to: an id.
    pub target: String,
    /// What changed. Never a secret.
    pub detail: Value,
    /// Hash over this row and the hash of the one before.
    pub hash: String,
}

/// Whether the trail is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Chain {
    /// Rows that were checked.
    pub rows: u64,
    /// Whether each row's hash fits the row and the one before it.
    pub intact: bool,
    /// The first row that does not fit.
    pub broken_at: Option<i64>,
    /// Hash of the last row. Kept elsewhere, it also shows a trail that was cut off at the end.
    pub head: String,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this action.
    pub action: Option<String>,
    /// Only what was done to this.
    pub target: Option<String>,
    /// Only what was done by this user: an id or a name.
    pub actor: Option<String>,
    /// Only from this moment on.
    pub from: Option<Millis>,
    /// Only before this moment.
    pub to: Option<Millis>,
}

/// What [`read`] reads.
macro_rules! columns {
    () => {
        "id, at, actor_id, actor, via, ip, action, target, detail, hash"
    };
}

/// The condition of a [`Filter`]; its parameters are those of [`narrowed_by`].
macro_rules! narrowed {
    () => {
        " from audit where (?1 is null or action = ?1) and (?2 is null or target = ?2) and (?3 is null or actor_id = ?3 or actor = ?3)
         and (?4 is null or at >= ?4) and (?5 is null or at < ?5)"
    };
}

type Narrowed<'a> = (&'a Option<String>, &'a Option<String>, &'a Option<String>, Option<Millis>, Option<Millis>);

fn narrowed_by(filter: &Filter) -> Narrowed<'_> {
    (&filter.action, &filter.target, &filter.actor, filter.from, filter.to)
}

/// Appends a row in the transaction of the change it tells of. `detail` must hold no secret.
pub fn append(tx: &Tx<'_>, actor: &Actor, action: &str, target: &str, detail: &Value) -> Result<()> {
    let last: Option<(i64, String)> = tx
        .prepare_cached("select id, hash from audit order by id desc limit 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, before) = last.map_or_else(|| (1, BEGINNING.to_owned()), |(id, hash)| (id + 1, hash));
    let mut entry = Entry {
        id,
        at: tx.now,
        actor_id: actor.user_id.0.clone(),
        actor: actor.name.clone(),
        via: via_word(&actor.via),
        ip: actor.ip.map(|ip| ip.to_string()),
        action: action.to_owned(),
        target: target.to_owned(),
        detail: detail.clone(),
        hash: String::new(),
    };
    entry.hash = hash_of(&entry, &before)?;
    tx.prepare_cached(
        "insert into audit (id, at, actor_id, actor, via, ip, action, target, detail, hash) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        entry.id,
        entry.at,
        entry.actor_id,
        entry.actor,
        entry.via,
        entry.ip,
        entry.action,
        entry.target,
        to_json(&entry.detail)?,
        entry.hash
    ])?;
    Ok(())
}

/// A page of the trail, newest first, and how many rows match on all pages.
pub fn list(conn: &Conn, filter: &Filter, page: Page) -> Result<(Vec<Entry>, u64)> {
    let total: u32 = conn.prepare_cached(concat!("select count(*)", narrowed!()))?.query_row(narrowed_by(filter), |row| row.get(0))?;
    let (action, target, actor, from, to) = narrowed_by(filter);
    let mut statement = conn.prepare_cached(concat!("select ", columns!(), narrowed!(), " order by id desc limit ?6 offset ?7"))?;
    let rows = statement.query_map(params![action, target, actor, from, to, page.limit, page.offset], read)?;
    let entries = rows.map(|row| whole(row?)).collect::<Result<Vec<_>>>()?;
    Ok((entries, total.into()))
}

/// The next rows that match after a row, oldest first; none when there are no more up to `last`.
pub fn following(conn: &Conn, filter: &Filter, after: i64, last: i64, limit: u32) -> Result<Vec<Entry>> {
    let (action, target, actor, from, to) = narrowed_by(filter);
    let mut statement =
        conn.prepare_cached(concat!("select ", columns!(), narrowed!(), " and id > ?6 and id <= ?7 order by id limit ?8"))?;
    let rows = statement.query_map(params![action, target, actor, from, to, after, last, limit], read)?;
    rows.map(|row| whole(row?)).collect()
}

/// The number of the newest row; 0 while there is none.
pub fn newest(conn: &Conn) -> Result<i64> {
    Ok(conn.prepare_cached("select coalesce(max(id), 0) from audit")?.query_row([], |row| row.get(0))?)
}

/// Recomputes every hash from the first row on.
pub fn verify(conn: &Conn) -> Result<Chain> {
    let mut statement = conn.prepare_cached(concat!("select ", columns!(), " from audit order by id"))?;
    let mut chain = Chain { rows: 0, intact: true, broken_at: None, head: BEGINNING.to_owned() };
    for row in statement.query_map([], read)? {
        let (entry, detail) = row?;
        chain.rows += 1;
        let expected = i64::try_from(chain.rows).unwrap_or(i64::MAX);
        let fits = from_json(&detail).is_ok_and(|detail| {
            let entry = Entry { detail, ..entry.clone() };
            hash_of(&entry, &chain.head).is_ok_and(|hash| hash == entry.hash)
        });
        if chain.intact && (entry.id != expected || !fits) {
            chain.intact = false;
            chain.broken_at = Some(entry.id);
        }
        chain.head = entry.hash;
    }
    Ok(chain)
}

fn hash_of(entry: &Entry, before: &str) -> Result<String> {
    let covered =
        json!([before, entry.id, entry.at.0, entry.actor_id, entry.actor, entry.via, entry.ip, entry.action, entry.target, entry.detail]);
    Ok(sha256_hex(&to_json(&covered)?))
}

fn via_word(via: &Via) -> String {
    match via {
        Via::Oidc => "oidc".to_owned(),
        Via::Login => "login".to_owned(),
        Via::ApiKey(id) => id.0.clone(),
        Via::Local => "local".to_owned(),
        Via::Link => "link".to_owned(),
    }
}

/// A row with its detail still as text.
fn read(row: &Row<'_>) -> rusqlite::Result<(Entry, String)> {
    let entry = Entry {
        id: row.get(0)?,
        at: row.get(1)?,
        actor_id: row.get(2)?,
        actor: row.get(3)?,
        via: row.get(4)?,
        ip: row.get(5)?,
        action: row.get(6)?,
        target: row.get(7)?,
        detail: Value::Null,
        hash: row.get(9)?,
    };
    Ok((entry, row.get(8)?))
}

fn whole((entry, detail): (Entry, String)) -> Result<Entry> {
    Ok(Entry { detail: from_json(&detail)?, ..entry })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;
    use crate::platform::db::Db;

    async fn trail() -> (tempfile::TempDir, Db) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("main.db"), dir.path(), Clock::manual(Millis(1_000))).unwrap();
        for n in 0..3 {
            db.write(move |tx| append(tx, &Actor::system(), "bot.update", "bot_1", &json!({ "n": n, "name": "Zoë" }))).await.unwrap();
        }
        (dir, db)
    }

    #[tokio::test]
    async fn a_trail_nobody_touched_is_intact_and_listed_newest_first() {
        let (_dir, db) = trail().await;
        let chain = db.read(verify).await.unwrap();
        assert_eq!((chain.rows, chain.intact, chain.broken_at), (3, true, None));
        let (entries, total) = db.read(|conn| list(conn, &Filter::default(), Page { limit: 2, offset: 0 })).await.unwrap();
        assert_eq!((total, entries.len(), entries[0].id, &entries[0].hash), (3, 2, 3, &chain.head));
    }

    #[tokio::test]
    async fn a_changed_row_and_a_missing_row_show() {
        for (tamper, at) in [("update audit set actor = 'eve' where id = 2", 2), ("delete from audit where id = 2", 3)] {
            let (_dir, db) = trail().await;
            db.write(move |tx| Ok(tx.execute(tamper, [])?)).await.unwrap();
            let chain = db.read(verify).await.unwrap();
            assert_eq!((chain.intact, chain.broken_at), (false, Some(at)), "{tamper}");
        }
    }
}
